"""Agora: one screen for the wall, alive every two seconds, that answers in one look."""

from grafana.board import Page, coverage_gaps, link_to, of_customer
from grafana.fields import Column, Link, Series
from grafana.language import Language, Text, same
from grafana.panels import Card, Head, Place, bars, cards, rows, sql, sql_series
from grafana.queries import now
from grafana.sdk import SharedQuery, dashboard
from grafana.theme import (
    ABANDONMENT,
    AGENT_STATES,
    CHANNELS,
    DATA_AGE_S,
    LEVEL_OF_TARGET,
    NEED,
    NEUTRAL,
    NONE_IS_BETTER,
    NONE_IS_GOOD,
    OUTCOMES,
    POINTS_TO_TARGET,
    WAIT_OF_LIMIT,
    Colour,
    Unit,
)

UID = "cc-now"

_ASKS = 1
"""The panel that asks for all the large numbers; the others take theirs from its answer."""

_TO_QUEUES = Link(Text("Abrir Filas", "Open Queues"), link_to("cc-queues"))
_TO_AGENTS = Link(Text("Abrir Agentes", "Open Agents"), link_to("cc-agents"))
_TO_QUEUE = Link(Text("Abrir a fila", "Open the queue"), link_to("cc-queues", "queue=queue"))
_TO_AGENT = Link(Text("Abrir o agente", "Open the agent"), link_to("cc-agents", "agent=person"))
_TO_ABANDONED = Link(Text("Ver quem abandonou", "See who abandoned"), link_to("cc-abandoned"))


def page(language: Language) -> Page:
    """The page in one language."""
    return Page(
        uid=UID,
        title=Text("Agora", "Now"),
        description=Text(
            "O que acontece neste instante e hoje, desde a meia-noite no fuso do cliente.",
            "This moment, and today since midnight of the customer's zone.",
        ),
        panels=[*_first_line(language), *_second_line(language), *_tables(language)],
        refresh="2s",
        is_live=True,
        variables=of_customer(language),
        annotations=[coverage_gaps(language)],
    )


def _first_line(language: Language) -> list[dashboard.Panel]:
    shared = SharedQuery(_ASKS)
    return [
        cards(
            Head(
                _ASKS,
                Text("Na fila agora", "Waiting now"),
                Text(
                    "Quem espera neste instante. Verde: ninguém. Azul: há espera. Âmbar: uma "
                    "espera passou do limite T de sua fila. Vermelho: uma fila passou de seu "
                    "limite de espera ou de pessoas esperando, ou espera sem nenhum agente "
                    "logado.",
                    "Who waits at this moment. Green: nobody. Blue: somebody. Amber: a wait is "
                    "over the limit T of its queue. Red: a queue is over its limit of waiting "
                    "callers or of the longest wait, or waits with no agent logged in.",
                ),
                Place(0, 0, 3, 4),
            ),
            language,
            sql(now.CARDS),
            [Card("waiting")],
            none=same("0"),
            link=_TO_QUEUES,
        ),
        cards(
            Head(
                2,
                Text("Maior espera agora", "Longest wait now"),
                Text(
                    "A maior espera de quem ainda está na fila. Azul a partir de metade do limite "
                    "T da fila, âmbar a partir de T, vermelho a partir do dobro.",
                    "The longest wait of those still in a queue. Blue from half of the queue's "
                    "limit T, amber from T, red from twice T.",
                ),
                Place(3, 0, 3, 4),
            ),
            language,
            shared,
            [Card("longest_wait")],
            unit=Unit.CLOCK,
            thresholds=WAIT_OF_LIMIT,
            none=same("0"),
            link=_TO_QUEUES,
        ),
        cards(
            Head(
                3,
                Text("NS hoje · ${criterion}", "SL today · ${criterion}"),
                Text(
                    "Nível de serviço das chamadas que chegaram hoje, cada fila por sua variante, "
                    "seu limite T e seu limite S de abandono curto; padrão: atendidas em até T / "
                    "(atendidas + abandonadas - abandonos curtos). Verde: na meta. Âmbar: até 10 "
                    "pontos abaixo. Vermelho: mais. Sem chamadas não há nível de serviço.",
                    "Service level of the calls that arrived today, each queue by its variant, "
                    "its limit T and its short-abandon limit S; by default answered within T / "
                    "(answered + abandoned - short abandons). Green: on target. Amber: up to 10 "
                    "points below. Red: more. Without calls there is no service level.",
                ),
                Place(6, 0, 4, 4),
            ),
            language,
            shared,
            [Card("service_level")],
            unit=Unit.SHARE,
            thresholds=LEVEL_OF_TARGET,
            none=Text("sem chamadas", "no calls"),
            link=_TO_QUEUES,
        ),
        cards(
            Head(
                4,
                Text("Abandonadas hoje", "Abandoned today"),
                Text(
                    "Chamadas que chegaram hoje e em que o cliente desligou na fila, as curtas "
                    "inclusive.",
                    "Calls that arrived today and whose caller hung up in the queue, short ones "
                    "included.",
                ),
                Place(10, 0, 3, 4),
            ),
            language,
            shared,
            [Card("abandoned")],
            none=same("0"),
            link=_TO_ABANDONED,
        ),
        cards(
            Head(
                5,
                Text("Taxa de abandono hoje", "Abandonment today"),
                Text(
                    "Abandonadas / oferecidas, das chamadas que chegaram hoje. Âmbar a partir de "
                    "5 %, vermelho a partir de 10 %.",
                    "Abandoned / offered, of the calls that arrived today. Amber from 5 %, red "
                    "from 10 %.",
                ),
                Place(13, 0, 3, 4),
            ),
            language,
            shared,
            [Card("abandonment_rate")],
            unit=Unit.SHARE,
            decimals=1,
            thresholds=ABANDONMENT,
            none=Text("sem chamadas", "no calls"),
            link=_TO_ABANDONED,
        ),
        cards(
            Head(
                6,
                Text("TME hoje (atendidas · todas)", "Mean wait today (answered · all)"),
                Text(
                    "Atendidas: Σ espera das atendidas / atendidas (ASA). Todas: Σ espera de "
                    "atendidas, abandonadas e transbordadas / seu número. Cores da primeira como "
                    "em Maior espera.",
                    "Answered: Σ wait of answered / answered (ASA). All: Σ wait of answered, "
                    "abandoned and flowed out / their number. The first is coloured as the "
                    "longest wait.",
                ),
                Place(16, 0, 5, 4),
            ),
            language,
            shared,
            [
                Card("mean_wait_answered", Text("Atendidas", "Answered")),
                Card("mean_wait_all", Text("Todas", "All")),
            ],
            unit=Unit.CLOCK,
            thresholds=WAIT_OF_LIMIT,
        ),
        cards(
            Head(
                7,
                Text("Dados de", "Data age"),
                Text(
                    "Há quantos segundos chegou o último dado da central mais atrasada. Âmbar a "
                    "partir de 10 s, vermelho a partir de 30 s: o resto da tela parou no tempo.",
                    "How long ago the last data of the most delayed site arrived. Amber from 10 "
                    "s, red from 30 s: the rest of the screen stands still.",
                ),
                Place(21, 0, 3, 4),
            ),
            language,
            shared,
            [Card("data_age")],
            unit=Unit.SECONDS,
            thresholds=DATA_AGE_S,
            none=Text("nenhum dado", "no data yet"),
            link=_TO_QUEUES,
        ),
    ]


def _second_line(language: Language) -> list[dashboard.Panel]:
    shared = SharedQuery(_ASKS)
    return [
        cards(
            Head(
                8,
                Text("Agentes", "Agents"),
                Text(
                    "Quem está logado agora, e quem se deslogou hoje. Livres em vermelho: há "
                    "espera e ninguém livre. Falando: em conversa ou com o cliente em espera. "
                    "Ocupados: chamando, pós-atendimento, outra ligação ou sem contato.",
                    "Who is logged in now, and who logged out today. Available in red: callers "
                    "wait and nobody is available. Talking: in conversation or with the caller on "
                    "hold. Busy: ringing, wrap-up, other call or unreachable.",
                ),
                Place(0, 4, 12, 4),
            ),
            language,
            shared,
            [
                Card("available", Text("Livres", "Available")),
                Card("talking", Text("Falando", "Talking")),
                Card("busy", Text("Ocupados", "Busy")),
                Card("paused", Text("Em pausa", "Paused")),
                Card("logged_out", Text("Deslogados", "Logged out")),
            ],
            none=same("0"),
            link=_TO_AGENTS,
        ),
        cards(
            Head(
                9,
                Text("Pausas excedidas", "Pauses over limit"),
                Text(
                    "Agentes em pausa há mais tempo do que o limite do motivo permite (15 min, se "
                    "nada foi definido).",
                    "Agents paused for longer than the limit of the reason allows (15 min unless "
                    "set).",
                ),
                Place(12, 4, 3, 4),
            ),
            language,
            shared,
            [Card("over_limit")],
            thresholds=NONE_IS_GOOD,
            none=Text("nenhuma", "none"),
            link=_TO_AGENTS,
        ),
        cards(
            Head(
                10,
                Text("TMA hoje (com · sem pós)", "Handle time today (with · without wrap-up)"),
                Text(
                    "Σ conversa + espera na linha (+ pós-atendimento) / chamadas atendidas e "
                    "encerradas, das que chegaram hoje.",
                    "Σ talk + hold (+ wrap-up) / answered calls that ended, of those that arrived "
                    "today.",
                ),
                Place(15, 4, 5, 4),
            ),
            language,
            shared,
            [
                Card("mean_handle", Text("Com pós", "With wrap-up")),
                Card("mean_handle_without_wrap_up", Text("Sem pós", "Without")),
            ],
            unit=Unit.CLOCK,
            thresholds=NEUTRAL,
        ),
        cards(
            Head(
                11,
                Text("Sem visão hoje", "Not seen today"),
                Text(
                    "Tempo de hoje em que a central com a maior lacuna não foi vista: chamadas "
                    "desse tempo podem faltar ou ter desfecho desconhecido. As lacunas estão "
                    "sombreadas nos gráficos.",
                    "Time of today in which the site with the largest gap was not seen: calls of "
                    "it may be missing or end as unknown. Gaps are shaded in the charts.",
                ),
                Place(20, 4, 4, 4),
            ),
            language,
            shared,
            [Card("unseen")],
            unit=Unit.CLOCK,
            thresholds=NONE_IS_BETTER,
            none=Text("nada", "nothing"),
            link=_TO_QUEUES,
        ),
    ]


def _tables(language: Language) -> list[dashboard.Panel]:
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
                Place(0, 8, 15, 8),
            ),
            language,
            sql(now.queues(language)),
            [
                Column("need", Text("Situação", "State"), width=105, words=NEED),
                Column("display_name", Text("Fila", "Queue"), link=_TO_QUEUE),
                Column("waiting", Text("Na fila", "Waiting"), Unit.COUNT, 70),
                Column("longest_wait_s", Text("Maior espera", "Longest wait"), Unit.CLOCK, 105),
                Column("available", Text("Livres", "Available"), Unit.COUNT, 75),
                Column("talking", Text("Falando", "Talking"), Unit.COUNT, 75),
                Column("offered", Text("Oferec.", "Offered"), Unit.COUNT, 70),
                Column("answered", Text("Atend.", "Answered"), Unit.COUNT, 75),
                Column("abandoned", Text("Aband.", "Aband."), Unit.COUNT, 70),
                Column("service_level", Text("NS", "SL"), Unit.SHARE, 60, 0),
                Column(
                    "to_target",
                    Text("NS - meta", "SL - target"),
                    Unit.SHARE,
                    85,
                    0,
                    thresholds=POINTS_TO_TARGET,
                ),
                Column("criterion", Text("Critério do NS", "SL measured by"), width=190),
                Column("mean_wait_s", Text("TME", "Mean wait"), Unit.CLOCK, 80, 0),
                Column("queue", same(""), is_hidden=True),
            ],
            none=Text("nenhuma fila com movimento", "no queue with calls or agents"),
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
                Place(15, 8, 9, 8),
            ),
            language,
            sql(now.WAITING_CALLS),
            [
                Column("need", Text("Situação", "State"), width=105, words=NEED),
                Column("place", Text("Nº", "No."), Unit.COUNT, 45),
                Column("display_name", Text("Fila", "Queue"), link=_TO_QUEUE),
                Column("caller", Text("Cliente", "Caller"), width=110),
                Column("channel", Text("Canal", "Channel"), width=95, words=CHANNELS),
                Column("wait_s", Text("Espera", "Wait"), Unit.CLOCK, 90),
                Column("queue", same(""), is_hidden=True),
            ],
            none=Text("ninguém espera", "nobody waits"),
        ),
        rows(
            Head(
                14,
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
                Column("person", Text("Agente", "Agent"), link=_TO_AGENT),
                Column("team", Text("Equipe", "Team"), width=90),
                Column("lasts_s", Text("Há", "For"), Unit.CLOCK, 85),
                Column("pause_reason", Text("Motivo", "Reason"), width=90),
                Column("display_name", Text("Fila", "Queue"), width=95),
                Column("calls_today", Text("Hoje", "Today"), Unit.COUNT, 60),
                Column("mean_handle_s", same("TMA"), Unit.CLOCK, 80, 0),
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
            sql(now.PAUSES_OVER_LIMIT),
            [
                Column("person", Text("Agente", "Agent"), link=_TO_AGENT),
                Column("pause_reason", Text("Motivo", "Reason"), width=85),
                Column("lasts_s", Text("Há", "For"), Unit.CLOCK, 80),
                Column("pause_limit_s", Text("Limite", "Limit"), Unit.CLOCK, 80),
            ],
            none=Text("nenhuma", "none"),
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
