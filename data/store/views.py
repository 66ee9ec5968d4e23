"""Views as links and templates keep them: text of which there is only one, because links are sealed with it."""

from __future__ import annotations

import json

from data.report.view import View
from data.store.canonical import bounded_json

MAX_VIEW_BYTES = 256 * 1024


def view_text(view: View | None, what: str) -> str | None:
    """``view`` as it is stored; a :class:`UserError` naming ``what`` it is when it takes more than 256 KiB."""
    return None if view is None else bounded_json(view.to_json(), limit=MAX_VIEW_BYTES, what=what, field="view")


def view_from(text: str | None) -> View | None:
    """The view that :func:`view_text` wrote; raises :class:`UserError` when it cannot be read."""
    return None if text is None else View.from_json(json.loads(text))
