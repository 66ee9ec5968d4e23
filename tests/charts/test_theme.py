"""The colours can be read and told apart, in light and dark, by colour-blind people too."""

from __future__ import annotations

import math
import re
from itertools import combinations
from pathlib import Path

import pytest

from charts.spec import COLOURS
from charts.theme import DASHES, IN_PRINT, MARKERS, MUTED, OTHER, PATTERNS, SHADES, SURFACE, TEXT, Mode
from data.report.catalog import METRIC, METRICS

Colour = tuple[float, float, float]
MODES: tuple[Mode, ...] = ("light", "dark")

# How people without one kind of cone see linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
EYES: dict[str, tuple[Colour, Colour, Colour]] = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def linear(shade: str) -> Colour:
    parts = [int(shade[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def contrast(one: str, other: str) -> float:
    light = sorted(
        sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear(shade), strict=True))
        for shade in (one, other)
    )
    return (light[1] + 0.05) / (light[0] + 0.05)


def seen(shade: str, eye: str) -> Colour:
    """Where a colour lies in the OKLab space for an eye."""
    red, green, blue = (max(0.0, sum(a * b for a, b in zip(row, linear(shade), strict=True))) for row in EYES[eye])
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


@pytest.mark.parametrize("mode", MODES)
def test_every_colour_stands_out_from_its_background(mode: Mode) -> None:
    for shade in (*SHADES[mode].values(), OTHER[mode]):
        assert contrast(shade, SURFACE[mode]) >= 3, shade


@pytest.mark.parametrize("mode", MODES)
def test_text_can_be_read(mode: Mode) -> None:
    assert min(contrast(TEXT[mode], SURFACE[mode]), contrast(MUTED[mode], SURFACE[mode])) >= 4.5


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("mode", MODES)
def test_any_two_colours_can_be_told_apart(mode: Mode, eye: str) -> None:
    for one, other in combinations(SHADES[mode].values(), 2):
        assert math.dist(seen(one, eye), seen(other, eye)) > 0.05, (one, other)


def test_charts_stand_on_the_surface_of_the_page() -> None:
    tokens = (Path(__file__).parents[2] / "assets" / "tokens.css").read_text("utf-8")
    light, dark = re.findall(r"--surface: (#\w+);", tokens)
    assert {"light": light, "dark": dark} == SURFACE


def test_metrics_of_one_group_have_different_colours() -> None:
    assert {metric.colour for metric in METRICS} <= set(SHADES["light"])
    for group in {metric.group for metric in METRICS}:
        mine = [metric.colour for metric in METRICS if metric.group == group]
        assert len(set(mine)) == len(mine)


@pytest.mark.parametrize(
    "together",
    [
        ("clients_active_qty", "clients_overall_active_qty", "clients_all_qty"),
        ("clients_active_qty", "balance_refill_total", "payg_total", "packages_renew_total"),
        ("balance_refill_total", "payg_total", "packages_activation_total", "packages_renew_total"),
    ],
)
def test_metrics_that_are_compared_have_different_colours(together: tuple[str, ...]) -> None:
    assert len({METRIC[metric].colour for metric in together}) == len(together)


def test_a_series_in_a_colour_already_taken_differs_otherwise() -> None:
    assert len(set(DASHES)) == len(set(MARKERS)) == len(set(PATTERNS)) == 6
    assert len(COLOURS) * 6 == 48


def test_every_colour_of_the_dark_has_one_on_paper() -> None:
    """Were two of them one in the dark, one of the two would be wrong on paper."""
    dark = [*SHADES["dark"].values(), SURFACE["dark"], TEXT["dark"], MUTED["dark"], OTHER["dark"]]
    light = [*SHADES["light"].values(), SURFACE["light"], TEXT["light"], MUTED["light"], OTHER["light"]]
    assert [IN_PRINT[shade] for shade in dark] == light
    assert len(set(dark)) == len(dark)
