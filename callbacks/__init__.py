"""What happens when someone touches the page. This file is the table of contents."""

from __future__ import annotations

import dash

from callbacks import again, charts, exports, form, my_links, open_link, report, share, templates
from callbacks.errors import on_error, or_apology
from data.services import Services

__all__ = ["on_error", "or_apology", "register_all"]


def register_all(app: dash.Dash, services: Services) -> None:
    """Register every callback of the page on ``app``."""
    for act in (form, templates, report, exports, open_link, share, again, my_links, charts):
        act.register(app, services)
