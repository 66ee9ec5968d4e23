"""Attributes of HTML elements whose names are no words of Python: ``html.Div(**aria(label="Charts"))``."""

from __future__ import annotations

from typing import Any


def aria(**values: str) -> dict[str, Any]:
    """``aria-`` attributes, which say to assistive technology what is what."""
    return {f"aria-{name}": value for name, value in values.items()}


def dataset(**values: str) -> dict[str, Any]:
    """``data-`` attributes, which scripts and style sheets read; an underscore becomes a dash."""
    return {f"data-{name.replace('_', '-')}": value for name, value in values.items()}
