"""Voz + WhatsApp: both channels by the same measures, and what only chats have."""

from grafana.board import Page, closed_hours, coverage_gaps, of_customer
from grafana.charts import bars, lines
from grafana.fields import Column, Series
from grafana.language import Language, Text, same
from grafana.pages.columns import AGENT_OF_LINKS, QUEUE_OF_LINKS, abandonment_rate, to_target
from grafana.pages.coverage import coverage_line, freshness
from grafana.pages.destinations import TO_AGENT, TO_CHANNEL, TO_QUEUE
from grafana.pages.granularity import granularity
from grafana.panels import Card, Head, Place, cards, rows, sql, sql_series
from grafana.queries import channels
from grafana.sdk import SharedQuery, dashboard
from grafana.theme import (
    AGENT_STATES,
    CHANNELS,
    NONE_IS_BETTER,
    OCCUPANCY,
    Colour,
    Unit,
)

UID = "cc-channels"

_ASKS = 1
_FRT = Text(
    "Da entrada na fila até a primeira mensagem escrita por uma pessoa; robôs, campanhas e "
    "programas não contam. Conversas sem resposta ficam fora.",
    "From entering the queue to the first message a person wrote; bots, campaigns and programs do "
    "not count. Chats without one stay out of it.",
)


def page(language: Language) -> Page:
    """The page in one language."""
    return Page(
        uid=UID,
        title=Text("Voz + WhatsApp", "Voice + WhatsApp"),
        description=Text(
            "Os dois canais lado a lado. Espera: até a resposta (voz), até a primeira pessoa "
            "(WhatsApp).",
            "Both channels side by side. Wait: to the answer (voice), to the first person "
            "(WhatsApp).",
        ),
        panels=[
            *_numbers(language),
            *freshness(language, SharedQuery(_ASKS), 0),
            *_panels(language),
            *coverage_line(language, 33),
        ],
        refresh="30s",
        variables=[*of_customer(language), granularity(language)],
        annotations=[coverage_gaps(language), closed_hours(language)],
    )


def _numbers(language: Language) -> list[dashboard.Panel]:
    shared = SharedQuery(_ASKS)
    return [
        cards(
            Head(
                _ASKS,
                Text("WhatsApp agora", "WhatsApp now"),
                Text(
                    "Conversas que esperam a primeira pessoa, e conversas com uma pessoa, das que "
                    "começaram nos últimos 90 dias.",
                    "Chats that wait for their first person, and chats with one, of those that "
                    "began within 90 days.",
                ),
                Place(0, 0, 4, 4),
            ),
            language,
            sql(channels.CARDS),
            [
                Card("unassigned", Text("Sem pessoa", "Unassigned")),
                Card("in_conversation", Text("Em conversa", "In conversation")),
            ],
            none=same("0"),
        ),
        cards(
            Head(
                2,
                Text("Voz agora", "Voice now"),
                Text(
                    "Chamadas que esperam e chamadas em conversa neste instante.",
                    "Calls that wait and calls in conversation at this moment.",
                ),
                Place(4, 0, 4, 4),
            ),
            language,
            shared,
            [
                Card("calls_waiting", Text("Na fila", "Waiting")),
                Card("calls_talking", Text("Falando", "Talking")),
            ],
            none=same("0"),
        ),
        cards(
            Head(3, Text("Primeira resposta", "First response"), _FRT, Place(8, 0, 3, 4)),
            language,
            shared,
            [Card("first_response")],
            unit=Unit.CLOCK,
            none=Text("sem conversas", "no chats"),
        ),
        cards(
            Head(
                4,
                Text("Sem resposta", "Not responded"),
                Text(
                    "Conversas do período atribuídas a uma pessoa que ainda não escreveu nada.",
                    "Chats of the period assigned to a person who has not written anything yet.",
                ),
                Place(11, 0, 2, 4),
            ),
            language,
            shared,
            [Card("not_responded")],
            thresholds=NONE_IS_BETTER,
            none=same("0"),
        ),
        cards(
            Head(
                5,
                Text("Resolução", "Resolution"),
                Text(
                    "Da entrada na fila até o fim da conversa, das que uma pessoa atendeu e que "
                    "terminaram.",
                    "From entering the queue to the end of the chat, of those a person answered "
                    "and that ended.",
                ),
                Place(13, 0, 3, 4),
            ),
            language,
            shared,
            [Card("resolution")],
            unit=Unit.CLOCK,
            none=Text("sem conversas", "no chats"),
        ),
        cards(
            Head(
                6,
                Text("Só robô", "Bot only"),
                Text(
                    "Conversas que nunca esperaram por uma pessoa / todas as conversas do período.",
                    "Chats that never waited for a person / all chats of the period.",
                ),
                Place(16, 0, 2, 4),
            ),
            language,
            shared,
            [Card("containment")],
            unit=Unit.SHARE,
            none=Text("sem conversas", "no chats"),
        ),
        cards(
            Head(
                7,
                Text("Mensagens", "Messages"),
                Text(
                    "Mensagens do cliente e para o cliente nas conversas que começaram no período.",
                    "Messages from and to customers in the chats that began in the period.",
                ),
                Place(18, 0, 2, 4),
            ),
            language,
            shared,
            [
                Card("messages_in", Text("Recebidas", "In")),
                Card("messages_out", Text("Enviadas", "Out")),
            ],
            none=same("0"),
        ),
    ]


def _panels(language: Language) -> list[dashboard.Panel]:
    share, clock, count = Unit.SHARE, Unit.CLOCK, Unit.COUNT
    return [
        rows(
            Head(
                20,
                Text("Por canal", "By channel"),
                Text(
                    "Os mesmos números para os dois canais. Espera: até a resposta (voz) ou até a "
                    "primeira pessoa (WhatsApp). NS pela variante, pelo T e pela meta de cada "
                    "fila.",
                    "The same numbers for both channels. Wait: to the answer (voice) or to the "
                    "first person (WhatsApp). SL by the variant, T and target of each queue.",
                ),
                Place(0, 4, 24, 4),
            ),
            language,
            sql(channels.BY_CHANNEL),
            [
                Column("channel", Text("Canal", "Channel"), words=CHANNELS, link=TO_CHANNEL),
                Column("offered", Text("Oferecidas", "Offered"), count, 110),
                Column("answered", Text("Atendidas", "Answered"), count, 105),
                Column("abandoned", Text("Abandonadas", "Abandoned"), count, 120),
                Column("flowed_out", Text("Transbordadas", "Flowed out"), count, 125),
                Column("bot_only", Text("Só robô", "Bot only"), count, 90),
                Column("open", Text("Em aberto", "Open"), count, 95),
                Column("unknown", Text("Sem visão", "Unknown"), count, 95),
                Column("service_level", Text("NS", "SL"), share, 75, 0),
                to_target(100),
                abandonment_rate(100),
                Column("mean_wait_s", Text("TME (atend.)", "Wait (answ.)"), clock, 115, 0),
                Column("mean_handle_s", Text("TMA", "Handle"), clock, 100, 0),
            ],
            none=Text("nada no período", "nothing in the period"),
        ),
        bars(
            Head(
                21,
                Text("Chegadas por canal", "Arrivals by channel"),
                Text(
                    "O que entrou nas filas em cada intervalo, por canal. Sombreado: sem visão.",
                    "What entered the queues in each interval, by channel. Shaded: not seen.",
                ),
                Place(0, 8, 12, 8),
            ),
            language,
            sql_series(channels.ARRIVALS),
            [Series(name, word.text, word.colour) for name, word in CHANNELS.items()],
        ),
        lines(
            Head(
                22,
                Text("NS por canal", "SL by channel"),
                Text(
                    "Nível de serviço das filas de cada canal e a meta delas (tracejada). Sem "
                    "ponto onde nada foi contado.",
                    "Service level of the queues of each channel and their target (dashed). No "
                    "point where nothing was counted.",
                ),
                Place(12, 8, 12, 8),
            ),
            language,
            sql_series(channels.LEVELS),
            [
                *(
                    Series(name, word.text, word.colour, share, is_line=True, highest=1)
                    for name, word in CHANNELS.items()
                ),
                *(
                    Series(
                        f"{name}_target",
                        Text(f"Meta {word.text.pt}", f"{word.text.en} target"),
                        word.colour,
                        share,
                        is_line=True,
                        is_dashed=True,
                        highest=1,
                    )
                    for name, word in CHANNELS.items()
                ),
            ],
            unit=share,
        ),
        lines(
            Head(
                23,
                Text("Primeira resposta e resolução", "First response and resolution"),
                Text(
                    "Médias das conversas que começaram em cada intervalo. Resolução no eixo da "
                    "direita.",
                    "Means of the chats that began in each interval. Resolution at the right axis.",
                ),
                Place(0, 16, 12, 8),
            ),
            language,
            sql_series(channels.CHAT_TIMES),
            [
                Series(
                    "first_response_s",
                    Text("Primeira resposta", "First response"),
                    Colour.BLUE,
                    clock,
                    is_line=True,
                ),
                Series(
                    "resolution_s",
                    Text("Resolução", "Resolution"),
                    Colour.PURPLE,
                    clock,
                    is_line=True,
                    is_at_right=True,
                ),
            ],
            unit=clock,
        ),
        rows(
            Head(
                24,
                Text("Pessoas, os dois canais", "People, both channels"),
                Text(
                    "Agora: estado ao telefone, conversas abertas e quantas sem resposta. No "
                    "período: conversas ao mesmo tempo "
                    "enquanto ocupada (Σ conversa / tempo com uma ou mais) e ocupação (ocupada / "
                    "ocupada + livre), o tempo contado uma vez.",
                    "Now: state at the telephone, open chats and how many without a response. In "
                    "the period: conversations at a time "
                    "while busy (Σ conversation / time with one or more) and occupancy (busy / "
                    "busy + available), time counted once.",
                ),
                Place(12, 16, 12, 8),
            ),
            language,
            sql(channels.PEOPLE),
            [
                Column("person", Text("Agente", "Agent"), link=TO_AGENT),
                Column("team", Text("Equipe", "Team"), width=95),
                Column("voice_state", Text("Telefone", "Telephone"), width=125, words=AGENT_STATES),
                Column("chats_open", Text("Conversas", "Chats"), count, 90),
                Column(
                    "not_responded",
                    Text("Sem resp.", "No resp."),
                    count,
                    85,
                    thresholds=NONE_IS_BETTER,
                ),
                Column("concurrency", Text("Ao mesmo tempo", "At a time"), count, 125, 1),
                Column("occupancy", Text("Ocupação", "Occupancy"), share, 90, 0, OCCUPANCY),
                Column("busy_s", Text("Ocupada", "Busy"), clock, 90),
                Column("logged_in_s", Text("Logada", "Logged in"), clock, 90),
                AGENT_OF_LINKS,
            ],
            none=Text("ninguém no período", "nobody in the period"),
        ),
        rows(
            Head(
                25,
                Text("Conversas por fila", "Chats by queue"),
                Text(
                    "Das conversas que começaram no período. Primeira resposta como acima; p90: "
                    "nove de dez conversas foram respondidas até aí.",
                    "Of the chats that began in the period. First response as above; p90: nine of "
                    "ten chats were responded to by then.",
                ),
                Place(0, 24, 24, 9),
            ),
            language,
            sql(channels.CHATS_BY_QUEUE),
            [
                Column("name", Text("Fila", "Queue"), link=TO_QUEUE),
                Column("offered", Text("Conversas", "Chats"), count, 105),
                Column("answered", Text("Atendidas", "Answered"), count, 105),
                Column("abandoned", Text("Abandonadas", "Abandoned"), count, 120),
                Column("bot_only", Text("Só robô", "Bot only"), count, 95),
                Column("mean_wait_s", Text("TME", "Mean wait"), clock, 100, 0),
                Column(
                    "first_response_s", Text("Primeira resposta", "First response"), clock, 145, 0
                ),
                Column("p90_first_response_s", same("p90"), clock, 95),
                Column("not_responded", Text("Sem resposta", "Not responded"), count, 125),
                Column("resolution_s", Text("Resolução", "Resolution"), clock, 105, 0),
                Column("messages_in_sum", Text("Recebidas", "In"), count, 100),
                Column("messages_out_sum", Text("Enviadas", "Out"), count, 100),
                QUEUE_OF_LINKS,
            ],
            none=Text("nenhuma conversa no período", "no chat in the period"),
        ),
    ]
