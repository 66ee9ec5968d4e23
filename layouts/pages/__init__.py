"""Plain pages outside the report: signing in, one's account, administration, messages.

They are Jinja templates beside this file, and work
without the report's scripts, so they are there when nothing else is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_page(template: str, **values: Any) -> str:
    """The page that ``template`` makes of ``values``; everything is escaped."""
    return _templates.get_template(template).render({"csrf": "", "signed_in": False, "person": None} | values)
