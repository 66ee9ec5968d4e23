"""How files are written where that is not as the dataset says: encoding, separator, decimal comma, nulls."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass

from data.errors import UserError
from data.warehouse.values import Kind, quoted

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
"""What separates columns in the files that people meet, in words."""
_BY_NAME = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "bar": "|", "pipe": "|"}
_OTHER_CODECS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf_7", "undefined"})
"""What Python keeps beside its encodings and no file is written in."""


@dataclass(frozen=True, slots=True)
class Notation:
    """How values are written. The defaults are the dataset's: UTF-8, commas between columns, a decimal point."""

    encoding: str = "utf-8"
    delimiter: str = ","
    decimal_comma: bool = False
    nulls: tuple[str, ...] = ()
    """Texts that stand for an empty value."""

    def reading(self, kind: Kind, text: str) -> str:
        """SQL for a value of that kind as the dataset would write it; ``text`` is SQL for the text that is there."""
        if self.nulls:
            text = f"CASE WHEN {text} NOT IN ({', '.join(map(quoted, self.nulls))}) THEN {text} END"
        if self.decimal_comma and kind in (Kind.AMOUNT, Kind.RATE):
            # What has a point already is no number.
            text = f"translate({text}, ',.', '.x')"
        return text


def parse_notation(
    *, encoding: str = "utf-8", delimiter: str = ",", decimal_comma: bool = False, nulls: Sequence[str] = ()
) -> Notation:
    """The notation that the options of a load name; raises :class:`UserError` for one that cannot be."""
    try:
        name = codecs.lookup(encoding).name.replace("-", "_")
        known = name not in _OTHER_CODECS and "id".encode(name).decode(name) == "id"
    except (LookupError, UnicodeError, TypeError):
        known = False
    if not known:
        raise UserError(
            f"There is no encoding {encoding!r}: name one like utf-8, utf-16, cp1252 or cp1251.", field="encoding"
        )
    separator = _BY_NAME.get(delimiter.lower(), delimiter)
    if len(separator) != 1 or not separator.isascii() or separator.isalnum() or separator in "\"'.+-\r\n\0":
        raise UserError(
            f"{delimiter!r} cannot separate columns: use one character like ';', or the word tab.", field="delimiter"
        )
    return Notation("utf-8" if name in ("utf_8", "utf_8_sig") else name, separator, decimal_comma, tuple(nulls))
