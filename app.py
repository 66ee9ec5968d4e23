"""Introduces the rooms to each other: services, layout, callbacks, routes, command line. Nobody imports this file."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import dash
import flask
from dash import html
from flask_caching import Cache

import callbacks
from callbacks import admin, api, gate, my_files, payload, routes, schedules, sign_in, trust
from data import commands, events
from data.errors import UserError
from data.places import close_places
from data.report.reports import Reports
from data.services import Services
from data.settings import Settings
from data.store.records import open_records
from data.version import VERSION
from data.warehouse.engines import open_warehouse
from data.warehouse.zones import Preparing
from layouts import page


def create_app(settings: Settings | None = None, *, serves: bool = True) -> dash.Dash:
    """A whole application; any number may live in one process. Settings come from the environment unless given.

    One that ``serves`` people refuses settings that would let in whom nobody meant to. Commands need no such thing.
    """
    settings = settings or Settings.from_environment()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    if settings.events:
        events.write_to(settings.events)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every plugin, before anybody asked
    close_places(settings)
    server = flask.Flask("customer_dynamics")
    cache = Cache(server, config=routes.cache_config(settings))
    warehouse = open_warehouse(settings)
    if serves:
        warehouse.on_missing = Preparing(settings, warehouse).want
    who = gate.local_operator if settings.sign_in == "none" else gate.asking
    services = Services(
        settings, warehouse, Reports(warehouse, cache, settings), open_records(settings), who, gate.asked_from
    )
    server.extensions["customer_dynamics"] = services  # where gunicorn.conf.py finds them
    app = dash.Dash(
        "customer_dynamics",
        server=server,
        title="Customer Dynamics",
        index_string=page.document(routes.addressed),
        update_title=None,
        assets_folder=str(routes.ASSETS),
        # The page asks for the first in its head, before anything is painted; the others are of other pages.
        assets_ignore=r"^theme\.js$|^plain\.css$|^welcome\.js$|^files\.js$",
        compress=True,
        serve_locally=True,
        on_error=callbacks.on_error,
    )
    trust.register(server, settings)
    # Dash would build the page now, to validate callbacks, and send it to every visitor a second time within the
    # document. Each visitor's own page holds every id, so it is validated against that.
    app.validation_layout = html.Div("in place of the page")
    app.layout = gate.or_nothing(callbacks.or_apology(lambda: page.build(services)), settings)
    app.validation_layout = None
    gate.register(server, services, serves=serves)
    sign_in.register(server, services)
    admin.register(server, services)
    api.register(server, services)
    my_files.register(server, services)
    schedules.register(server, services)
    callbacks.register_all(app, services)
    payload.register(app)
    routes.register(app, services)
    commands.register(server)
    return app


def create_server(settings: Settings | None = None, *, serves: bool = True) -> flask.Flask:
    """The WSGI application that a web server runs, and that `flask` takes its commands from.

    A setting that cannot be used ends the process with one sentence that names it.
    """
    try:
        return create_app(settings, serves=serves).server
    except UserError as fault:
        sys.stderr.write(f"{fault.message}\n")
        raise SystemExit(2) from fault


def __getattr__(name: str) -> flask.Flask:
    """Give `flask --app app` the server: it looks for a Flask named `app` first, and `create_app` makes a Dash."""
    if name == "app":
        return create_server(serves=False)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"Customer Dynamics {VERSION}\n")
        raise SystemExit(0)
    # As `make run` does, whatever folder it is started from.
    os.chdir(Path(__file__).resolve().parent)
    filled = subprocess.run([sys.executable, "-m", "flask", "demo", "--if-empty"], check=False)
    if filled.returncode:
        raise SystemExit(filled.returncode)
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "app:create_server()"])  # noqa: S606 - this program itself
