"""What a CSV file says, read plainly and to the letter: its records, and whether an engine may be trusted with it.

The slow reading of this module decides what a field is. A faster engine reads a file only if :func:`survey` finds that
the file leaves nothing open: every quote opens or closes a field, lines end in one way, and all of it is UTF-8.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from data.warehouse.packing import opened

_CHUNK = 1 << 20
NEVER_CLOSED = "a quote that is never closed"
_MISPLACED = "a quote in the wrong place"
_AFTER_BLANK = "a quote after a blank: a quoted value begins right behind the separator"
BACKSLASH = "a quote behind a backslash: inside quotes, write two quotes for one"
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a CSV file: the ``line`` it starts on, its values and its text, or the ``fault`` in the text."""

    line: int
    values: tuple[str, ...]
    text: str
    fault: str = ""


class _Lines:
    """Lines of a stream, with those remembered that went by since the last record."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._stream)
        self.taken.append(line)
        return line


def records(file: Path, delimiter: str = ",") -> Iterator[Record]:
    """Every record of a CSV file, the header first; blank lines are none. Bytes beside UTF-8 become surrogates."""
    quoted_late = re.compile(r"\s+\"")
    with io.TextIOWrapper(opened(file), encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        lines = _Lines(stream)
        reader = csv.reader(lines, strict=True, delimiter=delimiter)
        line = 1
        while True:
            lines.taken.clear()
            fault = ""
            values: list[str] = []
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                fault = NEVER_CLOSED if "unexpected end" in str(error) else _MISPLACED
            if values or fault:
                text = "".join(lines.taken)
                if fault == _MISPLACED and '\\"' in text:
                    fault = BACKSLASH
                elif any(map(quoted_late.match, values)) and _quotes_after_blank(text, delimiter):
                    fault = _AFTER_BLANK
                yield Record(line, () if fault else tuple(values), text.rstrip("\r\n"), fault)
            if fault == NEVER_CLOSED:
                return
            line = reader.line_num + 1


def _quotes_after_blank(text: str, delimiter: str) -> bool:
    """Whether a field of a record, whose quotes are closed, begins with blanks and a quote."""
    field = re.compile(rf'"(?:[^"]|"")*"|[^{re.escape(delimiter)}\r\n]*')
    place = 0
    while place < len(text) and (found := field.match(text, place)) is not None:
        if found[0].lstrip().startswith('"') and not found[0].startswith('"'):
            return True
        place = found.end() + 1
    return False


@dataclass(frozen=True, slots=True)
class Survey:
    """What the bytes of a CSV file tell about how it may be read."""

    quotes: bool
    plain: bool
    """Whether nothing is left open: there is one way to read it."""
    empty_rows: bool
    """Whether there may be records without any value."""
    count: int | None
    """How many records there are, counted where quotes make it worth while."""


def survey(file: Path, delimiter: str = ",") -> Survey:
    """Go through all bytes once, and once more if there are quotes."""
    separator = delimiter.encode()
    decoder = codecs.getincrementaldecoder("utf-8")()
    feeds = returns = pairs = 0
    quotes = empty_rows = False
    utf8 = True
    tail = b""
    with opened(file) as stream:
        while chunk := stream.read(_CHUNK):
            # Two bytes of the chunk before: what is looked for may lie across.
            joined = tail + chunk
            quotes = quotes or b'"' in chunk
            with_returns = b"\r" in joined
            if not empty_rows:
                ends = (b"\n", b"\r") if with_returns else (b"\n",)
                firsts = (separator, b'""') if quotes else (separator,)
                empty_rows = any(end + first in joined for end in ends for first in firsts)
            feeds += chunk.count(b"\n")
            if with_returns:
                returns += chunk.count(b"\r")
                pairs += chunk.count(b"\r\n") + (tail.endswith(b"\r") and chunk.startswith(b"\n"))
            tail = joined[-2:]
            if utf8 and not (chunk.isascii() and not decoder.getstate()[0]):
                utf8 = _decodes(decoder, chunk)
        utf8 = utf8 and _decodes(decoder, b"", final=True)
    one_end = (feeds > pairs) + (returns > pairs) + (pairs > 0) <= 1
    count = None
    if quotes:
        with opened(file) as stream:
            count = _count_quoted(stream, separator)
    return Survey(quotes, utf8 and one_end and (not quotes or count is not None), empty_rows, count)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _count_quoted(stream: IO[bytes], separator: bytes) -> int | None:
    """The number of records, blank lines not counted; None if a quote neither opens nor closes a field.

    Each quoted piece is cut out but for its first quote: `a,"b",c` becomes `a,",c`. What is left has nothing but
    separators, line ends and quotes beside a quote, unless one is in the wrong place.
    """
    beside = re.escape(separator) + rb'\r\n"'
    misplaced = re.compile(rb'[^%b]"|"[^%b]' % (beside, beside))
    count = 0
    inside = False
    last = b"\n"
    first = True
    while chunk := stream.read(_CHUNK):
        if first:
            chunk = chunk.removeprefix(codecs.BOM_UTF8)
            first = False
        pieces = chunk.split(b'"')
        outside = b'"'.join(pieces[inside::2])
        inside = inside ^ (len(pieces) % 2 == 0)
        if inside and len(pieces) > 1:
            outside += b'"'
        if not outside:
            continue
        if misplaced.search(last + outside):
            return None
        lines = outside.splitlines()
        count += sum(map(bool, lines)) - (bool(lines[0]) and last not in b"\r\n")
        last = outside[-1:]
    return None if inside else count
