"""The controls of our own: what the browser offers no accessible version of. assets/controls.js draws them.

Each class is a Dash component like any other, so callbacks read and set its properties. They are here because the
ready-made dropdown nests controls in its options and names neither its dialog nor its list, which shuts out people who
use a screen reader.
"""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.attributes import aria

ICONS = (
    "arrow-counterclockwise",
    "arrow-clockwise",
    "arrow-down",
    "arrow-left-right",
    "arrow-up",
    "bar-chart",
    "bookmark",
    "bookmark-star",
    "calendar3",
    "check2",
    "chevron-down",
    "chevron-up",
    "circle-half",
    "clock-history",
    "columns-gap",
    "copy",
    "download",
    "exclamation-triangle",
    "folder2-open",
    "fullscreen",
    "fullscreen-exit",
    "grip-vertical",
    "info-circle",
    "layout-three-columns",
    "link-45deg",
    "moon-stars",
    "pencil",
    "person-circle",
    "play-fill",
    "plus-lg",
    "search",
    "star",
    "star-fill",
    "sun",
    "table",
    "three-dots",
    "trash3",
    "x-lg",
)
"""Icons that the page uses, by their names in Bootstrap Icons: only these are sent to the browser."""


def withheld(id_: str) -> html.Span:
    """What stands, unseen, where a person has no right to what callbacks call ``id_``: they name it for everybody."""
    return html.Span(id=id_, hidden=True)


class _Control(Component):
    """A component that assets/controls.js draws under the same name."""

    _namespace = "customer_dynamics"
    _children_props = []
    _base_nodes = []
    _valid_wildcard_attributes = []
    available_wildcard_properties = []
    _prop_names = []

    def __init__(self, **props: Any) -> None:
        self.available_properties = self._prop_names
        super().__init__(**props)  # type: ignore[no-untyped-call]


class Picker(_Control):
    """A search field that picks one value, or with ``multi`` any number, from thousands.

    ``options`` are ``{"value", "label"}`` with an optional ``path`` shown before the label and searched with it.
    ``label`` is the accessible name; ``value`` is a value, or with ``multi`` a list.
    """

    _type = "Picker"
    _prop_names = [
        "id",
        "label",
        "options",
        "value",
        "multi",
        "placeholder",
        "invalid",
        "describedby",
        "disabled",
    ]


class AddMenu(_Control):
    """A button that opens a list with a search field at its top; ``picked`` is ``{"value", "at"}`` after a choice.

    ``groups`` are ``{"label", "items": [{"value", "label", "description"}]}``; values in ``hidden`` are left out.
    """

    _type = "AddMenu"
    _prop_names = ["id", "label", "search", "groups", "hidden", "picked", "empty"]


class OrderedList(_Control):
    """Chosen things in an order that buttons and dragging change; ``value`` lists them, ``items`` names them."""

    _type = "OrderedList"
    _prop_names = ["id", "label", "items", "value"]


class Chips(_Control):
    """Several typed texts as removable chips; ``problems`` maps a text to what is wrong with it."""

    _type = "Chips"
    _prop_names = [
        "id",
        "label",
        "value",
        "problems",
        "placeholder",
        "disabled",
        "invalid",
        "describedby",
        "hint",
    ]


class SavedList(_Control):
    """The Load Query menu: a searchable list of saved queries, each with its own acts.

    ``items`` are ``{"id", "title", "description", "note", "mine", "standard"}``; ``act`` is ``{"id", "act", "at"}``
    where the act is load, edit, duplicate, delete or standard.
    """

    _type = "SavedList"
    _prop_names = ["id", "label", "items", "act"]


class Still(_Control):
    """Parts of the page as plain elements: ``tree`` lists texts, and elements as ``[tag, attributes, *tree]``.

    Made by :func:`still`.
    """

    _type = "Still"
    _prop_names = ["tree"]


class Handed(_Control):
    """Invisible: hands ``data`` to the function of the page that ``to`` names ("report.rows"), now and when it changes.

    Unlike a clientside callback it does so in the same change of the page that shows the rest of the answer.
    """

    _type = "Handed"
    _prop_names = ["id", "to", "data"]


def still(*parts: Component | str) -> Still:
    """``parts`` as one component: for what no callback names and nobody clicks.

    Dash goes through all of its components after every change of any one, so a page of few of them answers sooner.
    """
    return Still(tree=[plain for part in parts for plain in _plain(part)])


def _plain(part: Any) -> list[Any]:
    if not isinstance(part, Component):
        return [str(part)]
    props = part.to_plotly_json()["props"]
    if isinstance(part, Still):
        return list(props["tree"])
    if part._namespace != "dash_html_components":
        raise ValueError(f"{part._type} has a life of its own: only plain HTML can be still.")
    children = props.pop("children", None)
    inner = children if isinstance(children, list | tuple) else [] if children is None else [children]
    return [[part._type.lower(), props, *(plain for child in inner for plain in _plain(child))]]


def icon(name: str) -> Still:
    """An icon of :data:`ICONS`, for the eye only: what it stands on must carry a name."""
    if name not in ICONS:
        raise ValueError(f"Icon {name} is not sent to the browser: add it to ICONS.")
    return still(html.Span(className=f"icon icon-{name}", **aria(hidden="true")))
