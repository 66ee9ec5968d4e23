"""What a person does with templates: save, load, make the default, delete and take that back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from data.access import Right, User, Visibility
from data.acts.form import known_part
from data.delivery.asked import Asked
from data.errors import UserError
from data.report.catalog import METRIC
from data.report.view import View
from data.services import Services
from data.store.audit import Act
from data.store.templates import Draft, Template


@dataclass(frozen=True, slots=True)
class Edited:
    """The template that a dialog changes, in the version that the person was shown."""

    id: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a person says about a template besides its question. ``along`` names the parts of the view that go along."""

    title: str
    description: str
    visibility: Visibility
    along: tuple[str, ...]
    runs_at_once: bool


@dataclass(frozen=True, slots=True)
class Loaded:
    """A template as it can be asked now. ``view`` is what it brings; ``lost`` are values in words that are no more."""

    template: Template
    asked: Asked
    view: View
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deleted:
    """All that brings a deleted template back, which the page keeps for Undo."""

    draft: Draft
    was_default: bool

    def to_json(self) -> dict[str, object]:
        """Plain JSON that :meth:`from_json` reads back."""
        return {"draft": self.draft.to_json(), "was_default": self.was_default}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """What :meth:`to_json` wrote; raises :class:`UserError` when it cannot be read."""
        if not isinstance(data, Mapping):
            raise UserError("The deleted template cannot be read: save it anew.")
        return cls(Draft.from_json(data.get("draft")), bool(data.get("was_default")))


def save(
    services: Services, user: User, said: Said, edited: Edited | None, asked: Asked | None, view: View
) -> Template:
    """Save what the dialog describes: a new template, or a change of the ``edited`` one.

    ``asked`` is the form, None to keep the question of an edited template. Raises :class:`UserError`.
    """
    services.demand(user, Right.TEMPLATES, said.title)
    records = services.records.templates
    before = View()
    if asked is None:
        if edited is None:
            raise UserError("A new template needs a question: save the form as it is.")
        # What went along before stays as it was saved; what is new, or renewed, comes from the page.
        known = records.get(edited.id, user)
        asked, before = known.asked, known.view or before
    draft = Draft(
        title=said.title,
        description=said.description,
        visibility=said.visibility,
        asked=asked,
        view=_along(said.along, before, view),
        runs_at_once=said.runs_at_once,
    )
    if edited is None:
        return _noted(services, user, Act.TEMPLATE_SAVED, records.create(draft, user))
    changed = records.update(edited.id, draft, user, version=edited.version)
    return _noted(services, user, Act.TEMPLATE_CHANGED, changed)


def duplicate(services: Services, user: User, template_id: str) -> Template:
    """A copy of a template for ``user`` alone. Raises :class:`TemplateGone` and :class:`NotAllowed`."""
    services.demand(user, Right.TEMPLATES)
    return _noted(services, user, Act.TEMPLATE_SAVED, services.records.templates.duplicate(template_id, user))


def load(services: Services, user: User, template_id: str) -> Loaded:
    """A template for the form, without what does not exist any more. Raises :class:`TemplateGone`."""
    template = services.records.templates.get(template_id, user)
    asked, lost = known_part(services, user, template.asked)
    along = (template.view or View()).seen_by(user)
    columns = along.columns
    if columns is not None:
        lost += tuple(f"column {column}" for column in columns if column not in METRIC)
        columns = tuple(column for column in columns if column in METRIC)
    return Loaded(template, asked, View(columns=columns, charts=along.charts), lost)


def change_default(services: Services, user: User, template_id: str) -> tuple[Template, bool]:
    """Let the form open with a template, or no longer with it; the template, and whether it is the default now.

    Raises :class:`TemplateGone`.
    """
    records = services.records.templates
    template = records.get(template_id, user)
    if _is_default(services, user, template):
        records.clear_default(user)
        return template, False
    records.set_default(template.id, user)
    return template, True


def delete(services: Services, user: User, template_id: str) -> Deleted:
    """Delete a template of ``user``'s. Raises :class:`UserError`, like :meth:`Templates.delete`."""
    records = services.records.templates
    template = records.get(template_id, user)
    deleted = Deleted(template.draft, _is_default(services, user, template))
    records.delete(template.id, user)
    _noted(services, user, Act.TEMPLATE_DELETED, template)
    return deleted


def bring_back(services: Services, user: User, deleted: Deleted) -> Template:
    """Undo :func:`delete`: the template is there again, as the default if it was that."""
    services.demand(user, Right.TEMPLATES, deleted.draft.title)
    again = _noted(services, user, Act.TEMPLATE_SAVED, services.records.templates.create(deleted.draft, user))
    if deleted.was_default:
        services.records.templates.set_default(again.id, user)
    return again


def _noted(services: Services, user: User, act: Act, template: Template) -> Template:
    services.note(act, user, template.title, template=template.id, visibility=template.visibility)
    return template


def _is_default(services: Services, user: User, template: Template) -> bool:
    standard = services.records.templates.default_of(user)
    return standard is not None and standard.id == template.id


def _along(chosen: tuple[str, ...], before: View, page: View) -> View | None:
    """The parts of the view that go along, those of ``before`` first; None when none does."""
    columns = page.columns if before.columns is None else before.columns
    charts = page.charts if before.charts is None else before.charts
    along = View(
        columns=(columns or ()) if "columns" in chosen else None, charts=(charts or ()) if "charts" in chosen else None
    )
    return None if along == View() else along
