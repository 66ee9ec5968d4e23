"""`flask users`: makes and manages accounts, for the operator whoever runs the command."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from data.access import OPERATOR, RIGHTS, Right
from data.commands.command import PlainCommand, WholeNumber
from data.errors import UserError
from data.settings import Settings
from data.store.audit import Act, Search
from data.store.records import Records, open_records
from data.store.users import Parents
from data.warehouse.engines import open_warehouse
from data.warehouse.resellers import read_tree

_ADDRESS = "command line"


@click.group()
def users() -> None:
    """Accounts: who may sign in, with which role, for which company."""


@contextmanager
def _opened() -> Iterator[Records]:
    found = open_records(Settings.from_environment())
    try:
        yield found
    finally:
        found.database.close()


def _parents() -> Parents:
    return read_tree(open_warehouse(Settings.from_environment())).parents


def _link(token: str) -> str:
    return f"{Settings.from_environment().address}/welcome#{token}"


@users.command(cls=PlainCommand)
@click.argument("email")
@click.option("--name", help="How others see the person; the part before the @ unless given.")
@click.option("--role", default="Administrator", show_default=True, help="What the person may do: `flask users roles`.")
@click.option(
    "--reseller", type=WholeNumber(), help="Id of the reseller the person belongs to; the operator if not given."
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of making a link.")
def create(email: str, name: str | None, role: str, reseller: int | None, password_stdin: bool) -> None:
    """Make an account. Prints a one-time link with which its person sets a password.

    The first account is an Administrator of the operator, who takes over what was made before there were accounts.
    """
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    parents = {} if reseller is None else _parents()
    with _opened() as found:
        user = found.users.create(
            OPERATOR,
            email,
            name or email.partition("@")[0],
            role,
            reseller_id=reseller,
            parents=parents,
            password=password,
        )
        found.audit.write(Act.USER_CREATED, OPERATOR, user.email, address=_ADDRESS, role=role, reseller=reseller)
        click.echo(f"Made the account of {user.email} ({user.role}).")
        if password is None:
            click.echo(
                f"To set a password, within 7 days: {_link(found.users.issue_ticket(OPERATOR, user.id, parents))}"
            )


@users.command("list", cls=PlainCommand)
def list_users() -> None:
    """Every account with its role, company and state."""
    with _opened() as found:
        accounts = found.users.managed_by(OPERATOR, {})
    if not accounts:
        click.echo("There are no accounts yet: make the first with `flask users create EMAIL`.")
    for item in accounts:
        company = "operator" if item.user.reseller_id is None else f"reseller {item.user.reseller_id}"
        seen = "never signed in" if item.signed_in_at is None else f"signed in {item.signed_in_at:%Y-%m-%d %H:%M} UTC"
        click.echo(f"{item.user.email}  {item.user.name}  {item.user.role}  {company}  {item.state}  {seen}")


@users.command(cls=PlainCommand)
@click.argument("email")
@click.option("--name", help="Another name.")
@click.option("--role", help="Another role.")
@click.option("--reseller", type=WholeNumber(), help="Move the person to this reseller.")
@click.option("--operator", is_flag=True, help="Move the person to the operator.")
def change(email: str, name: str | None, role: str | None, reseller: int | None, operator: bool) -> None:
    """Change an account's name, role or company. It holds from the person's next click on."""
    if reseller is not None and operator:
        raise UserError("--reseller and --operator exclude each other: give one of them.", field="reseller")
    parents = _parents()
    with _opened() as found:
        known = found.users.find(OPERATOR, email, parents).user
        user = found.users.change(
            OPERATOR,
            known.id,
            parents,
            name=name,
            role=role,
            reseller_id=reseller,
            moves=operator or reseller is not None,
        )
        found.audit.write(
            Act.USER_CHANGED, OPERATOR, user.email, address=_ADDRESS, role=user.role, reseller=user.reseller_id
        )
        click.echo(f"{user.email} is {user.name}, {user.role}.")


@users.command(cls=PlainCommand)
@click.argument("email")
def deactivate(email: str) -> None:
    """Let a person sign in no more; their sessions end at once."""
    parents = _parents()
    with _opened() as found:
        user = found.users.deactivate(OPERATOR, found.users.find(OPERATOR, email, parents).user.id, parents)
        found.audit.write(Act.USER_DEACTIVATED, OPERATOR, user.email, address=_ADDRESS)
        click.echo(f"{user.email} is deactivated and signed out everywhere.")


@users.command(cls=PlainCommand)
@click.argument("email")
def reactivate(email: str) -> None:
    """Let a deactivated person sign in again."""
    parents = _parents()
    with _opened() as found:
        user = found.users.reactivate(OPERATOR, found.users.find(OPERATOR, email, parents).user.id, parents)
        found.audit.write(Act.USER_REACTIVATED, OPERATOR, user.email, address=_ADDRESS)
        click.echo(f"{user.email} may sign in again.")


@users.command("reset-password", cls=PlainCommand)
@click.argument("email")
def reset_password(email: str) -> None:
    """Print a one-time link with which the person sets a new password."""
    parents = _parents()
    with _opened() as found:
        user = found.users.find(OPERATOR, email, parents).user
        token = found.users.issue_ticket(OPERATOR, user.id, parents)
        found.audit.write(Act.USER_INVITED, OPERATOR, user.email, address=_ADDRESS)
        click.echo(f"To set a new password, within 7 days: {_link(token)}")


@users.command("sign-out", cls=PlainCommand)
@click.argument("email")
def sign_out(email: str) -> None:
    """End every session of a person."""
    with _opened() as found:
        user = found.users.find(OPERATOR, email, _parents()).user
        ended = found.sessions.end_all(user)
        found.audit.write(Act.SIGN_OUT_EVERYWHERE, OPERATOR, user.email, address=_ADDRESS, sessions=ended)
        click.echo(f"Ended {ended:,} session{'' if ended == 1 else 's'} of {user.email}.")


@users.command(cls=PlainCommand)
def roles() -> None:
    """Every role and what it lets a person do."""
    with _opened() as found:
        for name, rights in found.roles.all().items():
            click.echo(f"{name}: {', '.join(RIGHTS[right] for right in Right if right in rights)}")


@users.command("set-role", cls=PlainCommand)
@click.argument("name")
@click.option(
    "--right",
    "rights",
    multiple=True,
    type=click.Choice([right.value for right in Right]),
    help="A right of the role; repeatable.",
)
@click.option("--delete", is_flag=True, help="Delete the role; nobody may have it.")
def set_role(name: str, rights: tuple[str, ...], delete: bool) -> None:
    """Make a role of your own, give it other rights, or delete it."""
    with _opened() as found:
        if delete:
            found.roles.drop(name, OPERATOR)
        else:
            found.roles.keep(name, map(Right, rights), OPERATOR)
        found.audit.write(Act.ROLE_CHANGED, OPERATOR, name, address=_ADDRESS, rights=sorted(rights), deleted=delete)
        click.echo(f"The role {name} is deleted." if delete else f"The role {name} is kept.")


@users.command(cls=PlainCommand)
@click.option("--act", type=click.Choice([act.value for act in Act]), help="Only what was done.")
@click.option("--words", default="", help="Only entries with these words in person, subject, address or detail.")
@click.option("--since", type=click.DateTime(), help="Only from this UTC date or time on.")
@click.option("--until", type=click.DateTime(), help="Only before this UTC date or time.")
def audit(act: str | None, words: str, since: datetime | None, until: datetime | None) -> None:
    """Write the audit log to standard output as CSV, newest first."""
    with _opened() as found:
        for piece in found.audit.as_csv(OPERATOR, Search(act=act, words=words, since=since, until=until)):
            click.echo(piece, nl=False)


commands: tuple[click.Command, ...] = (users,)
