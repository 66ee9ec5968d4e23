"""What a template keeps of the form and the page, and that deleting one can be taken back whole."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from data.access import OPERATOR
from data.acts import templates as acts
from data.delivery.asked import Asked
from data.errors import UserError
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.view import View

ASKED = Asked(ReportQuery(start=Bound(date(2026, 1, 1)), end=Bound(date(2026, 1, 31))), "csv", ("anna@example.org",))
OTHER = replace(ASKED, output="xlsx")
SAID = acts.Said(title="Churn", description="", visibility="me", along=("columns", "charts"), runs_at_once=False)
PAGE = View(columns=("payg_total",), charts=({"kind": "line"},))
LATER = View(columns=("clients_all_qty",), charts=())


def saved(services: Any, said: acts.Said = SAID) -> acts.Edited:
    made = acts.save(services, OPERATOR, said, None, ASKED, PAGE)
    return acts.Edited(made.id, made.version)


def test_only_what_was_chosen_goes_along(services: Any) -> None:
    made = acts.save(services, OPERATOR, replace(SAID, along=("columns",)), None, ASKED, PAGE)
    assert (made.asked, made.view) == (ASKED, View(columns=("payg_total",)))
    assert acts.save(services, OPERATOR, replace(SAID, title="Bare", along=()), None, ASKED, PAGE).view is None


def test_an_edited_template_keeps_its_question_and_what_went_along(services: Any) -> None:
    changed = acts.save(services, OPERATOR, replace(SAID, title="Churn 2"), saved(services), None, LATER)
    assert (changed.title, changed.asked, changed.view, changed.version) == ("Churn 2", ASKED, PAGE, 2)


def test_what_is_new_along_comes_from_the_page(services: Any) -> None:
    edited = saved(services, replace(SAID, along=("charts",)))
    assert acts.save(services, OPERATOR, SAID, edited, None, LATER).view == View(
        columns=LATER.columns, charts=PAGE.charts
    )


def test_a_renewed_template_takes_the_form_and_the_page(services: Any) -> None:
    changed = acts.save(services, OPERATOR, SAID, saved(services), OTHER, LATER)
    assert (changed.asked, changed.view) == (OTHER, LATER)


def test_a_new_template_needs_a_question(services: Any) -> None:
    with pytest.raises(UserError, match="needs a question"):
        acts.save(services, OPERATOR, SAID, None, None, PAGE)


def test_columns_that_are_no_more_are_left_out_and_named(services: Any) -> None:
    made = acts.save(services, OPERATOR, SAID, None, ASKED, View(columns=("payg_total", "gone"), charts=()))
    loaded = acts.load(services, OPERATOR, made.id)
    assert loaded.view == View(columns=("payg_total",), charts=())
    assert loaded.lost == ("column gone",)


def test_a_deleted_default_comes_back_as_the_default(services: Any) -> None:
    made = saved(services)
    assert acts.change_default(services, OPERATOR, made.id)[1] is True
    deleted = acts.Deleted.from_json(json.loads(json.dumps(acts.delete(services, OPERATOR, made.id).to_json())))
    assert services.records.templates.visible_to(OPERATOR) == ()
    again = acts.bring_back(services, OPERATOR, deleted)
    assert again.draft == deleted.draft
    assert services.records.templates.default_of(OPERATOR) == again
    assert acts.change_default(services, OPERATOR, again.id)[1] is False
    assert services.records.templates.default_of(OPERATOR) is None
