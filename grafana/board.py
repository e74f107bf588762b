"""A page as a whole: what all pages share, and the panels of one.

All pages have the same variables, so a link carries what was chosen from one to the other; the
customer's zone is one of them, hidden. `timezone` is left empty: Grafana then shows times in the
zone of the organisation, which is the customer's.
"""

from collections.abc import Sequence
from typing import NamedTuple

from grafana.language import Language, Text, same
from grafana.queries import coverage, variables
from grafana.sdk import (
    CLICKHOUSE,
    PROMETHEUS,
    SCHEMA_VERSIONS,
    ClickHouseQuery,
    dashboard,
)
from grafana.theme import CHANNELS, Colour

TAG = "call-centre"
"""Pages with this tag stand in the list of links of every page."""

LIVE_REFRESH_RATES = ("1s", "2s", "5s", "10s", "30s", "1m")
REFRESH_RATES = ("10s", "30s", "1m", "5m", "15m")

Panels = Sequence[dashboard.Panel | dashboard.RowPanel]


class Page(NamedTuple):
    """What makes one page differ from another; `uid` is also the name of its file."""

    uid: str
    title: Text
    description: Text
    panels: Panels
    refresh: str
    since: str = "now/d"
    is_live: bool = False
    variables: Sequence[dashboard.VariableModel] = ()
    annotations: Sequence[dashboard.AnnotationQuery] = ()


def board(page: Page, language: Language) -> dashboard.Dashboard:
    """The dashboard of a page in one language."""
    return dashboard.Dashboard(
        uid=page.uid,
        title=page.title.in_(language),
        description=page.description.in_(language),
        tags=[TAG],
        timezone="",
        editable=False,
        graph_tooltip=dashboard.DashboardCursorSync.CROSSHAIR,
        time=dashboard.DashboardDashboardTime(from_val=page.since, to="now"),
        timepicker=dashboard.TimePickerConfig(
            refresh_intervals=list(LIVE_REFRESH_RATES if page.is_live else REFRESH_RATES)
        ),
        week_start="",
        refresh=page.refresh,
        schema_version=SCHEMA_VERSIONS[-1],
        version=1,
        panels=list(page.panels),
        templating=dashboard.DashboardDashboardTemplating(list_val=list(page.variables)),
        annotations=dashboard.AnnotationContainer(list_val=list(page.annotations)),
        links=[_links(language)],
    )


def of_customer(language: Language) -> list[dashboard.VariableModel]:
    """The variables of every page that shows a customer's rows."""
    return [
        hidden("tz", variables.TIME_ZONE),
        hidden("criterion", variables.criterion(language), depends_on_others=True),
        query_variable("queue", Text("Fila", "Queue"), variables.QUEUES, language),
        choice(
            "channel",
            Text("Canal", "Channel"),
            {value: word.text for value, word in CHANNELS.items()},
            language,
        ),
        query_variable("team", Text("Equipe", "Team"), variables.TEAMS, language),
        query_variable("agent", Text("Agente", "Agent"), variables.AGENTS, language),
    ]


def hidden(
    name: str, statement: str, *, depends_on_others: bool = False
) -> dashboard.VariableModel:
    """A variable nobody sees, filled when the page is opened."""
    return dashboard.VariableModel(
        type_val=dashboard.VariableType.QUERY,
        name=name,
        hide=dashboard.VariableHide.HIDE_VARIABLE,
        # What the address says of it would stand above the registry.
        skip_url_sync=True,
        datasource=CLICKHOUSE,
        query=_variable_query(name, statement),
        definition=statement,
        refresh=dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED
        if depends_on_others
        else dashboard.VariableRefresh.ON_DASHBOARD_LOAD,
        sort=dashboard.VariableSort.DISABLED,
        allow_custom_value=False,
        options=[],
        regex="",
    )


def query_variable(
    name: str, label: Text, statement: str, language: Language
) -> dashboard.VariableModel:
    """A list to choose any number from; all of them at first."""
    return dashboard.VariableModel(
        type_val=dashboard.VariableType.QUERY,
        name=name,
        label=label.in_(language),
        hide=dashboard.VariableHide.DONT_HIDE,
        datasource=CLICKHOUSE,
        query=_variable_query(name, statement),
        definition=statement,
        refresh=dashboard.VariableRefresh.ON_DASHBOARD_LOAD,
        sort=dashboard.VariableSort.DISABLED,
        multi=True,
        include_all=True,
        allow_custom_value=False,
        current=_all(language),
        options=[],
        regex="",
    )


def prometheus_variable(
    name: str, label: Text, expression: str, language: Language
) -> dashboard.VariableModel:
    """The same of a label of Prometheus; "All" is any value of it."""
    variable = query_variable(name, label, expression, language)
    variable.datasource = PROMETHEUS
    variable.all_value = ".*"
    variable.sort = dashboard.VariableSort.ALPHABETICAL_ASC
    variable.query = {"qryType": 1, "query": expression, "refId": f"variable-{name}"}
    return variable


def choice(
    name: str,
    label: Text,
    values: dict[str, Text],
    language: Language,
    *,
    is_multiple: bool = True,
    chosen: str = "",
) -> dashboard.VariableModel:
    """A fixed list. Any number of it, all at first; or exactly one, `chosen` at first."""
    options = [
        dashboard.VariableOption(selected=value == chosen, text=text.in_(language), value=value)
        for value, text in values.items()
    ]
    if is_multiple:
        options.insert(0, _all_option(language))
    return dashboard.VariableModel(
        type_val=dashboard.VariableType.CUSTOM,
        name=name,
        label=label.in_(language),
        hide=dashboard.VariableHide.DONT_HIDE,
        query=", ".join(f"{text.in_(language)} : {value}" for value, text in values.items()),
        multi=is_multiple,
        include_all=is_multiple,
        allow_custom_value=False,
        current=_all(language)
        if is_multiple
        else next(option for option in options if option.value == chosen),
        options=options,
    )


def coverage_gaps(language: Language) -> dashboard.AnnotationQuery:
    """Shades the stretches of time in which something may not have been seen."""
    return dashboard.AnnotationQuery(
        name=Text("Sem visão", "Not seen").in_(language),
        datasource=CLICKHOUSE,
        enable=True,
        icon_color=Colour.GREY,
        target=ClickHouseQuery(coverage.ANNOTATION, ref_id="Annotation"),
    )


def closed_hours(language: Language) -> dashboard.AnnotationQuery:
    """Shades the hours in which the customer is closed; no number is filtered by them."""
    return dashboard.AnnotationQuery(
        name=Text("Fora do expediente", "Closed").in_(language),
        datasource=CLICKHOUSE,
        enable=True,
        icon_color=Colour.BLUE,
        target=ClickHouseQuery(coverage.closed_hours(language), ref_id="Annotation"),
    )


def link_to(uid: str, *set_here: str) -> str:
    """The address of a page, with the time and the choices of this one.

    `set_here` are `variable=column` pairs: the variable gets the value of the clicked row.
    """
    given = dict(pair.split("=") for pair in set_here)
    kept = [f"${{{name}:queryparam}}" for name in ("queue", "channel", "team") if name not in given]
    new = [
        f"var-{name}=${{__data.fields.{column}:percentencode}}" for name, column in given.items()
    ]
    return f"/d/{uid}?" + "&".join(["${__url_time_range}", *kept, *new])


def _links(language: Language) -> dashboard.DashboardLink:
    return dashboard.DashboardLink(
        title=Text("Painéis", "Boards").in_(language),
        type_val=dashboard.DashboardLinkType.DASHBOARDS,
        tags=[TAG],
        as_dropdown=True,
        include_vars=True,
        keep_time=True,
    )


def _variable_query(name: str, statement: str) -> dict[str, object]:
    return {
        "queryType": "sql",
        "rawSql": statement,
        "refId": f"variable-{name}",
    }


def _all(language: Language) -> dashboard.VariableOption:
    return dashboard.VariableOption(selected=True, text=[_ALL.in_(language)], value=["$__all"])


def _all_option(language: Language) -> dashboard.VariableOption:
    return dashboard.VariableOption(selected=True, text=_ALL.in_(language), value="$__all")


_ALL = same("All")
