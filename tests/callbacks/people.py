"""People with accounts over Flask's test client: who signs in as a browser would, form by form."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import flask.testing

from data.access import OPERATOR, User
from data.services import Services

PASSWORD = "correct horse battery"
HTML = {"Accept": "text/html"}


class Browser:
    """A browser of somebody's, signed in or not."""

    def __init__(self, server: flask.Flask, address: str = "127.0.0.1") -> None:
        self.client: flask.testing.FlaskClient = server.test_client()
        self.client.environ_base["REMOTE_ADDR"] = address

    def see(self, path: str) -> Any:
        """Open a page."""
        return self.client.get(path, headers=HTML)

    def send(self, page: str, path: str, **fields: str) -> Any:
        """Fill in the form of ``page`` and send it to ``path``."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.see(page).get_data(as_text=True))
        assert token, f"{page} has no form"
        return self.client.post(path, data={"csrf_token": token[1], **fields}, headers=HTML)

    def sign_in(self, email: str, password: str = PASSWORD, **fields: str) -> Any:
        """Try to sign in."""
        return self.send("/sign-in", "/sign-in", email=email, password=password, **fields)

    def post_json(self, path: str, body: Any) -> Any:
        """Send JSON as the page's scripts do."""
        cookie = self.client.get_cookie("csrf")
        headers = {} if cookie is None else {"X-CSRFToken": cookie.value}
        return self.client.post(path, json=body, headers=headers)


def services_of(server: flask.Flask) -> Services:
    """What the application works with."""
    found = server.extensions["customer_dynamics"]
    assert isinstance(found, Services)
    return found


def add_people(server: flask.Flask, *people: tuple[str, str, int | None]) -> dict[str, User]:
    """Accounts by the part before the @: of role and reseller. The first is made an administrator of the operator."""
    services = services_of(server)
    users = services.records.users
    made = {"boss": users.create(OPERATOR, "boss@example.com", "Boss", "Administrator", password=PASSWORD)}
    tree: dict[int, int | None] = {reseller: None for _, _, reseller in people if reseller is not None}
    for name, role, reseller in people:
        made[name] = users.create(
            OPERATOR,
            f"{name}@example.com",
            name.title(),
            role,
            reseller_id=reseller,
            parents=tree,
            password=PASSWORD,
        )
    return made


MakeServer = Callable[..., flask.Flask]
