"""One look for all charts, light and dark.

The eight colours were searched for, not picked: in both variants each has at least 3:1 contrast against its background,
and any two stay apart for people with protan, deutan or tritan colour vision. A series that must take a colour again
also takes another dash, marker or pattern, so colour is never the only difference.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import plotly.graph_objects as go

from charts.spec import COLOURS

Mode = Literal["light", "dark"]

SURFACE: dict[Mode, str] = {"light": "#ffffff", "dark": "#1b1f24"}
"""What charts are drawn on: --surface of assets/tokens.css, as the cards around them."""

TEXT: dict[Mode, str] = {"light": "#1b1f24", "dark": "#e9ecf0"}
MUTED: dict[Mode, str] = {"light": "#545c67", "dark": "#aeb6c1"}
HAIRLINE: dict[Mode, str] = {"light": "#e2e5e9", "dark": "#30363e"}
BASELINE: dict[Mode, str] = {"light": "#868e99", "dark": "#78828f"}

SHADES: dict[Mode, dict[str, str]] = {
    "light": dict(
        zip(
            COLOURS,
            ("#3b64cd", "#a5601e", "#8b7df0", "#b28d19", "#075d7c", "#539f7a", "#976aa0", "#9f2434"),
            strict=True,
        )
    ),
    "dark": dict(
        zip(
            COLOURS,
            ("#5192f6", "#d27821", "#7a64d0", "#cdb954", "#56bfe8", "#81be94", "#af7da7", "#bb404a"),
            strict=True,
        )
    ),
}
OTHER: dict[Mode, str] = {"light": "#7b848e", "dark": "#8f98a2"}
"""The colour of No package."""

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "cross")
PATTERNS = ("", "\\", "x", "-", "|", "+")
"""What tells the second, third … series in one colour from the first."""

HATCH = "/"
"""What marks a bar that is not one of a whole bucket; no series has it otherwise."""

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', Arial, sans-serif"

IN_PRINT: dict[str, str] = {
    shades["dark"]: shades["light"]
    for shades in (
        SURFACE,
        TEXT,
        MUTED,
        HAIRLINE,
        BASELINE,
        OTHER,
        *({mode: SHADES[mode][name] for mode in SHADES} for name in COLOURS),
    )
}
"""What each colour of a chart in the dark becomes on paper."""

CONFIG: dict[str, Any] = {"displayModeBar": False, "displaylogo": False, "responsive": True, "showTips": False}
"""How a drawn chart behaves on a page: no floating tools (the card has them), sized by its card."""


def mode_of(dark: bool) -> Mode:
    """The variant's name."""
    return "dark" if dark else "light"


@cache
def template(mode: Mode) -> go.layout.Template:
    """The Plotly template of a variant."""
    axis = {
        "automargin": True,
        "fixedrange": True,
        "gridcolor": HAIRLINE[mode],
        "gridwidth": 1,
        "linecolor": BASELINE[mode],
        "zeroline": False,
        "tickcolor": HAIRLINE[mode],
        "tickfont": {"color": MUTED[mode], "size": 12},
        "title": {"font": {"color": MUTED[mode], "size": 12}, "standoff": 8},
        "exponentformat": "B",
        "minexponent": 3,
        "separatethousands": True,
    }
    return go.layout.Template(
        layout={
            "paper_bgcolor": SURFACE[mode],
            "plot_bgcolor": SURFACE[mode],
            "colorway": [SHADES[mode][name] for name in COLOURS],
            "font": {"family": FONT, "size": 12, "color": TEXT[mode]},
            "margin": {"l": 8, "r": 12, "t": 12, "b": 8},
            "bargap": 0.3,
            "bargroupgap": 0.06,
            "barcornerradius": 2,
            "dragmode": False,
            "hoverdistance": 40,
            "hoverlabel": {
                "bgcolor": SURFACE[mode],
                "bordercolor": BASELINE[mode],
                "font": {"family": FONT, "size": 12, "color": TEXT[mode]},
                "align": "left",
                "namelength": -1,
            },
            "legend": {
                "orientation": "h",
                "x": 0,
                "xanchor": "left",
                "y": 1.02,
                "yanchor": "bottom",
                "font": {"color": TEXT[mode], "size": 12},
                "bgcolor": "rgba(0,0,0,0)",
                "title": {"text": ""},
            },
            "xaxis": {**axis, "showgrid": False, "showline": True, "ticks": "outside", "ticklen": 4},
            "yaxis": {**axis, "showgrid": True, "showline": False, "ticks": ""},
        }
    )
