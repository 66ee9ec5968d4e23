"""What a person asks for: the question, the form of the answer, and where it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from data.delivery.formats import WEB, check_output_type
from data.errors import UserError
from data.report.query import ReportQuery


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what becomes of its answer. ``output`` is a form of :data:`data.delivery.formats.OUTPUTS`.

    ``send_to`` are e-mail addresses, and empty for Web.
    """

    query: ReportQuery
    output: str = WEB
    send_to: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Plain JSON that :meth:`from_json` reads back."""
        return {"query": self.query.to_json(), "output": self.output, "send_to": list(self.send_to)}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """What :meth:`to_json` wrote; raises :class:`UserError` when it cannot be read."""
        if not isinstance(data, Mapping):
            raise UserError("The saved settings cannot be read: they are not an object.")
        output = check_output_type(str(data.get("output", WEB)))
        send_to = tuple(map(str, data.get("send_to") or ()))
        return cls(ReportQuery.from_json(data.get("query") or {}), output, send_to)
