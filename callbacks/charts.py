"""Showing charts of the report on the page, and keeping them as presets of one's own."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import cache
from typing import Any

import brotli
import flask
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from plotly.offline import get_plotlyjs

from callbacks import read
from callbacks.errors import say
from callbacks.form import language
from charts.presets import refit
from charts.spec import ChartSpec
from data.errors import UserError
from data.report.result import ReportResult
from data.services import Services
from data.store.chart_presets import PresetGone
from layouts import chart
from layouts.ids import Chart, Stores


def register(app: Dash, services: Services) -> None:
    """Register the acts of this file on ``app``."""
    server: flask.Flask = app.server
    server.add_url_rule("/-/plotly.js", "plotly", send_plotly)
    begun = threading.Event()

    @server.before_request
    def pack_plotly() -> None:
        """Have it ready before the first chart is asked for; not at the start, which commands share."""
        if flask.request.path in {"/", "/view"} and not begun.is_set():
            begun.set()
            threading.Thread(target=_packed_plotly, name="pack plotly.js", daemon=True).start()

    app.clientside_callback(
        ClientsideFunction("charts", "add"),
        Output(Stores.CHARTS, "data", allow_duplicate=True),
        Input({"type": Chart.ADD, "preset": ALL}, "n_clicks"),
        State(Stores.CHARTS, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("charts", "ask"),
        Output(Chart.ASKED, "data"),
        Input(Stores.CHARTS, "data"),
        Input(Stores.THEME, "data"),
        Input(Chart.LOOK, "data"),
        State(Stores.REPORT, "data"),
        State(Chart.DRAWN, "data"),
        prevent_initial_call=True,
    )

    @app.callback(Output(Chart.DRAWN, "data"), Input(Chart.ASKED, "data"), prevent_initial_call=True)
    def draw_charts(asked: object) -> Any:
        if not asked:
            return no_update
        sight = read.read_sight(asked)
        specs = read_charts(services, sight.charts)
        result = services.records.snapshots.peek(sight.link, services.user()).result if specs else None
        fitted, cards = faces(specs, result, dark=sight.dark, narrow=sight.narrow)
        # The browser takes the fitted specs over, but not those of charts that were changed in the meantime.
        return {"asked": asked, "charts": [spec.to_json() for spec in fitted], "cards": cards}

    app.clientside_callback(ClientsideFunction("charts", "drawn"), Input(Chart.DRAWN, "data"))

    @app.callback(
        Output(Chart.MENU, "children"),
        Input(Chart.KEEP, "data"),
        prevent_initial_call=True,
    )
    def keep_preset(kept: object) -> Any:
        if not kept:
            return no_update
        user = services.user()
        spec = replace(ChartSpec.from_json(read.read_kept(kept)), id="", preset=None)
        try:
            services.records.chart_presets.create(user, spec.title, spec.to_json())
        except UserError as fault:
            # Not the title field of a dialog: there is none here.
            say(fault.message, "warning")
            return no_update
        say(f"Saved as preset: {spec.title} is in the Show Chart menu now.", "good", seconds=6)
        return chart.entries(services.records.chart_presets.list(user), user)

    @app.callback(
        Output(Chart.MENU, "children", allow_duplicate=True),
        Input({"type": Chart.FORGET, "preset": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def forget_preset(clicks: list[int | None]) -> Any:
        # A menu that has just been drawn triggers too, without a click.
        if not any(clicks) or not isinstance(ctx.triggered_id, dict):
            return no_update
        user = services.user()
        try:
            title = services.records.chart_presets.get(ctx.triggered_id["preset"], user).title
            services.records.chart_presets.delete(ctx.triggered_id["preset"], user)
            say(f"The preset {title} was deleted; charts made from it stay.", seconds=6)
        except PresetGone as fault:
            say(fault.message, "warning")
        return chart.entries(services.records.chart_presets.list(user), user)


def send_plotly() -> flask.Response:
    """plotly.js, compressed once: doing so for each visitor would hold up their first chart by half a second."""
    packed = flask.request.accept_encodings["br"] > 0
    response = flask.Response(_packed_plotly() if packed else get_plotlyjs(), mimetype="text/javascript")
    if packed:
        response.headers["Content-Encoding"] = "br"
    response.vary.add("Accept-Encoding")
    # The address carries the version.
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@cache
def _packed_plotly() -> bytes:
    packed: bytes = brotli.compress(get_plotlyjs().encode(), quality=5)
    return packed


def read_charts(services: Services, data: tuple[object, ...]) -> tuple[ChartSpec, ...]:
    """The charts that the page asks for. One that cannot be read is left out, and the person is told why."""
    found = []
    for item in data:
        try:
            found.append(_unfolded(services, ChartSpec.from_json(item)))
        except UserError as fault:
            say(f"A chart was left out: {fault.message}", "warning")
    return tuple(found)


def _unfolded(services: Services, spec: ChartSpec) -> ChartSpec:
    """The chart that a preset of one's own stands for; any other as it is."""
    if spec.preset is None or not spec.preset.startswith(chart.OWN):
        return spec
    own = services.records.chart_presets.get(spec.preset.removeprefix(chart.OWN), services.user())
    return replace(ChartSpec.from_json(own.spec), id=spec.id, preset=None, title=own.title)


def faces(
    specs: tuple[ChartSpec, ...], result: ReportResult | None, *, dark: bool, narrow: bool
) -> tuple[tuple[ChartSpec, ...], list[dict[str, Any]]]:
    """The charts in the form that suits ``result``, and what is on the card of each."""
    if result is None:
        return specs, []
    fitted = tuple(refit(spec, result) for spec in specs)
    return fitted, [chart.face(spec, result, dark=dark, narrow=narrow, locale=language()) for spec in fitted]
