"""The tables of Agora: queues, callers who wait, agents, pauses; and the day by half hours."""

from grafana.charts import bars
from grafana.fields import Column, Part, Series
from grafana.language import Language, Text, same
from grafana.pages.agora_numbers import ASKS
from grafana.pages.columns import AGENT_OF_LINKS, QUEUE_OF_LINKS, service_level, to_target
from grafana.pages.destinations import TO_AGENT, TO_QUEUE
from grafana.panels import Head, Place, rows, sql, sql_series
from grafana.queries import now
from grafana.sdk import SharedQuery, dashboard
from grafana.theme import (
    AGENT_STATES,
    CHANNELS,
    NEED,
    OUTCOMES,
    Colour,
    Unit,
)

_AGENTS = 14
"""The panel that asks for the agents; the pauses over limit are some of its rows."""

_QUEUES = (
    Column("need", Text("Situação", "State"), width=105, words=NEED),
    Column("display_name", Text("Fila", "Queue"), link=TO_QUEUE),
    Column("waiting", Text("Na fila", "Waiting"), Unit.COUNT, 65),
    Column("longest_wait_s", Text("Maior espera", "Longest wait"), Unit.CLOCK, 105),
    Column("available", Text("Livres", "Available"), Unit.COUNT, 75),
    Column("talking", Text("Falando", "Talking"), Unit.COUNT, 75),
    Column("offered", Text("Oferec.", "Offered"), Unit.COUNT, 65),
    Column("answered", Text("Atend.", "Answered"), Unit.COUNT, 75),
    Column("abandoned", same("Aband."), Unit.COUNT, 65),
    service_level(80),
    to_target(85),
    Column("criterion", Text("Critério do NS", "SL measured by"), width=215),
    Column("mean_wait_s", Text("TME", "Mean wait"), Unit.CLOCK, 80, 0),
    QUEUE_OF_LINKS,
)
_PAUSES = (
    Column("person", Text("Agente", "Agent"), link=TO_AGENT),
    Column("lasts_s", Text("Há", "For"), Unit.CLOCK, 80),
    Column("pause_reason", Text("Motivo", "Reason"), width=85),
    Column("pause_limit_s", Text("Limite", "Limit"), Unit.CLOCK, 80),
    AGENT_OF_LINKS,
)


def tables(language: Language) -> list[dashboard.Panel]:
    """The lower two thirds of the screen."""
    return [
        rows(
            Head(
                12,
                Text("Filas", "Queues"),
                Text(
                    "As filas com chamada hoje ou agente logado, a mais urgente primeiro. Agir "
                    "agora: acima do limite de pessoas esperando ou de espera da fila, ou espera "
                    "sem agente logado. Atenção: espera acima de T, ou NS mais de 10 pontos "
                    "abaixo da meta. Livres: agentes que receberiam uma chamada desta fila agora.",
                    "Queues with a call today or an agent logged in, most pressing first. Act "
                    "now: over the queue's limit of waiting callers or of the longest wait, or "
                    "waiting with no agent logged in. Act soon: a wait over T, or the SL more "
                    "than 10 points below target. Available: agents whom a call of this queue "
                    "would ring now.",
                ),
                Place(0, 8, 16, 8),
            ),
            language,
            SharedQuery(ASKS),
            _QUEUES,
            none=Text("nenhuma fila com movimento", "no queue with calls or agents"),
            part=Part([column.field for column in _QUEUES], there="queue"),
        ),
        rows(
            Head(
                13,
                Text("Chamadas esperando", "Callers waiting"),
                Text(
                    "Quem espera há mais tempo, até 15. O número aparece como o coletor foi "
                    "autorizado a mostrá-lo. Cores pelos limites da fila, como em Filas.",
                    "Who has waited for longest, up to 15. Numbers are shown as the collector was "
                    "allowed to. Coloured by the limits of the queue, as in Queues.",
                ),
                Place(16, 8, 8, 8),
            ),
            language,
            sql(now.WAITING_CALLS),
            [
                Column("need", Text("Situação", "State"), width=105, words=NEED),
                Column("place", Text("Nº", "No."), Unit.COUNT, 45),
                Column("display_name", Text("Fila", "Queue"), link=TO_QUEUE),
                Column("caller", Text("Cliente", "Caller"), width=110),
                Column("channel", Text("Canal", "Channel"), width=95, words=CHANNELS),
                Column("wait_s", Text("Espera", "Wait"), Unit.CLOCK, 90),
                QUEUE_OF_LINKS,
            ],
            none=Text("ninguém espera", "nobody waits"),
        ),
        rows(
            Head(
                _AGENTS,
                Text("Agentes", "Agents"),
                Text(
                    "Quem está logado e quem se deslogou hoje: primeiro pausas excedidas e sem "
                    "contato. Há: tempo no estado; numa pausa, desde o começo dela, ligações no "
                    "meio incluídas. Hoje: chamadas atendidas que chegaram hoje, e o TMA delas.",
                    "Who is logged in and who logged out today: pauses over limit and unreachable "
                    "first. For: time in the state; of a pause since it began, calls in between "
                    "included. Today: answered calls that arrived today, and their mean handle "
                    "time.",
                ),
                Place(0, 16, 10, 9),
            ),
            language,
            sql(now.AGENTS),
            [
                Column("state", Text("Estado", "State"), width=125, words=AGENT_STATES),
                Column("person", Text("Agente", "Agent"), link=TO_AGENT),
                Column("team", Text("Equipe", "Team"), width=90),
                Column("lasts_s", Text("Há", "For"), Unit.CLOCK, 85),
                Column("pause_reason", Text("Motivo", "Reason"), width=90),
                Column("display_name", Text("Fila", "Queue"), width=95),
                Column("calls_today", Text("Hoje", "Today"), Unit.COUNT, 60),
                Column("mean_handle_s", Text("TMA", "Handle"), Unit.CLOCK, 80, 0),
                Column("pause_limit_s", Text("Limite", "Limit"), is_hidden=True),
                AGENT_OF_LINKS,
            ],
            none=Text("nenhum agente hoje", "no agent today"),
        ),
        rows(
            Head(
                15,
                Text("Pausas excedidas", "Pauses over limit"),
                Text(
                    "Quem está em pausa além do limite do motivo, a mais longa primeiro.",
                    "Who is paused beyond the limit of the reason, longest first.",
                ),
                Place(10, 16, 5, 9),
            ),
            language,
            SharedQuery(_AGENTS),
            _PAUSES,
            none=Text("nenhuma", "none"),
            part=Part([column.field for column in _PAUSES], "state", "paused_over_limit"),
        ),
        bars(
            Head(
                16,
                Text("Hoje por meia hora, pela chegada", "Today by half hour of arrival"),
                Text(
                    "O que foi feito das chamadas que chegaram em cada meia hora; a soma é o "
                    "oferecido. Linha: NS (eixo da direita), sem ponto onde nada chegou. "
                    "Sombreado: sem visão.",
                    "What became of the calls that arrived in each half hour; their sum is "
                    "offered. Line: SL (right axis), without a point where nothing arrived. "
                    "Shaded: not seen.",
                ),
                Place(15, 16, 9, 9),
            ),
            language,
            sql_series(now.TODAY_BY_HALF_HOUR),
            [
                *(Series(name, word.text, word.colour) for name, word in OUTCOMES.items()),
                Series(
                    "service_level",
                    Text("NS", "SL"),
                    Colour.LIGHT_BLUE,
                    Unit.SHARE,
                    is_line=True,
                    is_at_right=True,
                    highest=1,
                ),
            ],
        ),
    ]
