"""Texts are read as an independent, plain reading says: the same ones accepted, with the same values."""

from __future__ import annotations

import csv
import io
import random
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.warehouse.checks import Checks
from data.warehouse.csv_source import CsvSource
from data.warehouse.engines import open_scratch
from data.warehouse.rejects import LoadRefused
from data.warehouse.values import Kind, read_text

LIMIT = 2**63


def plain_id(text: str) -> int | None:
    if not re.fullmatch(r"-?[0-9]+", text, re.ASCII):
        return None
    return int(text) if -LIMIT <= int(text) < LIMIT else None


def plain_decimal(text: str, sign: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(sign + r"?([0-9]+(\.[0-9]*)?|\.[0-9]+)", text, re.ASCII) else None


def plain_amount(text: str) -> int | None:
    number = plain_decimal(text, "[+-]")
    if number is None:
        return None
    sign, digits, exponent = number.as_tuple()
    micros = int("".join(map(str, digits))) * 10 ** (6 + int(exponent)) if int(exponent) >= -6 else None
    if micros is None:
        shift = 10 ** (-6 - int(exponent))
        whole, rest = divmod(int("".join(map(str, digits))), shift)
        micros = None if rest else whole
    if micros is None or micros >= LIMIT:
        return None
    return -micros if sign else micros


def plain_rate(text: str) -> Decimal | None:
    number = plain_decimal(text, r"\+")
    if number is None or number <= 0:
        return None
    whole, _, decimals = text.lstrip("+").partition(".")
    return number if len(whole.lstrip("0")) <= 20 and len(decimals.rstrip("0")) <= 18 else None


def plain_instant(text: str) -> datetime | None:
    found = re.fullmatch(
        r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)?",
        text,
        re.ASCII,
    )
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = found.groups()
    fraction = (fraction or "").rstrip("0") if fraction else ""
    if len(fraction) > 6 or int(hours or 0) > 23 or int(minutes or 0) > 59:
        return None
    try:
        local = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0))
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        instant = local.replace(microsecond=int(fraction.ljust(6, "0"))) - (-offset if sign == "-" else offset)
    except (ValueError, OverflowError):
        return None
    return instant if 1900 <= instant.year <= 2199 else None


def plain_date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else None
    except ValueError:
        return None
    return day if day is not None and 1900 <= day.year <= 2199 else None


PLAIN = {
    Kind.ID: plain_id,
    Kind.AMOUNT: plain_amount,
    Kind.RATE: plain_rate,
    Kind.INSTANT: plain_instant,
    Kind.DATE: plain_date,
}

digits = st.text("0123456789", max_size=22)
numbers = st.builds(
    lambda sign, whole, point, decimals: sign + whole + point + decimals,
    st.sampled_from(["", "", "-", "+"]),
    st.one_of(
        digits, st.sampled_from(["9223372036854", "9223372036855", "9223372036854775807", "9223372036854775808"])
    ),
    st.sampled_from(["", ".", "."]),
    st.one_of(digits, st.sampled_from(["775807", "775808", "000001", "0000001", "1234560000000000000000000"])),
)
pairs = st.integers(0, 70).map("{:02d}".format)
days = st.one_of(
    st.dates(date(1899, 12, 30), date(2200, 1, 2)).map(str),
    st.builds("{}-{}-{}".format, st.sampled_from(["1900", "2023", "2024", "2199", "0024"]), pairs, pairs),
)
instants = st.builds(
    lambda day, mark, hour, minute, rest, offset: f"{day}{mark}{hour}:{minute}{rest}{offset}",
    days,
    st.sampled_from(["T", "t", " ", "", "_"]),
    st.integers(0, 25).map("{:02d}".format),
    st.integers(0, 61).map("{:02d}".format),
    st.one_of(
        st.just(""), pairs.map(":{}".format), st.builds(":{}.{}".format, pairs, st.text("0123456789", max_size=9))
    ),
    st.one_of(
        st.sampled_from(["", "Z", "z", "+02", "-0330", "+05:30", "+5", " Z", "-00:00", "+14:00", "-12:00"]),
        st.builds("{}{}:{}".format, st.sampled_from("+-"), pairs, pairs),
    ),
)
noise = st.text("0123456789-+.: TZe_\u0661\t\n", max_size=12)
TEXTS = {
    Kind.ID: st.one_of(numbers, noise),
    Kind.AMOUNT: st.one_of(numbers, noise),
    Kind.RATE: st.one_of(numbers, noise),
    Kind.INSTANT: st.one_of(instants, noise),
    Kind.DATE: st.one_of(days, noise),
}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory) -> Any:
    with open_scratch(tmp_path_factory.mktemp("scratch")) as connection:
        yield connection


@pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.name.lower())
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_texts_are_read_as_a_plain_reading_says(kind, data, scratch):
    texts = data.draw(st.lists(TEXTS[kind].filter(bool), min_size=20, max_size=60))
    reading = read_text(kind, "item")
    found = scratch.execute(
        f"SELECT item, {reading.value}, {reading.reason} FROM (SELECT unnest(?::VARCHAR[]) AS item)", [texts]
    ).fetchall()
    assert [(text, value) for text, value, _ in found] == [(text, PLAIN[kind](text)) for text in texts]
    assert all(reason for _, _, reason in found)


def test_no_row_of_a_csv_file_is_ever_lost(scratch, tmp_path):
    """Small files of every shape, good and bad: rows read and rows set aside are those that the csv module sees."""
    chance = random.Random(20261122)
    folder = tmp_path / "scratch"
    folder.mkdir()
    file = tmp_path / "packages.csv"
    for _ in range(250):
        end = chance.choice(["\n", "\r\n"])
        parts = ["7", "b1", ",", ",", end, end, " "]
        if chance.random() < 0.7:
            # Not a blank before a quote: there the engine and the csv module rightly differ.
            parts = ["7", "b1", ",", ",", end, end, '"', '""', '"x"', '"y,z"', f'"m{end}n"']
        text = f"name,id{end}" + "".join(chance.choice(parts) for _ in range(chance.randrange(15)))
        file.write_bytes(text.encode())
        try:
            expected: list[list[str]] | None = [
                row[:2] if not any(row[2:]) else row
                for row in csv.reader(io.StringIO(text, newline=""), strict=True)
                if any(row)
            ][1:]
        except csv.Error:
            expected = None
        try:
            source = CsvSource("packages", file, folder)
            scratch.execute(
                "DROP SCHEMA IF EXISTS stage CASCADE; DROP SCHEMA IF EXISTS good; DROP TABLE IF EXISTS faults"
            )
            Checks(scratch, [source], live=None).stage(source)  # type: ignore[arg-type] # nothing is asked of it here
        except LoadRefused as refusal:
            refused = refusal.message
        else:
            refused = ""
        if refused:
            assert expected is None, text
            assert "never closed" in refused, text
            continue
        names = [row[0] for row in scratch.execute("SELECT name FROM stage.packages ORDER BY rowid").fetchall()]
        if expected is None:
            assert source.malformed, text
        else:
            good = [row for row in expected if len(row) == 2]
            assert names == [row[0] if row[0].strip() else None for row in good], text
            assert len(source.malformed) == len(expected) - len(good), text
