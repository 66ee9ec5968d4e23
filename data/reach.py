"""What a person is told when a database server cannot be reached. Never the password, whichever way it is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from data.errors import Unreachable, UserError

CONNECT_SECONDS = 10
"""How long a server may take to accept a connection."""


def parse_url(text: str, setting: str, example: str) -> sa.URL:
    """The URL in a ``setting``; raises :class:`UserError` for text that is none, without repeating it."""
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):  # the latter for a port that is no number
        raise UserError(f"{setting} is not an SQLAlchemy URL, like {example}.") from None
    if "@" in (url.host or ""):
        # Part of the password is taken for the host, and would be told in every message about it.
        raise UserError(f"{setting} has more than one @: write an @ that belongs to the password as %40.")
    return url


@contextmanager
def reaching(name: str, setting: str) -> Iterator[None]:
    """Raises :class:`Unreachable` in place of the driver's error when a server refuses us or is gone in the middle.

    ``name`` is how a sentence calls the database ("The warehouse"); ``setting`` is the variable that holds its URL.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as fault:
        reason = _no_connection(fault)
        if reason is None:
            raise
        raise Unreachable(f"{name} cannot be reached: {reason}. Start its server, or check {setting}.") from fault


def _no_connection(fault: Exception) -> str | None:
    """The driver's reason when ``fault`` is about a connection that was not made or is lost, else None."""
    if isinstance(fault, sa.exc.DBAPIError):
        # Without a statement and a code of the server's it was about connecting.
        unmade = fault.statement is None and getattr(fault.orig, "sqlstate", None) is None
        return _first_line(fault.orig) if unmade or fault.connection_invalidated else None
    import psycopg

    # What COPY raises comes from the driver itself. The server's codes are 08 and 57P; a broken network has none.
    if isinstance(fault, psycopg.OperationalError) and (fault.sqlstate or "08").startswith(("08", "57P")):
        return _first_line(fault)
    return None


def _first_line(fault: BaseException | None) -> str:
    return str(fault).strip().partition("\n")[0].rstrip(".")
