"""The kinds of panels there are, each with what all of its kind have in common.

Every panel has a title, a description that says what the number means, a place, and words for when
there is nothing to show; nothing else is left to Grafana's defaults.
"""

from collections.abc import Sequence
from typing import NamedTuple

from grafana.fields import Column, Link, Part, nothing_map, override, overrides, taking
from grafana.language import Language, Text, same
from grafana.sdk import (
    CLICKHOUSE,
    PROMETHEUS,
    SHARED,
    ClickHouseQuery,
    Dataquery,
    SharedQuery,
    bargauge,
    common,
    dashboard,
    prometheus_query,
    stat,
    table,
)
from grafana.theme import NEUTRAL, PLAIN, Colour, Thresholds, Unit

NO_DATA = Text("sem dados", "no data")
_DASH = same("—")


class Place(NamedTuple):
    """Where a panel stands on the grid of 24 columns; a unit of height is 38 pixels."""

    x: int
    y: int
    width: int
    height: int


class Head(NamedTuple):
    """What every panel has. `number` is its id, unique on its page and never changed."""

    number: int
    title: Text
    description: Text
    place: Place


class Card(NamedTuple):
    """One number of a stat; `title` is shown where several stand side by side."""

    field: str
    title: Text = same("")


def cards(
    head: Head,
    language: Language,
    query: Dataquery,
    numbers: Sequence[Card],
    *,
    unit: Unit = Unit.COUNT,
    decimals: int = 0,
    thresholds: Thresholds = NEUTRAL,
    none: Text = _DASH,
    link: Link | None = None,
    part: Part | None = None,
) -> dashboard.Panel:
    """Large numbers on coloured ground, of an answer, or part of one, with a row for each."""
    panel = panel_of(head, language, "stat", query)
    panel.transformations = [
        *(part.transformations() if part else []),
        *taking([number.field for number in numbers]),
    ]
    panel.options = stat.Options(
        graph_mode=common.BigValueGraphMode.NONE,
        color_mode=common.BigValueColorMode.BACKGROUND_SOLID,
        justify_mode=common.BigValueJustifyMode.CENTER,
        text_mode=common.BigValueTextMode.VALUE_AND_NAME
        if len(numbers) > 1
        else common.BigValueTextMode.VALUE,
        reduce_options=common.ReduceDataOptions(calcs=["lastNotNull"], fields="", values=False),
        orientation=common.VizOrientation.AUTO,
    )
    panel.field_config = dashboard.FieldConfigSource(
        defaults=dashboard.FieldConfig(
            unit=unit,
            decimals=decimals,
            thresholds=thresholds.model(),
            color=dashboard.FieldColor(mode=dashboard.FieldColorModeId.THRESHOLDS),
            no_value=none.in_(language),
            # Else nothing would have the colour of the lowest step: green, or red.
            mappings=[nothing_map(none.in_(language), Colour.GREY)],
            links=[link.model(language)] if link else None,
        ),
        overrides=[
            override(number.field, {"displayName": number.title.in_(language)})
            for number in numbers
            if number.title.pt
        ],
    )
    return panel


def rows(
    head: Head,
    language: Language,
    query: Dataquery,
    columns: Sequence[Column],
    *,
    none: Text = NO_DATA,
    part: Part | None = None,
) -> dashboard.Panel:
    """A table. The order of its rows is the statement's, a row of totals too."""
    panel = panel_of(head, language, "table", query)
    if part:
        panel.transformations = part.transformations()
    panel.options = table.Options(
        cell_height=common.TableCellHeight.SM,
        footer=common.TableFooterOptions(show=False, reducer=[], count_rows=False),
        sort_by=[],
    )
    panel.field_config = dashboard.FieldConfigSource(
        defaults=dashboard.FieldConfig(
            unit=Unit.TEXT,
            thresholds=PLAIN.model(),
            color=dashboard.FieldColor(mode=dashboard.FieldColorModeId.THRESHOLDS),
            no_value=none.in_(language),
            mappings=[],
            custom=common.TableFieldOptions(
                align=common.FieldTextAlignment.AUTO,
                cell_options=common.TableAutoCellOptions(),
                filterable=False,
            ),
        ),
        overrides=overrides(columns, language),
    )
    return panel


def gauges(
    head: Head,
    language: Language,
    query: Dataquery,
    *,
    value: str,
    unit: Unit,
    thresholds: Thresholds,
    highest: float | None = None,
) -> dashboard.Panel:
    """One horizontal bar per row of the answer, named by its text column."""
    panel = panel_of(head, language, "bargauge", query)
    panel.options = bargauge.Options(
        display_mode=common.BarGaugeDisplayMode.BASIC,
        value_mode=common.BarGaugeValueMode.TEXT,
        name_placement=common.BarGaugeNamePlacement.LEFT,
        sizing=common.BarGaugeSizing.MANUAL,
        min_viz_height=16,
        max_viz_height=24,
        orientation=common.VizOrientation.HORIZONTAL,
        legend=legend(common.LegendPlacement.BOTTOM, []),
        reduce_options=common.ReduceDataOptions(
            calcs=["lastNotNull"], fields=f"/^{value}$/", values=True
        ),
    )
    panel.field_config = dashboard.FieldConfigSource(
        defaults=dashboard.FieldConfig(
            unit=unit,
            decimals=0,
            min_val=0,
            max_val=highest,
            thresholds=thresholds.model(),
            color=dashboard.FieldColor(mode=dashboard.FieldColorModeId.THRESHOLDS),
            no_value=NO_DATA.in_(language),
            mappings=[],
        ),
        overrides=[],
    )
    return panel


def figure(
    head: Head,
    language: Language,
    expression: str,
    *,
    unit: Unit,
    thresholds: Thresholds,
    decimals: int,
    none: Text,
) -> dashboard.Panel:
    """One large number on coloured ground, of a PromQL expression."""
    panel = cards(
        head,
        language,
        prometheus_query(expression, is_instant=True),
        [],
        unit=unit,
        decimals=decimals,
        thresholds=thresholds,
        none=none,
    )
    panel.transformations = []
    return panel


def row(number: int, title: Text, y: int, language: Language) -> dashboard.RowPanel:
    """A heading over the panels that follow."""
    return dashboard.RowPanel(
        title=title.in_(language),
        id_val=number,
        grid_pos=dashboard.GridPos(h=1, w=24, x=0, y=y),
        panels=[],
    )


def sql(statement: str) -> ClickHouseQuery:
    """The statement's rows as a table."""
    return ClickHouseQuery(statement)


def sql_series(statement: str) -> ClickHouseQuery:
    """The statement's rows as series over its time column."""
    return ClickHouseQuery(statement, is_series=True)


TOOLTIP = common.VizTooltipOptions(
    mode=common.TooltipDisplayMode.MULTI, sort=common.SortOrder.DESCENDING, hide_zeros=True
)


def legend(placement: common.LegendPlacement, calcs: list[str]) -> common.VizLegendOptions:
    """A list of names; with `calcs` a table of them."""
    return common.VizLegendOptions(
        display_mode=common.LegendDisplayMode.TABLE if calcs else common.LegendDisplayMode.LIST,
        placement=placement,
        show_legend=True,
        calcs=calcs,
    )


def panel_of(head: Head, language: Language, kind: str, query: Dataquery) -> dashboard.Panel:
    """What every kind of panel has: title, description, place, and one query with its source."""
    x, y, width, height = head.place
    source = PROMETHEUS
    if isinstance(query, ClickHouseQuery):
        source = CLICKHOUSE
    elif isinstance(query, SharedQuery):
        source = SHARED
    return dashboard.Panel(
        type_val=kind,
        id_val=head.number,
        title=head.title.in_(language),
        description=head.description.in_(language),
        datasource=source,
        targets=[query],
        grid_pos=dashboard.GridPos(h=height, w=width, x=x, y=y),
    )
