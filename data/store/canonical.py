"""JSON as text of which there is only one: equal values give equal bytes, so that they can be hashed and compared."""

from __future__ import annotations

import json
from typing import Any

from data.errors import UserError


def canonical_json(value: Any) -> str:
    """``value`` as ASCII JSON with sorted keys and no spaces. Raises TypeError or ValueError for what is not JSON."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def bounded_json(value: Any, *, limit: int, what: str, field: str) -> str:
    """The same, or a :class:`UserError` naming ``what`` when it takes more than ``limit`` bytes."""
    text = canonical_json(value)
    if len(text) > limit:
        raise UserError(
            f"{what} is too large to keep ({len(text):,} of {limit:,} bytes): make it smaller.", field=field
        )
    return text
