"""Accounts: who may be made, changed and signed in, by whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from data.access import OPERATOR, Right, User
from data.errors import UserError
from data.store.records import Records
from data.store.users import AccountGone, TicketGone
from tests.data.store.conftest import Clock

TREE = {1: None, 7: 1, 71: 7, 8: 1}
PASSWORD = "correct horse battery"


def make(records: Records, email: str, role: str = "Manager", reseller: int | None = None, by: User = OPERATOR) -> User:
    return records.users.create(by, email, email.partition("@")[0], role, reseller_id=reseller, parents=TREE)


@pytest.fixture
def boss(records: Records) -> User:
    return records.users.create(OPERATOR, "Boss@Example.com", "Boss", "Administrator", password=PASSWORD)


def test_the_first_administrator_takes_over_what_was_made_before(records: Records, boss: User) -> None:
    assert (boss.id, boss.email, boss.granted) == (OPERATOR.id, "boss@example.com", frozenset(Right))
    assert make(records, "second@example.com").id != OPERATOR.id


@pytest.mark.parametrize(("role", "reseller"), [("Manager", None), ("Administrator", 7)])
def test_the_first_account_must_manage_the_operator(records: Records, role: str, reseller: int | None) -> None:
    with pytest.raises(UserError, match="first account must be an Administrator") as found:
        make(records, "a@example.com", role, reseller)
    assert found.value.field == "role"
    assert not records.users.any()


def test_a_password_signs_in_whatever_the_case_of_the_address(records: Records, boss: User) -> None:
    assert records.users.check_password(" BOSS@example.COM ", PASSWORD) == boss
    assert records.users.check_password("boss@example.com", PASSWORD + "!") is None
    assert records.users.check_password("nobody@example.com", PASSWORD) is None


def test_an_account_without_a_password_opens_to_none(records: Records, boss: User) -> None:
    make(records, "new@example.com")
    for guess in ("", "new@example.com", PASSWORD):
        assert records.users.check_password("new@example.com", guess) is None


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "too short"),
        ("x" * 201, "too long"),
        ("aaaabbbbaaaa", "guessed soon"),
        ("my-boss-password1", "guessed soon"),
    ],
)
def test_a_password_that_is_guessed_soon_is_refused(records: Records, boss: User, password: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as found:
        records.users.set_password(boss, password)
    assert found.value.field == "password"
    assert records.users.check_password("boss@example.com", PASSWORD) == boss


def test_an_address_is_used_once(records: Records, boss: User) -> None:
    with pytest.raises(UserError, match=r"There is an account for boss@example.com already"):
        make(records, "BOSS@example.com")
    with pytest.raises(UserError, match="is not an e-mail address"):
        make(records, "boss at example.com")


def test_a_manager_gives_accounts_only_within_their_company_and_no_right_they_lack(
    records: Records, boss: User
) -> None:
    manager = make(records, "anna@example.com", "Manager", 7)
    assert make(records, "below@example.com", "Analyst", 71, by=manager).reseller_id == 71
    for reseller in (None, 1, 8):
        with pytest.raises(UserError, match="only to your own company"):
            make(records, "x@example.com", "Viewer", reseller, by=manager)
    with pytest.raises(UserError, match="you may not manage the system"):
        make(records, "x@example.com", "Administrator", 7, by=manager)
    with pytest.raises(UserError, match="does not let you manage users"):
        make(records, "x@example.com", "Viewer", 71, by=records.users.get(_id(records, boss, "below@example.com")))
    with pytest.raises(UserError, match="Reseller 99 is unknown"):
        make(records, "x@example.com", "Viewer", 99)


def test_a_manager_sees_and_changes_only_accounts_within_reach(records: Records, boss: User) -> None:
    manager = make(records, "anna@example.com", "Manager", 7)
    own, other = make(records, "own@example.com", "Viewer", 71), make(records, "other@example.com", "Viewer", 8)
    chief = make(records, "chief@example.com", "Administrator", 7)
    assert [item.user.email for item in records.users.managed_by(manager, TREE)] == [
        "anna@example.com",
        "own@example.com",
    ]
    for outside in (boss, other, chief):
        for act in (records.users.deactivate, records.users.reactivate, records.users.issue_ticket):
            with pytest.raises(AccountGone):
                act(manager, outside.id, TREE)
        with pytest.raises(AccountGone):
            records.users.change(manager, outside.id, TREE, role="Viewer")
    with pytest.raises(UserError, match="only rights"):
        records.users.change(manager, own.id, TREE, role="Administrator")
    with pytest.raises(UserError, match="only to your own company"):
        records.users.change(manager, own.id, TREE, reseller_id=None, moves=True)
    assert records.users.change(manager, own.id, TREE, role="Analyst", reseller_id=7, moves=True) == replace(
        own, role="Analyst", reseller_id=7, rights=records.roles.rights("Analyst")
    )


def test_somebody_can_always_manage_the_system(records: Records, boss: User) -> None:
    records.users.deactivate(OPERATOR, make(records, "m@example.com").id, TREE)
    for changes in ({"role": "Manager"}, {"reseller_id": 7, "moves": True}):
        with pytest.raises(UserError, match="last account that can manage the system"):
            records.users.change(OPERATOR, boss.id, TREE, **changes)
    second = make(records, "second@example.com", "Administrator")
    with pytest.raises(UserError, match="cannot deactivate yourself"):
        records.users.deactivate(second, second.id, TREE)
    records.users.deactivate(second, boss.id, TREE)
    with pytest.raises(UserError, match="last account"):
        records.users.change(second, second.id, TREE, role="Viewer")
    assert records.users.check_password("boss@example.com", PASSWORD) is None
    records.users.reactivate(second, boss.id, TREE)
    assert records.users.check_password("boss@example.com", PASSWORD) == boss


def test_a_one_time_link_sets_a_password_once_and_in_time(records: Records, boss: User, clock: Clock) -> None:
    anna = make(records, "anna@example.com")
    early = records.users.issue_ticket(boss, anna.id, TREE)
    token = records.users.issue_ticket(boss, anna.id, TREE)
    with pytest.raises(TicketGone):
        records.users.ticket_owner(early)
    assert records.users.ticket_owner(token) == anna
    with pytest.raises(UserError, match="too short"):
        records.users.redeem_ticket(token, "short")
    assert records.users.redeem_ticket(token, PASSWORD) == anna
    with pytest.raises(TicketGone):
        records.users.redeem_ticket(token, PASSWORD)
    assert records.users.check_password("anna@example.com", PASSWORD) == anna
    late = records.users.issue_ticket(boss, anna.id, TREE)
    clock.pass_days(7.01)
    with pytest.raises(TicketGone):
        records.users.ticket_owner(late)


def test_a_mailed_link_lasts_an_hour_and_tells_nobody_who_has_an_account(
    records: Records, boss: User, clock: Clock
) -> None:
    assert records.users.request_reset("nobody@example.com") is None
    found = records.users.request_reset("boss@example.com")
    assert found is not None and found[0] == boss
    clock.pass_days(1.01 / 24)
    with pytest.raises(TicketGone):
        records.users.ticket_owner(found[1])


def test_sessions_end_with_a_new_password_and_with_deactivation(records: Records, boss: User, clock: Clock) -> None:
    anna = make(records, "anna@example.com")
    here, there = records.sessions.open(anna), records.sessions.open(anna, remember=True, address="10.0.0.1")
    assert records.sessions.user(here) == records.sessions.user(there) == anna
    assert len(records.sessions.of(anna)) == 2
    records.sessions.end(here)
    assert (records.sessions.user(here), records.sessions.user(there)) == (None, anna)
    records.users.set_password(anna, PASSWORD)
    assert records.sessions.user(there) is None
    again = records.sessions.open(anna)
    records.users.deactivate(boss, anna.id, TREE)
    assert records.sessions.user(again) is None
    assert records.users.get(anna.id) is None


def test_a_session_lasts_as_long_as_it_is_used(records: Records, boss: User, clock: Clock) -> None:
    brief, long = records.sessions.open(boss), records.sessions.open(boss, remember=True)
    for _ in range(4):
        clock.pass_days(0.4)
        assert records.sessions.user(brief) == boss
    clock.pass_days(0.6)
    assert (records.sessions.user(brief), records.sessions.user(long)) == (None, boss)
    clock.pass_days(31)
    assert records.sessions.user(long) is None


def test_signing_out_everywhere_spares_the_browser_in_hand(records: Records, boss: User) -> None:
    tokens = [records.sessions.open(boss) for _ in range(3)]
    assert records.sessions.end_all(boss, but=tokens[1]) == 2
    assert [records.sessions.user(token) for token in tokens] == [None, boss, None]


def test_a_role_of_ones_own_is_a_set_of_rights_at_once(records: Records, boss: User) -> None:
    records.roles.keep("Auditor", [Right.VIEW, Right.MONEY], boss)
    anna = make(records, "anna@example.com", "Auditor")
    token = records.sessions.open(anna)
    assert anna.granted == {Right.VIEW, Right.MONEY}
    records.roles.keep("Auditor", [Right.VIEW], boss)
    seen = records.sessions.user(token)
    assert seen is not None and seen.granted == {Right.VIEW}
    with pytest.raises(UserError, match="1 account has the role 'Auditor'"):
        records.roles.drop("Auditor", boss)
    with pytest.raises(UserError, match="built-in role"):
        records.roles.keep("viewer", [Right.VIEW], boss)
    with pytest.raises(UserError, match="at least one right"):
        records.roles.keep("Nothing", [], boss)
    with pytest.raises(UserError, match="does not let you manage the system"):
        records.roles.keep("Sneaky", list(Right), make(records, "m@example.com"))
    records.users.change(boss, anna.id, TREE, role="Viewer")
    records.roles.drop("Auditor", boss)
    assert "Auditor" not in records.roles.all()


def test_a_provider_leads_to_an_account_by_its_verified_address_once(records: Records, boss: User) -> None:
    anna = make(records, "anna@example.com")
    assert records.users.by_identity("issuer 1", "nobody@example.com") is None
    assert records.users.by_identity("issuer 1", None) is None
    assert records.users.by_identity("issuer 1", "Anna@example.com") == anna
    assert records.users.by_identity("issuer 1", None) == anna
    assert records.users.by_identity("issuer 2", "anna@example.com") is None


def _id(records: Records, boss: User, email: str) -> str:
    return records.users.find(boss, email, TREE).user.id
