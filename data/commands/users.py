"""`flask users`: makes and manages accounts, for the operator whoever runs the command."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from data.access import OPERATOR, RIGHTS, Right
from data.acts.accounts import Accounts
from data.commands.command import PlainCommand, WholeNumber
from data.commands.records import opened
from data.errors import UserError
from data.settings import Settings
from data.store.audit import Act, Search
from data.store.records import Records
from data.store.users import Parents
from data.warehouse.engines import open_warehouse
from data.warehouse.resellers import read_tree

_ADDRESS = "command line"


@click.group()
def users() -> None:
    """Accounts: who may sign in, with which role, for which company."""


@contextmanager
def _managing() -> Iterator[tuple[Records, Accounts, Callable[[str], str]]]:
    """The records, what can be done with accounts, and who has which id by their e-mail address."""
    parents = _parents()
    with opened() as found:
        yield (
            found,
            Accounts(found, OPERATOR, parents, _ADDRESS),
            lambda email: found.users.find(OPERATOR, email, parents).user.id,
        )


def _parents() -> Parents:
    return read_tree(open_warehouse(Settings.from_environment())).parents


def _link(token: str) -> str:
    return f"{Settings.from_environment().address}/welcome#{token}"


@users.command(cls=PlainCommand)
@click.argument("email")
@click.option("--name", help="How others see the person; the part before the @ unless given.")
@click.option("--role", default="Administrator", show_default=True, help="See `flask users roles`.")
@click.option("--reseller", type=WholeNumber(), help="Id of the person's reseller; without it the operator's.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of making a link.")
def create(email: str, name: str | None, role: str, reseller: int | None, password_stdin: bool) -> None:
    """Make an account. Prints a one-time link with which its person sets a password.

    The first account is an Administrator of the operator, who takes over what was made before there were accounts.
    """
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with _managing() as (_, accounts, _):
        user, token = accounts.create(
            email, name or email.partition("@")[0], role, reseller_id=reseller, password=password
        )
    click.echo(f"Made the account of {user.email} ({user.role}).")
    if token is not None:
        click.echo(f"To set a password, within 7 days: {_link(token)}")


@users.command("list", cls=PlainCommand)
def list_users() -> None:
    """Every account with its role, company and state."""
    with opened() as found:
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
    moves = operator or reseller is not None
    with _managing() as (_, accounts, id_of):
        user = accounts.change(id_of(email), name=name, role=role, reseller_id=reseller, moves=moves)
    click.echo(f"{user.email} is {user.name}, {user.role}.")


@users.command(cls=PlainCommand)
@click.argument("email")
def deactivate(email: str) -> None:
    """Let a person sign in no more; their sessions end at once."""
    with _managing() as (_, accounts, id_of):
        user = accounts.deactivate(id_of(email))
    click.echo(f"{user.email} is deactivated and signed out everywhere.")


@users.command(cls=PlainCommand)
@click.argument("email")
def reactivate(email: str) -> None:
    """Let a deactivated person sign in again."""
    with _managing() as (_, accounts, id_of):
        user = accounts.reactivate(id_of(email))
    click.echo(f"{user.email} may sign in again.")


@users.command("reset-password", cls=PlainCommand)
@click.argument("email")
def reset_password(email: str) -> None:
    """Print a one-time link with which the person sets a new password."""
    with _managing() as (_, accounts, id_of):
        _, token = accounts.invite(id_of(email))
    click.echo(f"To set a new password, within 7 days: {_link(token)}")


@users.command("sign-out", cls=PlainCommand)
@click.argument("email")
def sign_out(email: str) -> None:
    """End every session of a person."""
    with _managing() as (_, accounts, id_of):
        user, ended = accounts.sign_out(id_of(email))
    click.echo(f"Ended {ended:,} session{'' if ended == 1 else 's'} of {user.email}.")


@users.command(cls=PlainCommand)
def roles() -> None:
    """Every role and what it lets a person do."""
    with opened() as found:
        for name, rights in found.roles.all().items():
            click.echo(f"{name}: {', '.join(RIGHTS[right] for right in Right if right in rights)}")


@users.command("set-role", cls=PlainCommand)
@click.argument("name")
@click.option(
    "--right",
    "rights",
    multiple=True,
    type=click.Choice([right.value for right in Right]),
    help="A right of it; repeatable.",
)
@click.option("--delete", is_flag=True, help="Delete the role; nobody may have it.")
def set_role(name: str, rights: tuple[str, ...], delete: bool) -> None:
    """Make a role of your own, give it other rights, or delete it."""
    with _managing() as (_, accounts, _):
        if delete:
            accounts.drop_role(name)
        else:
            accounts.set_role(name, map(Right, rights))
    click.echo(f"The role {name} is deleted." if delete else f"The role {name} is kept.")


@users.command(cls=PlainCommand)
@click.option("--act", type=click.Choice([act.value for act in Act]), help="Only what was done.")
@click.option("--words", default="", help="Only entries with these words in person, subject, address or detail.")
@click.option("--since", type=click.DateTime(), help="Only from this UTC date or time on.")
@click.option("--until", type=click.DateTime(), help="Only before this UTC date or time.")
def audit(act: str | None, words: str, since: datetime | None, until: datetime | None) -> None:
    """Write the audit log to standard output as CSV, newest first."""
    with opened() as found:
        for piece in found.audit.as_csv(OPERATOR, Search(act=act, words=words, since=since, until=until)):
            click.echo(piece, nl=False)


commands: tuple[click.Command, ...] = (users,)
