"""Templates: whose they are, who sees them, and that nobody overwrites anybody silently."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from data.access import VISIBILITIES, User
from data.delivery.asked import Asked
from data.errors import UserError
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.view import View
from data.store.records import Records
from data.store.templates import Draft, TemplateChanged, TemplateGone, Templates
from tests.data.store.conftest import ANNA, BORIS, CLARA, ROOT, Clock

QUERY = ReportQuery(
    start=Bound(date(2026, 1, 1)),
    end=Bound(date(2026, 12, 31)),
    quick_range="this_year",
    owners=(4,),
    group_by=("month",),
)
DRAFT = Draft(
    title="Churn",
    description="Who left,\nby month",
    asked=Asked(QUERY, "xlsx", ("anna@example.org", "boris@example.org")),
    view=View(columns=("clients_all_qty",), charts=()),
    runs_at_once=True,
)


@pytest.fixture
def templates(records: Records) -> Templates:
    return records.templates


def test_a_template_comes_back_as_it_was_saved(templates: Templates, clock: Clock) -> None:
    made = templates.create(DRAFT, ANNA)
    assert templates.get(made.id, ANNA) == made
    assert made.draft == DRAFT
    assert Draft.from_json(json.loads(json.dumps(DRAFT.to_json()))) == DRAFT
    assert (made.owner_id, made.owner_name, made.version) == ("anna", "Anna", 1)
    assert made.created_at == made.updated_at == clock.now


def test_quick_ranges_stay_relative_and_fixed_dates_say_so(templates: Templates) -> None:
    moving = templates.create(DRAFT, ANNA)
    asked = replace(DRAFT.asked, query=replace(QUERY, quick_range=None))
    fixed = templates.create(replace(DRAFT, title="Fixed", asked=asked), ANNA)
    assert templates.get(moving.id, ANNA).query.quick_range == "this_year"
    assert not moving.has_fixed_period
    assert fixed.has_fixed_period


# ---------------------------------------------------------------- titles


def test_a_title_is_unique_for_its_owner_only(templates: Templates) -> None:
    templates.create(DRAFT, ANNA)
    with pytest.raises(UserError, match="already have one called 'Churn'") as caught:
        templates.create(replace(DRAFT, title="  Churn "), ANNA)
    assert caught.value.field == "title"
    templates.create(DRAFT, BORIS)
    second = templates.create(replace(DRAFT, title="Second"), ANNA)
    with pytest.raises(UserError, match="already have one"):
        templates.update(second.id, replace(DRAFT, title="Churn"), ANNA, version=1)
    assert templates.get(second.id, ANNA).title == "Second"


@pytest.mark.parametrize("title", ["", "   ", "\n", "x" * 101])
def test_a_title_has_1_to_100_characters(templates: Templates, title: str) -> None:
    with pytest.raises(UserError) as caught:
        templates.create(replace(DRAFT, title=title), ANNA)
    assert caught.value.field == "title"


def test_titles_are_trimmed_and_keep_to_one_line(templates: Templates) -> None:
    assert templates.create(replace(DRAFT, title="  Two\n lines\x00 \ud800"), ANNA).title == "Two lines"
    assert templates.create(replace(DRAFT, title="x" * 100), ANNA).title == "x" * 100


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"description": "x" * 1001}, "description"),
        ({"visibility": "all"}, "visibility"),
        ({"asked": replace(DRAFT.asked, output="pdf")}, "output"),
        ({"asked": replace(DRAFT.asked, send_to=("a@example.org",) * 51)}, "send-to"),
        ({"view": View(columns=("x" * 300_000,))}, "view"),
    ],
)
def test_what_cannot_be_saved_names_its_field(templates: Templates, change: dict[str, object], field: str) -> None:
    with pytest.raises(UserError) as caught:
        templates.create(replace(DRAFT, **change), ANNA)
    assert caught.value.field == field
    assert templates.visible_to(ANNA) == ()


# ---------------------------------------------------------------- who sees it


@pytest.mark.parametrize(
    ("visibility", "owner", "seen_by"),
    [
        ("me", ANNA, {ANNA}),
        ("company", ANNA, {ANNA, BORIS}),
        ("everyone", ANNA, {ANNA, BORIS, CLARA, ROOT}),
        ("me", ROOT, {ROOT}),
        ("company", ROOT, {ROOT}),
        ("everyone", ROOT, {ANNA, BORIS, CLARA, ROOT}),
    ],
)
def test_who_sees_a_template(templates: Templates, visibility: str, owner: User, seen_by: set[User]) -> None:
    made = templates.create(replace(DRAFT, visibility=visibility), owner)
    for user in (ANNA, BORIS, CLARA, ROOT):
        assert (made.id in {item.id for item in templates.visible_to(user)}) == (user in seen_by)
        if user in seen_by:
            assert templates.get(made.id, user).title == "Churn"
        else:
            for act in (templates.get, templates.duplicate, templates.set_default, templates.delete):
                with pytest.raises(TemplateGone):
                    act(made.id, user)
            with pytest.raises(TemplateGone):
                templates.update(made.id, DRAFT, user, version=1)


def test_every_visibility_of_the_dialog_is_in_the_matrix_above() -> None:
    assert set(VISIBILITIES) == {"me", "company", "everyone"}


def test_who_moves_to_another_company_sees_that_companys_templates(templates: Templates) -> None:
    made = templates.create(replace(DRAFT, visibility="company"), ANNA)
    moved = replace(BORIS, reseller_id=8)
    with pytest.raises(TemplateGone):
        templates.get(made.id, moved)
    assert templates.get(made.id, replace(CLARA, reseller_id=7)) == made


@pytest.mark.parametrize("template_id", ["", "nothing", "\x00", "é", "x" * 5000])
def test_unknown_templates_are_gone(templates: Templates, template_id: str) -> None:
    with pytest.raises(TemplateGone):
        templates.get(template_id, ANNA)


def test_nobody_but_the_owner_changes_a_template(templates: Templates) -> None:
    made = templates.create(replace(DRAFT, visibility="everyone"), ANNA)
    for act in (
        lambda: templates.update(made.id, DRAFT, BORIS, version=1),
        lambda: templates.delete(made.id, BORIS),
    ):
        with pytest.raises(UserError, match="belongs to Anna"):
            act()
    assert templates.get(made.id, ANNA) == made


def test_own_templates_come_first_and_search_looks_for_every_word(templates: Templates) -> None:
    def make(title: str, owner: User, description: str = "") -> None:
        templates.create(replace(DRAFT, title=title, description=description, visibility="everyone"), owner)

    make("Борги", ANNA, "хто скільки винен")
    make("alpha", ANNA)
    make("Aardvark", BORIS, "refills by month")
    titles = [item.title for item in templates.visible_to(ANNA)]
    assert titles == ["alpha", "Борги", "Aardvark"]
    assert [item.title for item in templates.visible_to(ANNA, "БОРГИ винен")] == ["Борги"]
    assert [item.title for item in templates.visible_to(ANNA, "boris month")] == ["Aardvark"]
    assert templates.visible_to(ANNA, "month борги") == ()


# ---------------------------------------------------------------- changed, copied, deleted


def test_of_two_editors_the_second_is_told(templates: Templates, clock: Clock) -> None:
    made = templates.create(DRAFT, ANNA)
    clock.pass_days(1)
    changed = templates.update(made.id, replace(DRAFT, title="Churn 2", view=None), ANNA, version=made.version)
    assert (changed.version, changed.title, changed.view) == (2, "Churn 2", None)
    assert (changed.created_at, changed.updated_at) == (made.created_at, clock.now)
    with pytest.raises(TemplateChanged):
        templates.update(made.id, replace(DRAFT, title="Churn 3"), ANNA, version=made.version)
    assert templates.get(made.id, ANNA) == changed


def test_saving_it_under_its_own_title_is_fine(templates: Templates) -> None:
    made = templates.create(DRAFT, ANNA)
    assert templates.update(made.id, replace(DRAFT, description="new"), ANNA, version=1).description == "new"


def test_a_copy_is_ones_own_and_private(templates: Templates) -> None:
    made = templates.create(replace(DRAFT, visibility="everyone"), ANNA)
    titles = [templates.duplicate(made.id, BORIS).title for _ in range(3)]
    assert titles == ["Churn (copy)", "Churn (copy 2)", "Churn (copy 3)"]
    copy = next(item for item in templates.visible_to(BORIS) if item.title == "Churn (copy)")
    assert (copy.owner_id, copy.visibility, copy.query, copy.view) == ("boris", "me", made.query, made.view)
    assert templates.duplicate(copy.id, BORIS).title == "Churn (copy 4)"
    long = templates.create(replace(DRAFT, title="y" * 100), ANNA)
    assert templates.duplicate(long.id, ANNA).title == "y" * 93 + " (copy)"


def test_a_deleted_template_is_gone(templates: Templates) -> None:
    made = templates.create(DRAFT, ANNA)
    templates.delete(made.id, ANNA)
    with pytest.raises(TemplateGone):
        templates.get(made.id, ANNA)
    templates.create(DRAFT, ANNA)


# ---------------------------------------------------------------- defaults


def test_everybody_has_a_default_of_their_own(templates: Templates) -> None:
    first = templates.create(replace(DRAFT, visibility="company"), ANNA)
    second = templates.create(replace(DRAFT, title="Second"), ANNA)
    assert templates.default_of(ANNA) is None
    templates.set_default(second.id, ANNA)
    templates.set_default(first.id, BORIS)
    assert templates.default_of(ANNA) == second
    assert templates.default_of(BORIS) == first
    templates.set_default(first.id, ANNA)
    assert templates.default_of(ANNA) == first
    templates.clear_default(ANNA)
    assert templates.default_of(ANNA) is None
    assert templates.default_of(BORIS) == first


def test_a_default_that_is_deleted_or_hidden_is_none(templates: Templates) -> None:
    made = templates.create(replace(DRAFT, visibility="company"), ANNA)
    templates.set_default(made.id, BORIS)
    templates.update(made.id, replace(DRAFT, visibility="me"), ANNA, version=1)
    assert templates.default_of(BORIS) is None
    templates.update(made.id, replace(DRAFT, visibility="company"), ANNA, version=2)
    assert templates.default_of(BORIS) is not None
    templates.delete(made.id, ANNA)
    assert templates.default_of(BORIS) is None
