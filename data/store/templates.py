"""Templates: questions that people saved to ask again, for themselves or for others."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Self, cast

import sqlalchemy as sa

from data.access import VISIBILITIES, User, Visibility, audience_of, audiences, may_change_template, may_see_template
from data.delivery.asked import Asked
from data.delivery.formats import check_output_type
from data.errors import UserError, did_you_mean
from data.report.query import ReportQuery
from data.report.view import View
from data.store.canonical import bounded_json, canonical_json
from data.store.clock import Clock, utc_now
from data.store.database import Database
from data.store.schema import template_defaults, templates
from data.store.titles import check_title, copy_title, free_title, is_id, plain_text
from data.store.views import view_from, view_text

MAX_DESCRIPTION = 1000
MAX_QUERY_BYTES = 256 * 1024
MAX_ADDRESSES = 50


class TemplateGone(UserError):
    """The template is unknown, deleted, or not for this person; nobody is told which."""

    def __init__(self) -> None:
        super().__init__("This template does not exist any more, or is not shared with you: choose another one.")


class TemplateChanged(UserError):
    """Somebody saved the template since it was loaded."""

    def __init__(self, title: str) -> None:
        super().__init__(
            f"The template {title!r} was changed in another window meanwhile: load it again, then edit it."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a person says about a template.

    A quick range in what is ``asked`` stays one: it is resolved when the template is asked. ``view`` is None unless
    columns or charts go along.
    """

    title: str
    asked: Asked
    description: str = ""
    visibility: Visibility = "me"
    view: View | None = None
    runs_at_once: bool = False

    @property
    def query(self) -> ReportQuery:
        """The question alone."""
        return self.asked.query

    def to_json(self) -> dict[str, object]:
        """Plain JSON that :meth:`from_json` reads back."""
        return {
            "title": self.title,
            "asked": self.asked.to_json(),
            "description": self.description,
            "visibility": self.visibility,
            "view": None if self.view is None else self.view.to_json(),
            "runs_at_once": self.runs_at_once,
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """What :meth:`to_json` wrote; raises :class:`UserError` when it cannot be read."""
        if not isinstance(data, Mapping):
            raise UserError("The template cannot be read: save it anew.")
        view = data.get("view")
        return cls(
            title=str(data.get("title") or ""),
            asked=Asked.from_json(data.get("asked")),
            description=str(data.get("description") or ""),
            visibility=cast("Visibility", str(data.get("visibility") or "me")),
            view=None if view is None else View.from_json(view),
            runs_at_once=bool(data.get("runs_at_once")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Template(Draft):
    """A saved template. ``version`` counts its changes; instants are naive UTC."""

    id: str
    owner_id: str
    owner_name: str
    audience: str
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def draft(self) -> Draft:
        """What was said about it, without whose it is and since when."""
        return Draft(**{field.name: getattr(self, field.name) for field in fields(Draft)})

    @property
    def has_fixed_period(self) -> bool:
        """Whether its dates stay the same on whatever day it is asked."""
        return self.query.quick_range is None


class Templates:
    """Keeps templates. Whoever may see one may load, duplicate and default to it; only its owner changes it."""

    def __init__(self, database: Database, *, now: Clock = utc_now) -> None:
        self._database = database
        self._now = now

    def create(self, draft: Draft, user: User) -> Template:
        """Save a new template of ``user``'s. Raises :class:`UserError` when they have one of that title."""
        values = self._first_version(draft, user)
        with self._database.writing() as connection:
            self._insert(connection, values)
            return self._load(connection, values["id"], user)

    def update(self, template_id: str, draft: Draft, user: User, *, version: int) -> Template:
        """Replace what the template says; ``version`` is the one that the person was shown.

        Raises :class:`TemplateGone`, :class:`TemplateChanged`, and :class:`UserError` for a title they use already or a
        template of somebody else's.
        """
        values = _columns(draft, user)
        with self._database.writing() as connection:
            known = self._own(connection, template_id, user)
            with free_title(values["title"]), connection.begin_nested():
                changed = connection.execute(
                    templates.update()
                    .where(templates.c.id == template_id, templates.c.version == version)
                    .values(values | {"version": version + 1, "updated_at": self._now()})
                ).rowcount
            if not changed:
                raise TemplateChanged(known.title)
            return self._load(connection, template_id, user)

    def duplicate(self, template_id: str, user: User) -> Template:
        """A copy of ``user``'s own, seen by nobody else. Raises :class:`TemplateGone`."""
        with self._database.writing() as connection:
            source = self._load(connection, template_id, user)
            own = sa.select(templates.c.title).where(templates.c.owner_id == user.id)
            taken = set(connection.execute(own).scalars())
            draft = replace(source, title=copy_title(source.title, taken), visibility="me")
            values = self._first_version(draft, user)
            self._insert(connection, values)
            return self._load(connection, values["id"], user)

    def delete(self, template_id: str, user: User) -> None:
        """Delete a template of ``user``'s; whoever had it as their default has none then.

        Raises :class:`TemplateGone`, and :class:`UserError` for a template of somebody else's.
        """
        with self._database.writing() as connection:
            self._own(connection, template_id, user)
            connection.execute(templates.delete().where(templates.c.id == template_id))

    def get(self, template_id: str, user: User) -> Template:
        """The template if ``user`` may see it. Raises :class:`TemplateGone`."""
        with self._database.reading() as connection:
            return self._load(connection, template_id, user)

    def visible_to(self, user: User, search: str = "") -> tuple[Template, ...]:
        """Every template that ``user`` may see, their own first, by title; ``search`` keeps those witwith its words."""
        # The database narrows down by the same sets that may_see_template decides with.
        question = sa.select(templates).where(
            sa.or_(templates.c.owner_id == user.id, templates.c.audience.in_(sorted(audiences(user))))
        )
        with self._database.reading() as connection:
            found = [_template(row) for row in connection.execute(question)]
        words = plain_text(search).casefold().split()
        fitting = [
            item
            for item in found
            if may_see_template(user, item)
            and all(word in f"{item.title}\n{item.description}\n{item.owner_name}".casefold() for word in words)
        ]
        return tuple(sorted(fitting, key=lambda item: (item.owner_id != user.id, item.title.casefold(), item.id)))

    def set_default(self, template_id: str, user: User) -> None:
        """Let ``user``'s form open with this template. Raises :class:`TemplateGone`."""
        with self._database.writing() as connection:
            self._load(connection, template_id, user)
            added = self._database.insert(template_defaults).values(user_id=user.id, template_id=template_id)
            connection.execute(
                added.on_conflict_do_update(index_elements=["user_id"], set_={"template_id": template_id})
            )

    def clear_default(self, user: User) -> None:
        """Let ``user``'s form open as it does without a template."""
        with self._database.writing() as connection:
            connection.execute(template_defaults.delete().where(template_defaults.c.user_id == user.id))

    def default_of(self, user: User) -> Template | None:
        """The template that ``user``'s form opens with; None when there is none or they may not see it any more."""
        question = sa.select(templates).join(template_defaults).where(template_defaults.c.user_id == user.id)
        with self._database.reading() as connection:
            row = connection.execute(question).one_or_none()
        template = None if row is None else _template(row)
        return template if template is not None and may_see_template(user, template) else None

    def _first_version(self, draft: Draft, user: User) -> dict[str, Any]:
        """The columns of a template that did not exist before."""
        now = self._now()
        new = {"id": secrets.token_urlsafe(12), "owner_id": user.id, "version": 1, "created_at": now, "updated_at": now}
        return _columns(draft, user) | new

    def _insert(self, connection: sa.Connection, values: dict[str, Any]) -> None:
        with free_title(values["title"]), connection.begin_nested():
            connection.execute(templates.insert().values(values))

    def _load(self, connection: sa.Connection, template_id: str, user: User) -> Template:
        if not is_id(template_id):
            raise TemplateGone
        row = connection.execute(sa.select(templates).where(templates.c.id == template_id)).one_or_none()
        if row is None:
            raise TemplateGone
        template = _template(row)
        if not may_see_template(user, template):
            raise TemplateGone
        return template

    def _own(self, connection: sa.Connection, template_id: str, user: User) -> Template:
        template = self._load(connection, template_id, user)
        if not may_change_template(user, template):
            raise UserError(
                f"The template {template.title!r} belongs to {template.owner_name}: duplicate it and change your copy."
            )
        return template


def _columns(draft: Draft, owner: User) -> dict[str, Any]:
    """A draft as it is stored, checked field by field."""
    description = plain_text(draft.description)
    if len(description) > MAX_DESCRIPTION:
        raise UserError(
            f"The description has {len(description)} characters: shorten it to at most {MAX_DESCRIPTION:,}.",
            field="description",
        )
    if draft.visibility not in VISIBILITIES:
        raise UserError(
            f"Visibility {draft.visibility!r} is unknown.{did_you_mean(draft.visibility, VISIBILITIES)}",
            field="visibility",
        )
    check_output_type(draft.asked.output)
    addresses = draft.asked.send_to
    if len(addresses) > MAX_ADDRESSES:
        raise UserError(f"Send to has {len(addresses)} addresses: keep at most {MAX_ADDRESSES}.", field="send-to")
    return {
        "owner_name": owner.name,
        "visibility": draft.visibility,
        "audience": audience_of(draft.visibility, owner),
        "title": check_title(draft.title),
        "description": description,
        "query": bounded_json(draft.query.to_json(), limit=MAX_QUERY_BYTES, what="The query", field="query"),
        "output_type": draft.asked.output,
        "send_to": canonical_json(list(addresses)),
        "view": view_text(draft.view, "What goes along (columns and charts)"),
        "runs_at_once": draft.runs_at_once,
    }


def _template(row: sa.Row[Any]) -> Template:
    return Template(
        id=row.id,
        owner_id=row.owner_id,
        owner_name=row.owner_name,
        visibility=row.visibility,
        audience=row.audience,
        title=row.title,
        description=row.description,
        asked=Asked(ReportQuery.from_json(json.loads(row.query)), row.output_type, tuple(json.loads(row.send_to))),
        view=view_from(row.view),
        runs_at_once=row.runs_at_once,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
