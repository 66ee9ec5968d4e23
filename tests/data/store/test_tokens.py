"""Personal access tokens: scoped, hashed, expiring, revocable."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from data.access import OPERATOR, Right, User
from data.errors import UserError
from data.store.records import Records
from data.store.schema import tokens
from data.store.tokens import TokenGone
from tests.data.store.conftest import Clock

PASSWORD = "correct horse battery"


@pytest.fixture
def anna(records: Records) -> User:
    records.users.create(OPERATOR, "boss@example.com", "Boss", "Administrator", password=PASSWORD)
    return records.users.create(OPERATOR, "anna@example.com", "Anna", "Manager", password=PASSWORD)


def test_a_token_acts_for_its_owner_with_no_more_than_its_rights(records: Records, anna: User) -> None:
    made, text = records.tokens.create(anna, "Nightly", [Right.VIEW, Right.EXPORT], 30)
    found = records.tokens.user(text)
    assert found is not None
    assert (found.id, found.granted) == (anna.id, {Right.VIEW, Right.EXPORT})
    records.users.change(OPERATOR, anna.id, {}, role="Viewer")
    narrowed = records.tokens.user(text)
    assert narrowed is not None and narrowed.granted == {Right.VIEW}, "what the person lost, the token lost"
    records.users.deactivate(OPERATOR, anna.id, {})
    assert records.tokens.user(text) is None
    assert [item.id for item in records.tokens.of(anna)] == [made.id]


def test_only_a_digest_is_kept(records: Records, anna: User) -> None:
    _, text = records.tokens.create(anna, "Nightly", [Right.VIEW], 30)
    with records.database.reading() as connection:
        kept = repr(connection.execute(sa.select(tokens)).all())
    assert text not in kept
    assert text.removeprefix("cdt_") not in kept


def test_a_token_ends(records: Records, anna: User, clock: Clock) -> None:
    made, text = records.tokens.create(anna, "Nightly", [Right.VIEW], 30)
    for wrong in ("", "cdt_", text[:-1], text + "x", text.removeprefix("cdt_")):
        assert records.tokens.user(wrong) is None
    clock.pass_days(29.9)
    assert records.tokens.user(text) is not None
    clock.pass_days(0.2)
    assert records.tokens.user(text) is None
    other, text = records.tokens.create(anna, "Daily", [Right.VIEW], 1)
    with pytest.raises(TokenGone):
        records.tokens.revoke(User("somebody", "Else", "Manager"), other.id)
    records.tokens.revoke(anna, other.id)
    assert records.tokens.user(text) is None
    with pytest.raises(TokenGone):
        records.tokens.revoke(anna, other.id)
    assert [item.id for item in records.tokens.of(anna)] == [made.id]


@pytest.mark.parametrize(
    ("rights", "days", "field"),
    [
        ([], 30, "rights"),
        ([Right.VIEW, Right.SYSTEM], 30, "rights"),
        ([Right.USERS], 30, "rights"),
        ([Right.VIEW], 0, "days"),
        ([Right.VIEW], 367, "days"),
    ],
)
def test_what_no_token_may_be_is_refused(
    records: Records, anna: User, rights: list[Right], days: int, field: str
) -> None:
    with pytest.raises(UserError) as found:
        records.tokens.create(anna, "Nightly", rights, days)
    assert found.value.field == field
    assert records.tokens.of(anna) == ()
