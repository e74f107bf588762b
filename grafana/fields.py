"""How a column of an answer is shown: its title, unit, colour, words and links, by its name.

Statements name columns in English and once for all languages; what people read is decided here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from grafana.language import Language, Text
from grafana.sdk import common, dashboard
from grafana.theme import Colour, Thresholds, Unit, Word

Words = Mapping[str, Word]

NOTHING = "—"
"""A cell of which there is nothing to say."""


class Link(NamedTuple):
    """Where a click on a value leads; `url` may hold Grafana's own variables."""

    title: Text
    url: str

    def model(self, language: Language) -> dashboard.DashboardLink:
        """As Grafana stores it."""
        return dashboard.DashboardLink(
            title=self.title.in_(language),
            type_val=dashboard.DashboardLinkType.LINK,
            url=self.url,
            tags=[],
        )


class Column(NamedTuple):
    """One column of a table. With `thresholds` or `words` its cells are coloured.

    `width` is fixed, in pixels, so that nothing jumps when rows change; one column of a table has
    none and takes what is left. A hidden column is there for links only.
    """

    field: str
    title: Text
    unit: Unit = Unit.TEXT
    width: int | None = None
    decimals: int | None = None
    thresholds: Thresholds | None = None
    words: Words | None = None
    link: Link | None = None
    is_hidden: bool = False
    is_gauge: bool = False
    scheme: dashboard.FieldColorModeId | None = None

    def properties(self, language: Language) -> dict[str, object]:
        """The overrides of the column, by their ids."""
        if self.is_hidden:
            # The first is the table's of Grafana 12, the second that of its successor.
            return {"custom.hidden": True, "custom.hideFrom": {"viz": True}}
        found: dict[str, object] = {
            "displayName": self.title.in_(language),
            "unit": self.unit,
            "decimals": self.decimals,
            "custom.width": self.width,
            "thresholds": self.thresholds and self.thresholds.model(),
            # Else an empty cell would say what the table says when it has no row at all.
            "noValue": NOTHING,
            "mappings": self._mappings(language),
            "links": self.link and [self.link.model(language)],
            "custom.cellOptions": self._cell(),
        }
        if self.is_gauge:
            found |= {"min": 0, "max": 1}
        if self.scheme is not None:
            found["color"] = dashboard.FieldColor(mode=self.scheme)
        elif self.thresholds is not None:
            found["color"] = dashboard.FieldColor(mode=dashboard.FieldColorModeId.THRESHOLDS)
        return {name: value for name, value in found.items() if value is not None}

    def _mappings(self, language: Language) -> object:
        if self.words is not None:
            return [value_map(self.words, language)]
        if self.thresholds is not None:
            # Nothing is neither good nor bad: Grafana would give it the colour of the lowest step.
            return [nothing_map(NOTHING, Colour.NONE)]
        return None

    def _cell(self) -> object:
        if self.is_gauge:
            return common.TableBarGaugeCellOptions(
                mode=common.BarGaugeDisplayMode.BASIC,
                value_display_mode=common.BarGaugeValueMode.TEXT,
            )
        if self.thresholds is not None or self.words is not None or self.scheme is not None:
            return common.TableColoredBackgroundCellOptions(
                mode=common.TableCellBackgroundDisplayMode.BASIC
            )
        return None


class Series(NamedTuple):
    """One series of a chart: bars that stack, or a line with an axis of its own at the right."""

    field: str
    title: Text
    colour: Colour
    unit: Unit = Unit.COUNT
    is_line: bool = False
    is_dashed: bool = False
    is_at_right: bool = False
    highest: float | None = None

    def properties(self, language: Language) -> dict[str, object]:
        """The overrides of the series, by their ids."""
        found: dict[str, object] = {
            "displayName": self.title.in_(language),
            "unit": self.unit,
            "color": fixed(self.colour),
        }
        if self.is_line:
            found |= {
                "custom.drawStyle": common.GraphDrawStyle.LINE,
                "custom.fillOpacity": 0 if self.is_dashed or self.is_at_right else 10,
                "custom.lineWidth": 2,
                "custom.stacking": common.StackingConfig(mode=common.StackingMode.NONE),
            }
        if self.is_dashed:
            found["custom.lineStyle"] = common.LineStyle(fill="dash", dash=[8, 8])
        if self.is_at_right:
            found["custom.axisPlacement"] = common.AxisPlacement.RIGHT
        if self.highest is not None:
            found |= {"min": 0, "max": self.highest}
        return found


def fixed(colour: Colour) -> dashboard.FieldColor:
    """One colour whatever the value."""
    return dashboard.FieldColor(mode=dashboard.FieldColorModeId.FIXED, fixed_color=colour)


def value_map(words: Words, language: Language) -> dashboard.ValueMap:
    """The words and colours that stand for values."""
    return dashboard.ValueMap(
        options={
            value: dashboard.ValueMappingResult(
                text=word.text.in_(language), color=word.colour, index=index
            )
            for index, (value, word) in enumerate(words.items())
        }
    )


def nothing_map(text: str, colour: Colour) -> dashboard.SpecialValueMap:
    """The text and colour of a number that is not there."""
    return dashboard.SpecialValueMap(
        dashboard.DashboardSpecialValueMapOptions(
            match=dashboard.SpecialValueMatch.NULL_AND_NAN,
            result=dashboard.ValueMappingResult(text=text, color=colour, index=0),
        )
    )


def overrides(
    described: Iterable[Column | Series], language: Language
) -> list[dashboard.DashboardFieldConfigSourceOverrides]:
    """The overrides of several columns, each found by its name."""
    return [override(each.field, each.properties(language)) for each in described]


def override(
    field: str, properties: Mapping[str, object]
) -> dashboard.DashboardFieldConfigSourceOverrides:
    """What differs for the field of this name, by the ids of the properties."""
    return dashboard.DashboardFieldConfigSourceOverrides(
        matcher=dashboard.MatcherConfig(id_val="byName", options=field),
        properties=[
            dashboard.DynamicConfigValue(id_val=name, value=value)
            for name, value in properties.items()
        ],
    )


class Part(NamedTuple):
    """What a panel takes of an answer that others draw too: some of its fields and rows.

    Rows are those in which the field `there` holds something; with `value`, those where it is that.
    """

    fields: Sequence[str]
    there: str
    value: str | None = None

    def transformations(self) -> list[dashboard.DataTransformerConfig]:
        """As Grafana makes them, in this order."""
        config: dict[str, object] = (
            {"id": "isNotNull", "options": {}}
            if self.value is None
            else {"id": "equal", "options": {"value": self.value}}
        )
        rows = {"fieldName": self.there, "config": config}
        return [
            dashboard.DataTransformerConfig(
                id_val="filterByValue",
                options={"filters": [rows], "match": "all", "type": "include"},
            ),
            _keeping(self.fields),
        ]


NUMBERS = Part(("name", "value", "low", "high", "colour"), there="name")
"""The large numbers of an answer that holds something else beside them."""


def taking(names: Sequence[str]) -> list[dashboard.DataTransformerConfig]:
    """Makes one field of each row of an answer (name, value, low, high, colour), and keeps some."""
    return [
        dashboard.DataTransformerConfig(
            id_val="rowsToFields",
            options={
                "mappings": [
                    {"fieldName": "name", "handlerKey": "field.name"},
                    {"fieldName": "value", "handlerKey": "field.value"},
                    {"fieldName": "low", "handlerKey": "min"},
                    {"fieldName": "high", "handlerKey": "max"},
                    {"fieldName": "colour", "handlerKey": "color"},
                ]
            },
        ),
        _keeping(names),
    ]


def _keeping(names: Sequence[str]) -> dashboard.DataTransformerConfig:
    return dashboard.DataTransformerConfig(
        id_val="filterFieldsByName", options={"include": {"names": list(names)}}
    )
