"""What a value of the dataset's files may look like, and the SQL by which the embedded engine reads it.

There is one reading and checking of values for all file formats and all target engines: text in, a typed value or a
reason out. Reasons name no value, so that they can be counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from data.currencies import currency_codes
from data.warehouse.schema import CLIENT_TYPES, KINDS, MAX_AMOUNT_MICROS, MICROS

FIRST_YEAR, LAST_YEAR = 1900, 2199
MAX_TAG = 500
"""Longest tag, in characters: tags are part of a key, and PostgreSQL's keys end at about 2,700 bytes."""


class Kind(Enum):
    """What a column holds."""

    ID = auto()
    TEXT = auto()
    TAG = auto()
    CLIENT_TYPE = auto()
    TRANSACTION_KIND = auto()
    CURRENCY = auto()
    AMOUNT = auto()
    INSTANT = auto()
    DATE = auto()
    RATE = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a file: its ``name`` there, the schema's ``column`` it fills, and what it holds."""

    name: str
    kind: Kind
    required: bool = True
    column: str = ""

    @property
    def target(self) -> str:
        """The schema's name of the column."""
        return self.column or self.name


FIELDS: dict[str, tuple[Field, ...]] = {
    "resellers": (Field("id", Kind.ID), Field("name", Kind.TEXT), Field("parent_id", Kind.ID, required=False)),
    "clients": (
        Field("id", Kind.ID),
        Field("name", Kind.TEXT),
        Field("type", Kind.CLIENT_TYPE),
        Field("owner_id", Kind.ID),
        Field("currency", Kind.CURRENCY),
        Field("created_at", Kind.INSTANT),
        Field("closed_at", Kind.INSTANT, required=False),
    ),
    "client_tags": (Field("client_id", Kind.ID), Field("tag", Kind.TAG)),
    "packages": (Field("id", Kind.ID), Field("name", Kind.TEXT)),
    "subscriptions": (
        Field("client_id", Kind.ID),
        Field("package_id", Kind.ID),
        Field("started_at", Kind.INSTANT),
        Field("ended_at", Kind.INSTANT, required=False),
    ),
    "transactions": (
        Field("id", Kind.ID),
        Field("client_id", Kind.ID),
        Field("at", Kind.INSTANT),
        Field("kind", Kind.TRANSACTION_KIND),
        Field("amount", Kind.AMOUNT, column="amount_micros"),
        Field("package_id", Kind.ID, required=False),
    ),
    "rates": (Field("currency", Kind.CURRENCY), Field("date", Kind.DATE), Field("rate", Kind.RATE)),
}
"""The columns of each file, in the schema's order."""


def quoted(text: str) -> str:
    """``text`` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _matches(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, {quoted(pattern)})"


def _one_of(text: str, choices: Iterable[str]) -> str:
    # One pass of an automaton; a long IN list is compared value by value.
    return _matches(text, "|".join(sorted(choices)))


_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"
# Zeros beyond the last digit that counts are harmless: many a program writes them.
_MONEY = r"[+-]?([0-9]+(\.[0-9]{0,6}0*)?|\.[0-9]{1,6}0*)"
_RATE = r"[+]?(0*[0-9]{1,20}(\.[0-9]{0,18}0*)?|\.[0-9]{1,18}0*)"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_INSTANT = (
    _DAY
    + r"[Tt ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6}0*)?)?"
    + r"([Zz]|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?"
)
_CLOCK = "[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]"
_TOO_FINE = r":[0-5][0-9]\.[0-9]{6}[0-9]*[1-9][0-9]*([Zz]|[+-][0-9:]+)?"
_BLANK = r"[\s\p{Z}]*"
_ZEROS = r"0000-00-00([Tt ]00:00(:00(\.0+)?)?[Zz]?)?"
_BASIC_INSTANT = r"[0-9]{8}[Tt ]?[0-9]{2}:?[0-9]{2}(:?[0-9]{2}(\.[0-9]+)?)?([Zz]|[+-][0-9:]+)?"
_WITH_COMMA = r"[+-]?[0-9]+,[0-9]+"
_NULL_WORD = r"(?i)\\N|NULL|\[NULL\]|\(NULL\)|<NULL>|NONE|NIL|#?N/A|NA"
"""What other programs write for an empty value."""
_NONE = "a word for an empty value: name it with --null"
_COMMA = "a decimal comma: load the files with --decimal-comma"
_BASIC = "ISO 8601's basic format: write it with dashes and colons"
_ZONE = "a zone by name: write Z or an offset like +02:00"
_NO_DATE = "a date of zeros, which stands for none: name it with --null"
_YEARS = f"BETWEEN {FIRST_YEAR} AND {LAST_YEAR}"
_OUTSIDE_YEARS = f"outside the years {FIRST_YEAR} to {LAST_YEAR}"


@dataclass(frozen=True, slots=True)
class TypedText:
    """SQL for one kind: the typed ``value`` of a text (NULL if it is none) and the ``reason`` why it is none."""

    value: str
    reason: str


def _case(*branches: tuple[str, str], otherwise: str) -> str:
    whens = " ".join(f"WHEN {condition} THEN {quoted(reason)}" for condition, reason in branches)
    return f"CASE {whens} ELSE {quoted(otherwise)} END" if whens else quoted(otherwise)


def _stands_for_none(text: str) -> tuple[str, str]:
    # Not a long IN list: the engine would look every value up, also those that are good.
    return _matches(text, _NULL_WORD), _NONE


def _read_id(text: str, *, required: bool) -> TypedText:
    whole = _matches(text, "-?[0-9]+")
    value = f"CASE WHEN {whole} THEN TRY_CAST({text} AS BIGINT) END"
    pointed = "false"
    if not required:
        # What a data frame makes of whole numbers with gaps, there and in CSV.
        pointed = _matches(text, r"-?[0-9]+\.0+")
        exact = f"abs(TRY_CAST({text} AS DOUBLE)) < {_EXACT['DOUBLE']}"
        value = (
            f"CASE WHEN {whole} THEN TRY_CAST({text} AS BIGINT) "
            f"WHEN {pointed} AND {exact} THEN TRY_CAST(split_part({text}, '.', 1) AS BIGINT) END"
        )
    return TypedText(
        value,
        _case(
            _stands_for_none(text),
            (f"{pointed} OR starts_with({text}, {quoted(_ABOUT)})", "too large for floating point to be exact"),
            (f"NOT {whole}", "not a whole number"),
            otherwise="a whole number beyond 64 bits",
        ),
    )


def read_text(kind: Kind, text: str, *, required: bool = True) -> TypedText:
    """How a not empty ``text`` (an SQL expression) is read as ``kind``."""
    if kind is Kind.ID:
        return _read_id(text, required=required)
    if kind is Kind.AMOUNT:
        micros = f"TRY_CAST(TRY_CAST({text} AS DECIMAL(20, 6)) * {MICROS} AS BIGINT)"
        return TypedText(
            # Of 64 bits the one number without a positive twin is left out.
            f"CASE WHEN {_matches(text, _MONEY)} THEN nullif({micros}, -{MAX_AMOUNT_MICROS} - 1) END",
            _case(
                _stands_for_none(text),
                (_matches(text, _WITH_COMMA), _COMMA),
                (f"NOT {_matches(text, _NUMBER)}", "not a plain decimal number"),
                (f"NOT {_matches(text, _MONEY)}", "more than 6 decimals"),
                otherwise="beyond the largest amount, 9223372036854.775807",
            ),
        )
    if kind is Kind.RATE:
        rate = f"TRY_CAST({text} AS DECIMAL(38, 18))"
        return TypedText(
            f"CASE WHEN {_matches(text, _RATE)} AND {rate} > 0 THEN {rate} END",
            _case(
                _stands_for_none(text),
                (_matches(text, _WITH_COMMA), _COMMA),
                (f"NOT {_matches(text, _NUMBER)}", "not a plain decimal number"),
                (f"starts_with({text}, '-') OR NOT regexp_matches({text}, '[1-9]')", "not above zero"),
                otherwise="more than 20 digits before or 18 after the point",
            ),
        )
    if kind is Kind.INSTANT:
        # The session's zone is UTC, so a text without an offset is read as UTC.
        instant = f"(TRY_CAST(upper({text}) AS TIMESTAMPTZ) AT TIME ZONE 'UTC')"
        return TypedText(
            f"CASE WHEN {_matches(text, _INSTANT)} AND year({instant}) {_YEARS} THEN {instant} END",
            _case(
                _stands_for_none(text),
                (_matches(text, _ZEROS), _NO_DATE),
                (_matches(text, _DAY), "a date alone is not an instant"),
                (_matches(text, _BASIC_INSTANT), f"{_BASIC}, like 2024-03-15T10:20:30Z"),
                (_matches(text, _DAY + _CLOCK + _TOO_FINE), "a fraction of more than 6 digits"),
                (_matches(text, _DAY + _CLOCK + r"(:[0-5][0-9](\.[0-9]+)?)? ?[A-Za-z]{2}[\w/:+-]*"), _ZONE),
                (f"NOT {_matches(text, _INSTANT)}", "not an ISO 8601 instant"),
                (f"{instant} IS NULL", "no such date"),
                otherwise=_OUTSIDE_YEARS,
            ),
        )
    if kind is Kind.DATE:
        date = f"TRY_CAST({text} AS DATE)"
        return TypedText(
            f"CASE WHEN {_matches(text, _DAY)} AND year({date}) {_YEARS} THEN {date} END",
            _case(
                _stands_for_none(text),
                (_matches(text, _ZEROS), _NO_DATE),
                (_matches(text, "[0-9]{8}"), "a date without dashes: write it like 2024-03-15"),
                (f"NOT {_matches(text, _DAY)}", "not a date like 2024-03-15"),
                (f"{date} IS NULL", "no such date"),
                otherwise=_OUTSIDE_YEARS,
            ),
        )
    if kind is Kind.CLIENT_TYPE:
        return TypedText(
            f"CASE WHEN {_one_of(text, CLIENT_TYPES)} THEN {text} END",
            _case(_stands_for_none(text), otherwise=f"not one of {', '.join(CLIENT_TYPES)}"),
        )
    if kind is Kind.TRANSACTION_KIND:
        return TypedText(
            f"CASE WHEN {_one_of(text, KINDS)} THEN {text} END",
            _case(_stands_for_none(text), otherwise=f"not one of {', '.join(KINDS)}"),
        )
    if kind is Kind.CURRENCY:
        return TypedText(
            f"CASE WHEN {_one_of(text, currency_codes())} THEN {text} END",
            _case(
                _stands_for_none(text),
                (_one_of(f"upper({text})", currency_codes()), "a currency code in small letters"),
                otherwise="not an ISO 4217 currency",
            ),
        )
    longest = f" AND length({text}) <= {MAX_TAG}" if kind is Kind.TAG else ""
    # chr(0) cannot be stored by every engine.
    return TypedText(
        f"CASE WHEN NOT {_matches(text, _BLANK)} AND NOT contains({text}, chr(0)){longest} THEN {text} END",
        _case(
            (_matches(text, _BLANK), "blank"),
            (f"contains({text}, chr(0))", "contains a NUL character"),
            otherwise=f"longer than {MAX_TAG} characters",
        ),
    )


_WHOLE_TYPES = frozenset(
    f"{sign}{size}" for sign in ("", "U") for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
)
_EXACT = {"FLOAT16": 2**11, "FLOAT": 2**24, "DOUBLE": 2**53}
"""Below which number a type of binary floating point tells all whole numbers apart."""
_ABOUT = "about "
"""Stands before the text of a number that may have been another one."""
_WIDEST = 38
_INSTANTS = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
_TEXTS = frozenset({Kind.TEXT, Kind.TAG, Kind.CLIENT_TYPE, Kind.TRANSACTION_KIND, Kind.CURRENCY})


def typed_text(kind: Kind, column: str, duckdb_type: str) -> str:
    """The text of a typed Parquet ``column`` (an SQL expression), or raises ValueError with the reason it cannot be.

    Everything but text is written out exactly and read back by :func:`read_text`, so a type changes no rule.
    """
    name = duckdb_type.upper().partition("(")[0]
    text = f"CAST({column} AS VARCHAR)"
    digits = re.match(r"DECIMAL\((\d+)", duckdb_type.upper())
    if digits and int(digits[1]) > _WIDEST:
        raise ValueError(
            f"a decimal of {digits[1]} digits is wider than the {_WIDEST} that can be read exactly: "
            "write a narrower one or text"
        )
    if name in ("VARCHAR", "ENUM", "NULL", '"NULL"'):
        return text
    if kind is Kind.ID:
        written = _id_text(name, column, text)
    elif kind in (Kind.AMOUNT, Kind.RATE):
        if name in _EXACT:
            raise ValueError("binary floating point cannot hold exact decimals: write it as a decimal or as text")
        written = text if name in _WHOLE_TYPES | {"DECIMAL"} else None
    elif kind in _TEXTS:
        written = text if name in _WHOLE_TYPES else None
    else:
        written = _time_text(kind, name, column, text)
    if written is None:
        raise ValueError(f"its type {duckdb_type} does not suit")
    return written


def _id_text(name: str, column: str, text: str) -> str | None:
    if name in _WHOLE_TYPES:
        return text
    if name in _EXACT:
        # What a data frame makes of whole numbers with gaps; from there on neighbours are no longer told apart.
        few = f"abs({column}) < {_EXACT[name]}"
        return (
            f"CASE WHEN isnan({column}) THEN NULL "
            f"WHEN {column} = floor({column}) AND {few} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) "
            f"WHEN {few} THEN {text} ELSE {quoted(_ABOUT)} || {text} END"
        )
    return f"regexp_replace({text}, '\\.0+$', '')" if name == "DECIMAL" else None


def _time_text(kind: Kind, name: str, column: str, text: str) -> str | None:
    if kind is Kind.INSTANT:
        if name in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"):
            return f"CAST({column} AT TIME ZONE 'UTC' AS VARCHAR)"
        return text if name in _INSTANTS else None
    if name in _INSTANTS:
        # What a data frame makes of dates.
        return f"regexp_replace({text}, ' 00:00:00$', '')"
    return text if name == "DATE" else None


def typed_value(kind: Kind, column: str, duckdb_type: str) -> str | None:
    """The shorter way for types that already hold nothing but good values; None where the text has to be read."""
    name = duckdb_type.upper()
    if kind is Kind.ID and name in _WHOLE_TYPES:
        return f"TRY_CAST({column} AS BIGINT)"
    if kind is Kind.INSTANT and name in _INSTANTS - {"TIMESTAMP_NS"}:
        return f"CASE WHEN isfinite({column}) AND year({column}) {_YEARS} THEN CAST({column} AS TIMESTAMP) END"
    decimal = re.fullmatch(r"DECIMAL\((\d+), ?(\d+)\)", name)
    if kind is Kind.AMOUNT and decimal and int(decimal[1]) <= 18 and int(decimal[2]) <= 6:
        return f"TRY_CAST(CAST({column} AS DECIMAL(24, 6)) * {MICROS} AS BIGINT)"
    return None
