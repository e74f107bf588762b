"""The kinds of panels there are, each with what all of its kind have in common.

Every panel has a title, a description that says what the number means, a place, and words for when
there is nothing to show; nothing else is left to Grafana's defaults.
"""

from collections.abc import Sequence
from typing import NamedTuple

from grafana.fields import Column, Link, Series, Words, fixed, overrides, taking, value_map
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
    statetimeline,
    table,
    timeseries,
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
) -> dashboard.Panel:
    """Large numbers on coloured ground, of an answer with a row for each number."""
    panel = _panel(head, language, "stat", query)
    panel.transformations = taking([number.field for number in numbers])
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
            mappings=[],
            links=[link.model(language)] if link else None,
        ),
        overrides=[
            dashboard.DashboardFieldConfigSourceOverrides(
                matcher=dashboard.MatcherConfig(id_val="byName", options=number.field),
                properties=[
                    dashboard.DynamicConfigValue(
                        id_val="displayName", value=number.title.in_(language)
                    )
                ],
            )
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
    total_of: Sequence[str] = (),
) -> dashboard.Panel:
    """A table. The order of its rows is the statement's; `total_of` are summed at its foot."""
    panel = _panel(head, language, "table", query)
    panel.options = table.Options(
        cell_height=common.TableCellHeight.SM,
        footer=common.TableFooterOptions(
            show=bool(total_of), reducer=["sum"], fields=list(total_of), count_rows=False
        ),
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


def bars(
    head: Head,
    language: Language,
    query: Dataquery,
    series: Sequence[Series],
    *,
    unit: Unit = Unit.COUNT,
    decimals: int | None = 0,
) -> dashboard.Panel:
    """Stacked bars over time, with lines where a series says so. Starts at zero."""
    return _over_time(head, language, query, series, unit, decimals, common.GraphDrawStyle.BARS)


def lines(
    head: Head,
    language: Language,
    query: Dataquery,
    series: Sequence[Series],
    *,
    unit: Unit = Unit.COUNT,
    decimals: int | None = 0,
) -> dashboard.Panel:
    """Lines over time without points; a gap where there is no value. Starts at zero."""
    return _over_time(head, language, query, series, unit, decimals, common.GraphDrawStyle.LINE)


def timeline(
    head: Head,
    language: Language,
    query: Dataquery,
    words: Words,
    *,
    series: str,
    value: str,
    per_page: int,
) -> dashboard.Panel:
    """One row per text in the column `series`, whose states are coloured stretches of time."""
    panel = _panel(head, language, "state-timeline", query)
    panel.transformations = [
        dashboard.DataTransformerConfig(
            id_val="partitionByValues",
            options={"fields": [series], "keepFields": False, "naming": {"asLabels": True}},
        )
    ]
    panel.options = statetimeline.Options(
        show_value=common.VisibilityMode.NEVER,
        row_height=0.8,
        merge_values=True,
        align_value=common.TimelineValueAlignment.LEFT,
        legend=_legend(common.LegendPlacement.BOTTOM, []),
        tooltip=_TOOLTIP,
        per_page=per_page,
    )
    panel.field_config = dashboard.FieldConfigSource(
        defaults=dashboard.FieldConfig(
            unit=Unit.TEXT,
            thresholds=PLAIN.model(),
            color=dashboard.FieldColor(mode=dashboard.FieldColorModeId.THRESHOLDS),
            no_value=NO_DATA.in_(language),
            mappings=[value_map(words, language)],
            custom=statetimeline.FieldConfig(line_width=0, fill_opacity=85),
        ),
        overrides=[
            dashboard.DashboardFieldConfigSourceOverrides(
                matcher=dashboard.MatcherConfig(id_val="byName", options=value),
                properties=[
                    dashboard.DynamicConfigValue(
                        id_val="displayName", value=f"${{__field.labels.{series}}}"
                    )
                ],
            )
        ],
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
    panel = _panel(head, language, "bargauge", query)
    panel.options = bargauge.Options(
        display_mode=common.BarGaugeDisplayMode.BASIC,
        value_mode=common.BarGaugeValueMode.TEXT,
        name_placement=common.BarGaugeNamePlacement.LEFT,
        sizing=common.BarGaugeSizing.MANUAL,
        min_viz_height=16,
        max_viz_height=24,
        orientation=common.VizOrientation.HORIZONTAL,
        legend=_legend(common.LegendPlacement.BOTTOM, []),
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


def graph(
    head: Head, language: Language, expressions: Sequence[tuple[str, str]], *, unit: Unit
) -> dashboard.Panel:
    """Lines of PromQL expressions, each with the legend of its series."""
    queries = [
        prometheus_query(expression, legend=legend, ref_id=chr(ord("A") + place))
        for place, (expression, legend) in enumerate(expressions)
    ]
    panel = lines(head, language, queries[0], [], unit=unit, decimals=None)
    panel.targets = queries
    assert panel.field_config is not None
    assert panel.field_config.defaults is not None
    # So many series that each needs a colour of its own: the one its name gives it.
    panel.field_config.defaults.color = dashboard.FieldColor(
        mode=dashboard.FieldColorModeId.PALETTE_CLASSIC_BY_NAME
    )
    panel.options = timeseries.Options(
        legend=_legend(common.LegendPlacement.RIGHT, ["lastNotNull", "max"]), tooltip=_TOOLTIP
    )
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


_TOOLTIP = common.VizTooltipOptions(
    mode=common.TooltipDisplayMode.MULTI, sort=common.SortOrder.DESCENDING, hide_zeros=True
)


def _legend(placement: common.LegendPlacement, calcs: list[str]) -> common.VizLegendOptions:
    return common.VizLegendOptions(
        display_mode=common.LegendDisplayMode.TABLE if calcs else common.LegendDisplayMode.LIST,
        placement=placement,
        show_legend=True,
        calcs=calcs,
    )


def _panel(head: Head, language: Language, kind: str, query: Dataquery) -> dashboard.Panel:
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


def _over_time(  # noqa: PLR0917 - what its two callers were given
    head: Head,
    language: Language,
    query: Dataquery,
    series: Sequence[Series],
    unit: Unit,
    decimals: int | None,
    style: common.GraphDrawStyle,
) -> dashboard.Panel:
    is_bars = style is common.GraphDrawStyle.BARS
    panel = _panel(head, language, "timeseries", query)
    panel.options = timeseries.Options(
        legend=_legend(common.LegendPlacement.BOTTOM, []), tooltip=_TOOLTIP
    )
    panel.field_config = dashboard.FieldConfigSource(
        defaults=dashboard.FieldConfig(
            unit=unit,
            decimals=decimals,
            min_val=0,
            no_value=NO_DATA.in_(language),
            mappings=[],
            thresholds=PLAIN.model(),
            color=fixed(Colour.BLUE),
            custom=common.GraphFieldConfig(
                draw_style=style,
                fill_opacity=80 if is_bars else 10,
                line_width=1 if is_bars else 2,
                show_points=common.VisibilityMode.NEVER,
                span_nulls=False,
                bar_alignment=common.BarAlignment.AFTER,
                stacking=common.StackingConfig(
                    mode=common.StackingMode.NORMAL if is_bars else common.StackingMode.NONE,
                    group="A",
                ),
            ),
        ),
        overrides=overrides(series, language),
    )
    return panel
