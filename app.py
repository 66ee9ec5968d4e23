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
from callbacks import routes, trust
from data import commands
from data.errors import UserError
from data.report.reports import Reports
from data.services import Services
from data.settings import Settings
from data.store.records import open_records
from data.warehouse.engines import open_warehouse
from layouts import page


def create_app(settings: Settings | None = None) -> dash.Dash:
    """A whole application; any number may live in one process. Settings come from the environment unless given."""
    settings = settings or Settings.from_environment()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every plugin, before anybody asked
    server = flask.Flask("customer_dynamics")
    cache = Cache(server, config=routes.cache_config(settings))
    warehouse = open_warehouse(settings)
    services = Services(settings, warehouse, Reports(warehouse, cache, settings), open_records(settings))
    server.extensions["customer_dynamics"] = services  # where gunicorn.conf.py finds them
    app = dash.Dash(
        "customer_dynamics",
        server=server,
        title="Customer Dynamics",
        index_string=page.document(routes.addressed),
        update_title=None,
        assets_folder=str(routes.ASSETS),
        assets_ignore=r"^theme\.js$",  # the page asks for it in its head, before anything is painted
        compress=True,
        serve_locally=True,
        on_error=callbacks.on_error,
    )
    trust.register(server, settings)
    # Dash would build the page now, to validate callbacks, and send it to every visitor a second time within the
    # document. Each visitor's own page holds every id, so it is validated against that.
    app.validation_layout = html.Div("in place of the page")
    app.layout = callbacks.or_apology(lambda: page.build(services))
    app.validation_layout = None
    callbacks.register_all(app, services)
    routes.register(app, services)
    commands.register(server)
    return app


def create_server(settings: Settings | None = None) -> flask.Flask:
    """The WSGI application that a web server runs, and that `flask` takes its commands from.

    A setting that cannot be used ends the process with one sentence that names it.
    """
    try:
        return create_app(settings).server
    except UserError as fault:
        sys.stderr.write(f"{fault.message}\n")
        raise SystemExit(2) from fault


def __getattr__(name: str) -> flask.Flask:
    """Give `flask --app app` the server: it looks for a Flask named `app` first, and `create_app` makes a Dash."""
    if name == "app":
        return create_server()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if __name__ == "__main__":
    # As `make run` does, whatever folder it is started from.
    os.chdir(Path(__file__).resolve().parent)
    filled = subprocess.run([sys.executable, "-m", "flask", "demo", "--if-empty"], check=False)
    if filled.returncode:
        raise SystemExit(filled.returncode)
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "app:create_server()"])  # noqa: S606 - this program itself
