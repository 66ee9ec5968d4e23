"""Names of owners and packages for telling a question that may be older than the data."""

from __future__ import annotations

import logging

from data.access import User
from data.errors import NoData, Unreachable
from data.services import Services

_log = logging.getLogger(__name__)


def known_names(services: Services, user: User) -> dict[tuple[str, object], str]:
    """Names for the words of a question, of what ``user`` may see.

    None while the warehouse cannot be read, whatever keeps it from that: what is told of our own records, or of figures
    that are here, goes by number then.
    """
    try:
        return services.reports.choices(user).names
    except (NoData, Unreachable):
        return {}
    except Exception:  # noqa: BLE001 - for the log; the person gets what they came for
        _log.warning("A question is told without names, because the warehouse cannot be read", exc_info=True)
        return {}
