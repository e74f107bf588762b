"""The managers' alerts: what is asked, when it counts, and what people read.

Pure data; `grafana/alerting.py` puts it into Grafana's forms. Grafana's variables and macros of the
browser do not run in alert rules, so the statements stand as they are asked, with one exception:
`{zone}` is the customer's zone, written in before they are sent. A statement gives rows of texts
(the labels by which an alert is told from another) and one number. Ratios and limits are the views'
and the `kpi_*` functions'.
"""

# ruff: noqa: S608 - only names of ours go into the statements

from collections.abc import Callable
from typing import NamedTuple

from grafana.language import Text

SOURCE = "call-centre"
"""Label `source` of every rule: by it the notification policy knows them."""

HOME_BOARD = "cc-now"
"""The uid of the board that opens first, which shows what every alert is about."""

LEAST_CALLS = 20
"""A service level of fewer queue calls is chance: one caller who left would be 5 %."""


class Reading(NamedTuple):
    """A statement, and the letter by which condition and texts name its number."""

    letter: str
    sql: str


class Panel(NamedTuple):
    """The panel on a board that shows what the alert is about."""

    board: str
    id: int


class AlertRule(NamedTuple):
    """One alert. `condition` is Grafana's math over the readings; it fires where it is not 0.

    `lasts` is how long it must hold before it is told, in Prometheus' form. `summary` is the line
    of a message, `description` what it means and what to do; both may hold Grafana's templates.
    """

    key: str
    severity: str
    readings: tuple[Reading, ...]
    condition: str
    lasts: str
    panel: Panel
    title: Text
    summary: Text
    description: Text


class Group(NamedTuple):
    """Rules that are looked at together, every `interval_s` seconds."""

    name: str
    interval_s: int
    rules: tuple[AlertRule, ...]


def _of_queue(value: str, view: str = "v_queue_alarms_now") -> str:
    return (
        "SELECT tenant_id AS tenant, queue, display_name AS queue_name,"
        f" {value} AS value FROM callcentre.{view} ORDER BY tenant, queue"
    )


def _of_pause(value: str) -> str:
    return (
        "SELECT tenant_id AS tenant, site, channel, agent_key AS agent, person, team,"
        f" pause_reason, {value} AS value FROM callcentre.v_agents_board"
        " WHERE state IN ('paused', 'paused_over_limit') ORDER BY tenant, site, channel, agent"
    )


def _of_queues_day(value: str) -> str:
    return (
        "SELECT tenant_id AS tenant, queue, display_name AS queue_name,"
        f" {value} AS value FROM callcentre.v_queue_results"
        " WHERE window_start >= toStartOfDay(now(), '{zone}')"
        " GROUP BY tenant, queue, queue_name"
        f" HAVING sum(service_level_counted) >= {LEAST_CALLS} ORDER BY tenant, queue"
    )


def _of_site(value: str) -> str:
    return (
        f"SELECT tenant_id AS tenant, site, {value} AS value"
        " FROM callcentre.v_sites_seen_now ORDER BY tenant, site"
    )


def _readings(of: Callable[[str], str], **values: str) -> tuple[Reading, ...]:
    return tuple(Reading(letter, of(value)) for letter, value in values.items())


BOTTLENECK = AlertRule(
    key="bottleneck",
    severity="warning",
    readings=_readings(
        _of_queue,
        A="toUInt8(is_bottleneck)",
        W="waiting",
        L="intDiv(longest_wait_ms, 1000)",
    ),
    condition="$A > 0",
    lasts="1m",
    panel=Panel(HOME_BOARD, 12),
    title=Text("Gargalo na fila", "Bottleneck in a queue"),
    summary=Text(
        "{{ $labels.queue_name }}: {{ $values.W.Value }} esperando, a maior espera há"
        " {{ $values.L.Value | humanizeDuration }}",
        "{{ $labels.queue_name }}: {{ $values.W.Value }} waiting, the longest for"
        " {{ $values.L.Value | humanizeDuration }}",
    ),
    description=Text(
        "Há um minuto esperam mais chamadas do que o limite da fila, ou alguém espera mais do que"
        " o limite. Traga agentes para a fila, ou encurte pausas.",
        "For a minute more callers have been waiting than the queue's limit allows, or one has"
        " waited longer. Bring agents to the queue, or shorten pauses.",
    ),
)

UNATTENDED = AlertRule(
    key="unattended",
    severity="critical",
    readings=(
        Reading("A", _of_queue("toUInt8(is_unattended)", "v_queues_waited_in_now")),
        Reading("W", _of_queue("voice_waiting")),
    ),
    condition="$A > 0",
    lasts="30s",
    panel=Panel(HOME_BOARD, 12),
    title=Text("Chamadas esperando sem agentes", "Callers waiting, nobody logged in"),
    summary=Text(
        "{{ $labels.queue_name }}: {{ $values.W.Value }} esperando e nenhum agente logado",
        "{{ $labels.queue_name }}: {{ $values.W.Value }} waiting and no agent logged in",
    ),
    description=Text(
        "Há chamadas na fila e nenhum agente dela está logado com o telefone acessível (quem está"
        " em pausa conta como logado). Verifique quem devia estar na fila e os telefones.",
        "Callers are in the queue and no agent of it is logged in with a telephone that can be"
        " reached (paused agents count as logged in). See who should be there, and the telephones.",
    ),
)

EXCESSIVE_PAUSE = AlertRule(
    key="excessive_pause",
    severity="warning",
    readings=_readings(
        _of_pause, A="toUInt8(state = 'paused_over_limit')", L="intDiv(lasts_ms, 1000)"
    ),
    condition="$A > 0",
    lasts="0s",
    panel=Panel(HOME_BOARD, 15),
    title=Text("Pausa excedida", "Pause over its limit"),
    summary=Text(
        "{{ $labels.person }} está em pausa{{ with $labels.pause_reason }} ({{ . }}){{ end }} há"
        " {{ $values.L.Value | humanizeDuration }}",
        "{{ $labels.person }} has been paused{{ with $labels.pause_reason }} ({{ . }}){{ end }} for"
        " {{ $values.L.Value | humanizeDuration }}",
    ),
    description=Text(
        "A pausa dura mais do que o limite do seu motivo. O alerta termina quando o agente volta.",
        "The pause lasts longer than the limit of its reason. The alert ends when the agent is"
        " back.",
    ),
)

SERVICE_LEVEL = AlertRule(
    key="service_level",
    severity="warning",
    readings=_readings(
        _of_queues_day,
        A="kpi_service_level_of(sum(service_level_met), sum(service_level_counted))",
        T="any(service_level_target)",
    ),
    condition="$A < $T",
    lasts="5m",
    panel=Panel(HOME_BOARD, 3),
    title=Text("NS de hoje abaixo da meta", "Service level today under target"),
    summary=Text(
        "{{ $labels.queue_name }}: NS de hoje {{ $values.A.Value | humanizePercentage }}, meta"
        " {{ $values.T.Value | humanizePercentage }}",
        "{{ $labels.queue_name }}: service level today {{ $values.A.Value | humanizePercentage }},"
        " target {{ $values.T.Value | humanizePercentage }}",
    ),
    description=Text(
        f"O nível de serviço do dia, na variante da fila e a partir de {LEAST_CALLS} chamadas"
        " contadas, está abaixo da meta há cinco minutos. Veja a espera e quem está livre.",
        f"The day's service level, in the queue's variant and from {LEAST_CALLS} counted queue"
        " calls on, has been under its target for five minutes. See the waits, and who is free.",
    ),
)

SITE_SILENT = AlertRule(
    key="site_silent",
    severity="critical",
    readings=_readings(_of_site, A="toUInt8(is_silent)", L="intDiv(age_ms, 1000)"),
    condition="$A > 0",
    lasts="1m",
    panel=Panel(HOME_BOARD, 7),
    title=Text("Central sem contato", "Nothing heard of a site"),
    summary=Text(
        "{{ $labels.site }}: último dado há {{ $values.L.Value | humanizeDuration }}",
        "{{ $labels.site }}: last data {{ $values.L.Value | humanizeDuration }} ago",
    ),
    description=Text(
        "Nada chega da central telefônica, ou o coletor perdeu a conexão com ela: os painéis"
        " mostram o passado. Verifique na central o serviço call-centre-collector e o acesso à"
        " internet; o que houve nesse tempo chega depois.",
        "Nothing arrives from the telephone exchange, or its collector lost the connection to it:"
        " boards show the past. See the service call-centre-collector there and the way to the"
        " internet; what happened meanwhile arrives later.",
    ),
)

GROUPS = (
    Group("call-centre-now", 30, (BOTTLENECK, UNATTENDED, EXCESSIVE_PAUSE, SITE_SILENT)),
    Group("call-centre-today", 60, (SERVICE_LEVEL,)),
)

RULES = tuple(rule for group in GROUPS for rule in group.rules)
