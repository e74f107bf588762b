"""Agentes: who did what, when and for how long, and where a person's day goes."""

from grafana.board import Page, coverage_gaps, link_to, of_customer
from grafana.charts import timeline
from grafana.fields import Column, Link
from grafana.language import Language, Text, same
from grafana.pages.columns import AGENT_OF_LINKS
from grafana.pages.coverage import coverage_line, freshness
from grafana.panels import Card, Head, Place, cards, gauges, row, rows, sql
from grafana.queries import agents
from grafana.sdk import SharedQuery, dashboard
from grafana.theme import (
    AGENT_STATES,
    CHANNELS,
    ENDED_BY,
    NEUTRAL,
    NONE_IS_BETTER,
    NONE_IS_GOOD,
    OCCUPANCY,
    TRANSFERS,
    Unit,
)

UID = "cc-agents"

_ASKS = 1
_TO_AGENT = Link(Text("Só este agente", "This agent alone"), link_to(UID, "agent=agent"))


def page(language: Language) -> Page:
    """The page in one language."""
    return Page(
        uid=UID,
        title=Text("Agentes", "Agents"),
        description=Text(
            "Estados, ocupação, pausas e chamadas dos agentes no período; o tempo é cortado nas "
            "bordas.",
            "States, occupancy, pauses and calls of the agents in the period; time is cut at its "
            "ends.",
        ),
        panels=[
            *_numbers(language),
            *freshness(language, SharedQuery(_ASKS), 0),
            *_times(language),
            *_details(language),
            *coverage_line(language, 50),
        ],
        refresh="30s",
        variables=of_customer(language),
        annotations=[coverage_gaps(language)],
    )


def _numbers(language: Language) -> list[dashboard.Panel]:
    shared = SharedQuery(_ASKS)
    return [
        cards(
            Head(
                _ASKS,
                Text("Agora", "Now"),
                Text(
                    "Quem está logado neste instante, e quem deles está em pausa.",
                    "Who is logged in at this moment, and who of them is paused.",
                ),
                Place(0, 0, 4, 4),
            ),
            language,
            sql(agents.CARDS),
            [
                Card("logged_in", Text("Logados", "Logged in")),
                Card("paused", Text("Em pausa", "Paused")),
            ],
            none=same("0"),
        ),
        cards(
            Head(
                2,
                Text("Pausas excedidas agora", "Over limit now"),
                Text(
                    "Agentes em pausa há mais tempo do que o limite do motivo permite.",
                    "Agents paused for longer than the limit of the reason allows.",
                ),
                Place(4, 0, 3, 4),
            ),
            language,
            shared,
            [Card("over_limit")],
            thresholds=NONE_IS_GOOD,
            none=Text("nenhuma", "none"),
        ),
        cards(
            Head(
                3,
                Text("Ocupação", "Occupancy"),
                Text(
                    "Tempo em conversa, espera na linha e pós-atendimento / esse tempo + tempo "
                    "livre. Azul: folga. Verde: 60 a 85 %. Âmbar: até 90 %. Vermelho: acima, "
                    "cansa.",
                    "Time in talk, hold and wrap-up / that time + time available. Blue: time to "
                    "spare. Green: 60 to 85 %. Amber: up to 90 %. Red: above, people burn out.",
                ),
                Place(7, 0, 3, 4),
            ),
            language,
            shared,
            [Card("occupancy")],
            unit=Unit.SHARE,
            thresholds=OCCUPANCY,
        ),
        cards(
            Head(
                4,
                Text("Utilização", "Utilisation"),
                Text(
                    "Tempo em conversa, espera na linha e pós-atendimento / tempo logado, pausas "
                    "inclusive.",
                    "Time in talk, hold and wrap-up / time logged in, pauses included.",
                ),
                Place(10, 0, 3, 4),
            ),
            language,
            shared,
            [Card("utilisation")],
            unit=Unit.SHARE,
        ),
        cards(
            Head(
                5,
                Text("Atendidas", "Answered"),
                Text(
                    "Chamadas que chegaram no período e que estes agentes atenderam.",
                    "Calls that arrived in the period and that these agents answered.",
                ),
                Place(13, 0, 2, 4),
            ),
            language,
            shared,
            [Card("answered")],
            none=same("0"),
        ),
        cards(
            Head(
                6,
                Text("TMA", "Handle time"),
                Text(
                    "Σ conversa + espera na linha + pós-atendimento / atendidas e encerradas.",
                    "Σ talk + hold + wrap-up / answered calls that ended.",
                ),
                Place(15, 0, 3, 4),
            ),
            language,
            shared,
            [Card("mean_handle")],
            unit=Unit.CLOCK,
        ),
        cards(
            Head(
                7,
                Text("Perdidas", "Missed"),
                Text(
                    "Ofertas perdidas: vezes em que o agente foi chamado e não atendeu; o cliente "
                    "seguiu esperando.",
                    "Missed offers: times an agent's telephone rang out; the caller went on "
                    "waiting.",
                ),
                Place(18, 0, 2, 4),
            ),
            language,
            shared,
            [Card("missed")],
            thresholds=NONE_IS_BETTER,
            none=same("0"),
        ),
    ]


def _times(language: Language) -> list[dashboard.Panel]:
    states = timeline(
        Head(
            20,
            Text("Estados ao longo do tempo", "States over time"),
            Text(
                "Uma linha por agente que esteve logado; o estado de antes do período conta desde "
                "o começo dele. Vermelho: pausa que passou do limite. Vazio: nada se sabe. "
                "Sombreado: sem visão.",
                "A line per agent who was logged in; the state from before the period counts from "
                "its start. Red: a pause that went over its limit. Empty: nothing is known. "
                "Shaded: not seen.",
            ),
            Place(0, 4, 24, 12),
        ),
        language,
        sql(agents.TIMELINE),
        AGENT_STATES,
        series="label",
        value="state",
        per_page=25,
    )
    occupancy = gauges(
        Head(
            21,
            Text("Ocupação por agente", "Occupancy by agent"),
            Text(
                "Tempo em conversa, espera na linha e pós-atendimento / esse tempo + tempo livre, "
                "os mais ocupados primeiro.",
                "Time in talk, hold and wrap-up / that time + time available, busiest first.",
            ),
            Place(0, 16, 8, 10),
        ),
        language,
        sql(agents.OCCUPANCY),
        value="occupancy",
        unit=Unit.SHARE,
        thresholds=OCCUPANCY,
        highest=1,
    )
    handled = gauges(
        Head(
            22,
            Text("Quanto duraram as chamadas", "How long calls took"),
            Text(
                "Número de chamadas atendidas e encerradas por tempo de conversa, espera na linha "
                "e pós-atendimento juntos; o fim de cada faixa excluído.",
                "Number of answered calls that ended by talk, hold and wrap-up together; the end "
                "of each span excluded.",
            ),
            Place(8, 16, 6, 10),
        ),
        language,
        sql(agents.handle_times(language)),
        value="calls",
        unit=Unit.COUNT,
        thresholds=NEUTRAL,
    )
    pauses = rows(
        Head(
            23,
            Text("Pausas por motivo", "Pauses by reason"),
            Text(
                "Pausas que tocam o período. Total: tempo em pausa dentro dele. Maior: a pausa "
                "mais longa, desde seu começo, chamadas no meio incluídas. Acima: pausas além do "
                "limite do motivo.",
                "Pauses that touch the period. Total: time paused within it. Longest: since its "
                "beginning, calls in between included. Over: pauses beyond the limit of the "
                "reason.",
            ),
            Place(14, 16, 10, 10),
        ),
        language,
        sql(agents.PAUSES),
        [
            Column("person", Text("Agente", "Agent"), link=_TO_AGENT),
            Column("pause_reason", Text("Motivo", "Reason"), width=110),
            Column("pauses", Text("Pausas", "Pauses"), Unit.COUNT, 75),
            Column("paused_s", same("Total"), Unit.CLOCK, 90),
            Column("longest_s", Text("Maior", "Longest"), Unit.CLOCK, 90),
            Column("limit_s", Text("Limite", "Limit"), Unit.CLOCK, 90),
            Column("over_limit", Text("Acima", "Over"), Unit.COUNT, 70, thresholds=NONE_IS_GOOD),
            AGENT_OF_LINKS,
        ],
        none=Text("nenhuma pausa", "no pause"),
    )
    return [states, occupancy, handled, pauses]


def _details(language: Language) -> list[dashboard.Panel | dashboard.RowPanel]:
    clock, share, count = Unit.CLOCK, Unit.SHARE, Unit.COUNT
    return [
        row(30, Text("Por agente", "By agent"), 26, language),
        rows(
            Head(
                31,
                Text("Agentes no período", "Agents in the period"),
                Text(
                    "Tempo em cada estado dentro do período; atendidas e TMA das chamadas que "
                    "chegaram nele. Atendimento: conversa, espera na linha e pós. Outros: "
                    "chamando, outra ligação, sem contato.",
                    "Time in each state within the period; answered and handle time of calls that "
                    "arrived in it. Handling: talk, hold and wrap-up. Other: ringing, other call, "
                    "unreachable.",
                ),
                Place(0, 27, 15, 12),
            ),
            language,
            sql(agents.BY_AGENT),
            [
                Column("person", Text("Agente", "Agent"), link=_TO_AGENT),
                Column("team", Text("Equipe", "Team"), width=100),
                Column("logged_in_s", Text("Logado", "Logged in"), clock, 90),
                Column("available_s", Text("Livre", "Available"), clock, 90),
                Column("handle_s", Text("Atendimento", "Handling"), clock, 105),
                Column("paused_s", Text("Pausa", "Paused"), clock, 90),
                Column("other_s", Text("Outros", "Other"), clock, 85),
                Column(
                    "occupancy", Text("Ocupação", "Occupancy"), share, 90, 0, thresholds=OCCUPANCY
                ),
                Column("utilisation", Text("Utilização", "Utilisation"), share, 90, 0),
                Column("answered", Text("Atend.", "Answered"), count, 70),
                Column("mean_handle_s", Text("TMA", "Handle"), clock, 80, 0),
                Column("transferred", same("Transf."), count, 70),
                Column("missed", Text("Perdidas", "Missed"), count, 80, thresholds=NONE_IS_BETTER),
                AGENT_OF_LINKS,
            ],
            none=Text("ninguém logado no período", "nobody logged in in the period"),
        ),
        rows(
            Head(
                32,
                Text("Jornada", "Working days"),
                Text(
                    "Por dia no fuso do cliente: de quando até quando o agente esteve logado "
                    "dentro do período, e por quanto tempo ao todo.",
                    "By day of the customer's zone: from when to when the agent was logged in "
                    "within the period, and for how long in all.",
                ),
                Place(15, 27, 9, 12),
            ),
            language,
            sql(agents.SESSIONS),
            [
                Column("day", Text("Dia", "Day"), width=65),
                Column("person", Text("Agente", "Agent"), link=_TO_AGENT),
                Column("first_seen", Text("De", "From"), Unit.TIME_OF_DAY, 85),
                Column("last_seen", Text("Até", "To"), Unit.TIME_OF_DAY, 85),
                Column("logged_in_s", Text("Logado", "Logged in"), clock, 90),
                AGENT_OF_LINKS,
            ],
            none=Text("ninguém logado no período", "nobody logged in in the period"),
        ),
        rows(
            Head(
                33,
                Text("Chamadas atendidas, as últimas 100", "Answered calls, the last 100"),
                Text(
                    "As chamadas que chegaram no período e que estes agentes atenderam, a mais "
                    "recente primeiro.",
                    "The calls that arrived in the period and that these agents answered, newest "
                    "first.",
                ),
                Place(0, 39, 24, 11),
            ),
            language,
            sql(agents.CALLS),
            [
                Column("entered_at", Text("Chegada", "Arrived"), Unit.MOMENT_TO_SECOND, 140),
                Column("channel", Text("Canal", "Channel"), width=95, words=CHANNELS),
                Column("queue_name", Text("Fila", "Queue"), width=150),
                Column("caller", Text("Cliente", "Caller"), width=130),
                Column("wait_s", Text("Espera", "Wait"), clock, 90),
                Column("person", Text("Agente", "Agent"), link=_TO_AGENT),
                Column("talk_s", Text("Conversa", "Talk"), clock, 95),
                Column("hold_s", Text("Na linha", "Hold"), clock, 90),
                Column("wrap_up_s", Text("Pós", "Wrap-up"), clock, 90),
                Column("ended_by", Text("Encerrada por", "Ended by"), width=130, words=ENDED_BY),
                Column("transfer", Text("Transferência", "Transfer"), width=125, words=TRANSFERS),
                Column("call_id", Text("Chamada", "Call"), width=190),
                AGENT_OF_LINKS,
            ],
            none=Text("nenhuma chamada no período", "no call in the period"),
        ),
    ]
