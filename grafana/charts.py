"""The panels over time: stacked bars, lines, stretches of states, lines of Prometheus."""

from collections.abc import Sequence

from grafana.fields import Series, Words, fixed, override, overrides, value_map
from grafana.language import Language
from grafana.panels import NO_DATA, TOOLTIP, Head, legend, panel_of
from grafana.sdk import Dataquery, common, dashboard, prometheus_query, statetimeline, timeseries
from grafana.theme import PLAIN, Colour, Unit


def bars(
    head: Head,
    language: Language,
    query: Dataquery,
    series: Sequence[Series],
) -> dashboard.Panel:
    """Counts as stacked bars over time, with lines where a series says so. Starts at zero."""
    return _over_time(head, language, query, series, Unit.COUNT, 0, common.GraphDrawStyle.BARS)


def lines(
    head: Head,
    language: Language,
    query: Dataquery,
    series: Sequence[Series],
    *,
    unit: Unit,
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
    panel = panel_of(head, language, "state-timeline", query)
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
        legend=legend(common.LegendPlacement.BOTTOM, []),
        tooltip=TOOLTIP,
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
        overrides=[override(value, {"displayName": f"${{__field.labels.{series}}}"})],
    )
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
        legend=legend(common.LegendPlacement.RIGHT, ["lastNotNull", "max"]), tooltip=TOOLTIP
    )
    return panel


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
    panel = panel_of(head, language, "timeseries", query)
    panel.options = timeseries.Options(
        legend=legend(common.LegendPlacement.BOTTOM, []), tooltip=TOOLTIP
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
