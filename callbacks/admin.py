"""Administration: accounts, everybody's links, the audit log. Plain pages, for those who may manage users."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import flask
from flask_wtf.csrf import generate_csrf

from callbacks.gate import asking
from data.access import RIGHTS, Right, User, visible_owners
from data.acts.accounts import Accounts
from data.acts.names import known_names
from data.delivery.mail import Mail, post
from data.errors import UserError
from data.services import Services
from data.store.audit import PAGE, Act, Entry, Search
from data.store.users import AccountGone
from data.warehouse.resellers import Tree, read_tree
from data.words.question import tell
from layouts.pages import render_page


def register(server: flask.Flask, services: Services) -> None:
    """Register the addresses of this file on ``server``. With SIGN_IN=none there is nobody to manage."""
    if services.settings.sign_in == "none":
        return
    _users(server, services)
    _links(server, services)
    _audit(server, services)


def _page(template: str, **values: Any) -> str:
    return render_page(template, csrf=generate_csrf(), signed_in=True, person=asking(), **values)


def _users(server: flask.Flask, services: Services) -> None:
    def acts(tree: Tree) -> Accounts:
        return Accounts(services.records, asking(), tree.parents, flask.request.remote_addr or "")

    def listing(tree: Tree, *, message: str = "", tone: str = "good", link: str = "", given: Any = None) -> str:
        actor = asking()
        return _page(
            "users.html",
            accounts=services.records.users.managed_by(actor, tree.parents),
            companies=tree.names,
            choices=_companies(actor, tree),
            roles=_roles(services, actor),
            message=message,
            tone=tone,
            link=link,
            given=given or {},
        )

    def one(tree: Tree, user_id: str, *, message: str = "", tone: str = "good", link: str = "") -> str:
        actor = asking()
        account = services.records.users.managed(actor, user_id, tree.parents)
        return _page(
            "user.html",
            account=account,
            companies=tree.names,
            choices=_companies(actor, tree),
            roles=_roles(services, actor),
            sessions=services.records.sessions.of(account.user),
            message=message,
            tone=tone,
            link=link,
        )

    @server.get("/users")
    def users() -> str:
        asking().require(Right.USERS)
        return listing(read_tree(services.warehouse))

    @server.post("/users", endpoint="create_user")
    def create_user() -> Any:
        form, tree = flask.request.form, read_tree(services.warehouse)
        asking().require(Right.USERS)
        try:
            user, token = acts(tree).create(
                form.get("email", ""),
                form.get("name", "") or form.get("email", "").partition("@")[0],
                form.get("role", ""),
                reseller_id=_reseller(form.get("company", "")),
            )
        except UserError as fault:
            return listing(tree, message=fault.message, tone="bad", given=form), 400
        said, link = _hand_over(services, user, token or "")
        return listing(tree, message=f"Made the account of {user.email}. {said}", link=link)

    @server.get("/users/<user_id>")
    def user(user_id: str) -> str:
        return one(read_tree(services.warehouse), user_id)

    @server.post("/users/<user_id>", endpoint="change_user")
    def change_user(user_id: str) -> Any:
        form, tree = flask.request.form, read_tree(services.warehouse)
        accounts, link = acts(tree), ""
        try:
            match form.get("act"):
                case "change":
                    company = form.get("company", "")
                    accounts.change(
                        user_id,
                        name=form.get("name"),
                        role=form.get("role"),
                        reseller_id=_reseller(company),
                        moves=True,
                    )
                    said = "Saved; it holds from the person's next click on."
                case "invite":
                    known, token = accounts.invite(user_id)
                    said, link = _hand_over(services, known, token)
                case "sign out":
                    _, ended = accounts.sign_out(user_id)
                    said = f"Ended {ended:,} session{'' if ended == 1 else 's'}."
                case "deactivate":
                    accounts.deactivate(user_id)
                    said = "Deactivated, and signed out everywhere."
                case "reactivate":
                    accounts.reactivate(user_id)
                    said = "The person may sign in again."
                case _:
                    raise UserError("There is no such act: use the buttons of the page.")
        except AccountGone:
            raise
        except UserError as fault:
            return one(tree, user_id, message=fault.message, tone="bad"), 400
        return one(tree, user_id, message=said, link=link)


def _hand_over(services: Services, user: User, token: str) -> tuple[str, str]:
    """Mail a one-time link to its person if mail is set up, else give it to who made it; what to say, and the link."""
    link = f"{services.settings.address}/welcome#{token}"
    if services.settings.smtp_host:
        text = render_page("invitation.txt", name=user.name, link=link)
        try:
            refused = post(
                services.settings, Mail(to=(user.email,), subject="Your account for Customer Dynamics", text=text)
            )
        except (OSError, UserError):
            refused = {user.email: "the mail server did not take it"}
        if not refused:
            return f"A one-time link to set a password was mailed to {user.email}; it works for 7 days.", ""
    return "Give the person this one-time link to set a password; it works once, for 7 days:", link


def _companies(actor: User, tree: Tree) -> list[tuple[str, str]]:
    """Where ``actor`` may give accounts: the value of each choice and its words, the operator first."""
    seen = visible_owners(actor, tree.parents)
    found = [("", "Operator")] if seen is None else []
    below = tree.names if seen is None else {id_: name for id_, name in tree.names.items() if id_ in seen}
    return found + [
        (str(id_), f"{name} ({id_})") for id_, name in sorted(below.items(), key=lambda item: (item[1], item[0]))
    ]


def _roles(services: Services, actor: User) -> list[tuple[str, str]]:
    """The roles that ``actor`` may give, and what each lets a person do."""
    known = services.records.roles.all()
    return [
        (name, ", ".join(RIGHTS[right] for right in Right if right in rights))
        for name, rights in known.items()
        if rights <= actor.granted
    ]


def _reseller(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal():
        raise UserError("The company is not one of the list: choose one of it.", field="reseller")
    return int(text)


def _links(server: flask.Flask, services: Services) -> None:
    snapshots = services.records.snapshots

    def owners() -> dict[str, User]:
        accounts = services.records.users.managed_by(asking(), read_tree(services.warehouse).parents)
        return {account.user.id: account.user for account in accounts}

    def listing(message: str = "") -> str:
        known = owners()
        names = known_names(services, asking())
        links = [
            (link, tell(link.query, names, name=link.title).told if link.query else "")
            for link in snapshots.managed(asking(), known)
        ]
        return _page("links.html", links=links, owners=known, message=message)

    @server.get("/links")
    def all_links() -> str:
        return listing()

    @server.post("/links", endpoint="manage_link")
    def manage_link() -> str:
        form, restores = flask.request.form, flask.request.form.get("act") == "restore"
        act = snapshots.restore if restores else snapshots.revoke
        link = act(form.get("link", ""), asking(), managed=owners())
        services.records.audit.write(
            Act.LINK_RESTORED if restores else Act.LINK_REVOKED,
            asking(),
            link.id[:6],
            address=flask.request.remote_addr or "",
            owner=link.owner_id,
        )
        return listing("Restored: the link works again." if restores else "Revoked: the link leads nowhere now.")


def _audit(server: flask.Flask, services: Services) -> None:
    def search() -> Search:
        asked = flask.request.args
        act = asked.get("act") or None
        if act is not None and act not in {item.value for item in Act}:
            raise UserError(f"There is no act {act!r} in the log: choose one of the list.", field="act")
        return Search(act=act, words=asked.get("words", "").strip()[:200], since=_day("since"), until=_day("until", 1))

    @server.get("/audit")
    def audit() -> Any:
        asking().require(Right.USERS)
        problem = ""
        entries: tuple[Entry, ...] = ()
        try:
            before = flask.request.args.get("before", "")
            entries = services.records.audit.read(
                asking(), search(), before=int(before) if before.isdecimal() else None, limit=PAGE
            )
        except UserError as fault:
            if fault.field is None:
                raise
            problem = fault.message
        kept = {name: value for name, value in flask.request.args.items() if name != "before" and value}
        page = _page(
            "audit.html",
            entries=entries,
            acts=[item.value for item in Act],
            asked=flask.request.args,
            kept=kept,
            more=entries[-1].id if len(entries) == PAGE else None,
            problem=problem,
        )
        return page, 400 if problem else 200

    @server.get("/audit.csv")
    def audit_csv() -> flask.Response:
        actor, wanted = asking(), search()
        actor.require(Right.USERS)
        address = flask.request.remote_addr or ""
        services.records.audit.write(
            Act.AUDIT_EXPORTED,
            actor,
            address=address,
            search=flask.request.query_string.decode()[:500],
        )
        return flask.Response(
            services.records.audit.as_csv(actor, wanted),
            mimetype="text/csv",
            headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
        )


def _day(name: str, plus: int = 0) -> datetime | None:
    text = flask.request.args.get(name, "")
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time()) + timedelta(days=plus)
    except (ValueError, OverflowError):
        raise UserError(f"{text!r} is not a date: write it as 2026-03-15.", field=name) from None
