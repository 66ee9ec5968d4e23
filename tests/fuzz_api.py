"""Fuzzes the API from its own OpenAPI document: `python -m tests.fuzz_api --examples 200`.

Requests are made by the package schemathesis, good ones and broken ones, for each operation that the document names.
What counts as a fault: an answer of 500 or more, or one that is not among those that a client can act on.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import hypothesis
import schemathesis
from hypothesis import strategies as st

Ask = Callable[..., Any]

_GOOD = frozenset({200, 201, 202, 204, 400, 401, 403, 404, 405, 406, 413, 415, 422, 429})


def fuzz(server: flask.Flask, ask: Ask, *, examples: int, seed: int) -> list[str]:
    """Ask each operation ``examples`` good and as many broken requests; what was answered wrongly, a line each."""
    from callbacks import api

    document = ask("GET", "/openapi.json").get_json()
    schema = schemathesis.openapi.from_dict(document)
    faults: list[str] = []
    limit, api._PER_MINUTE = api._PER_MINUTE, "1000000 per minute"
    try:
        for result in schema.get_all_operations():
            operation = result.ok()
            for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
                _ask_operation(operation, mode, ask, examples, seed, faults)
    finally:
        api._PER_MINUTE = limit
    return faults


def _ask_operation(operation: Any, mode: Any, ask: Ask, examples: int, seed: int, faults: list[str]) -> None:
    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(data=st.data())
    def once(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        path = case.formatted_path.removeprefix("/api/v1")
        body: dict[str, Any] = {}
        if case.body is not schemathesis.core.NOT_SET:
            # What is no JSON (bytes within) is sent as it is: a client may do that, too.
            text = json.dumps(case.body, default=lambda value: bytes(value).decode("latin-1"))
            body = {"data": text, "content_type": "application/json"}
        query = {name: value for name, value in (case.query or {}).items() if value is not None}
        answer = ask(case.method, path, query_string=query, **body)
        if answer.status_code not in _GOOD:
            faults.append(
                f"{case.method} {path} {query} {body}: {answer.status_code} {answer.get_data(as_text=True)[:200]}"
            )

    try:
        once()
    except hypothesis.errors.Unsatisfiable:
        return  # nothing broken can be made of an operation that takes nothing


def main() -> int:
    """Fuzz an application over the golden data set, and print what went wrong."""
    from app import create_app
    from data.settings import Settings
    from data.warehouse.load import load_folder
    from tests.callbacks.people import add_people, services_of

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--seed", type=int, default=20261125)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(var_dir=folder, log_level="CRITICAL")
        load_folder(settings, Path(__file__).parent / "golden" / "dataset")
        server = create_app(settings).server
        boss = add_people(server)["boss"]
        from data.store.tokens import token_rights

        _, token = services_of(server).records.tokens.create(boss, "fuzz", token_rights(boss), 1)
        client = server.test_client()

        answers: Counter[int] = Counter()

        def ask(method: str, path: str, **more: Any) -> Any:
            answer = client.open(f"/api/v1{path}", method=method, headers={"Authorization": f"Bearer {token}"}, **more)
            answers[answer.status_code] += 1
            return answer

        faults = fuzz(server, ask, examples=chosen.examples, seed=chosen.seed)
    sys.stdout.write("".join(f"{fault}\n" for fault in [*faults, f"{len(faults)} faults", f"answers: {dict(answers)}"]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
