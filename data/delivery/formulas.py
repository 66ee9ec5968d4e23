"""Text that a spreadsheet would take for a formula, and how every CSV file of ours keeps it from being run."""

from __future__ import annotations

import re
import unicodedata

_STARTS = frozenset("=+-@\u2212")
# Beyond what RFC 4180 asks: semicolons and tabs separate fields in some locales, so what they separate is quoted too.
_QUOTED = re.compile('[",;\t\r\n]|^ | $')


def csv_field(text: str) -> str:
    """The text as a field of CSV that no spreadsheet runs: an apostrophe stands before what it might run."""
    if runs_as_formula(text):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def runs_as_formula(text: str) -> bool:
    """Whether a spreadsheet might run ``text``, typed or read from CSV, as a formula.

    So it is when its first character is a tab or line end, or when = + - @ (also full-width and small forms of them)
    come first after white space and invisible characters.
    """
    if text[:1] in ("\t", "\n", "\r"):
        return True
    for character in text:
        # NFKC turns the full-width and small forms into the plain ones. Cf: byte order marks, zero-width spaces, ...
        if character.isspace() or unicodedata.category(character) in ("Cf", "Cc"):
            continue
        return unicodedata.normalize("NFKC", character)[:1] in _STARTS
    return False
