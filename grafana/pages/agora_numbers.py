"""The large numbers of Agora, all of them out of one answer, which the queues are in too."""

from grafana.fields import NUMBERS
from grafana.language import Language, Text, same
from grafana.pages.destinations import TO_ABANDONED, TO_AGENTS, TO_QUEUES
from grafana.panels import Card, Head, Place, cards, sql
from grafana.queries import now
from grafana.sdk import SharedQuery, dashboard
from grafana.theme import (
    ABANDONMENT,
    DATA_AGE_S,
    LEVEL_OF_TARGET,
    NEUTRAL,
    NONE_IS_BETTER,
    NONE_IS_GOOD,
    WAIT_OF_LIMIT,
    Unit,
)

ASKS = 1
"""The panel that asks for all the large numbers and queues; others take theirs from its answer."""


def first_line(language: Language) -> list[dashboard.Panel]:
    """Who waits, how the day goes, and how old the data is."""
    shared = SharedQuery(ASKS)
    return [
        cards(
            Head(
                ASKS,
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
            sql(now.numbers_and_queues(language)),
            [Card("waiting")],
            part=NUMBERS,
            none=same("0"),
            link=TO_QUEUES,
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
            part=NUMBERS,
            unit=Unit.CLOCK,
            thresholds=WAIT_OF_LIMIT,
            none=same("0"),
            link=TO_QUEUES,
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
            part=NUMBERS,
            unit=Unit.SHARE,
            thresholds=LEVEL_OF_TARGET,
            none=Text("sem chamadas", "no calls"),
            link=TO_QUEUES,
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
            part=NUMBERS,
            none=same("0"),
            link=TO_ABANDONED,
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
            part=NUMBERS,
            unit=Unit.SHARE,
            decimals=1,
            thresholds=ABANDONMENT,
            none=Text("sem chamadas", "no calls"),
            link=TO_ABANDONED,
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
            part=NUMBERS,
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
            part=NUMBERS,
            unit=Unit.SECONDS,
            thresholds=DATA_AGE_S,
            none=Text("nenhum dado", "no data yet"),
            link=TO_QUEUES,
        ),
    ]


def second_line(language: Language) -> list[dashboard.Panel]:
    """The agents, how long calls take, and what was not seen."""
    shared = SharedQuery(ASKS)
    return [
        cards(
            Head(
                8,
                Text("Agentes", "Agents"),
                Text(
                    "Quem está logado agora, e quem se deslogou hoje. Livres em vermelho: há "
                    "espera e ninguém livre. Falando: em conversa ou com o cliente em espera. "
                    "Ocupados: chamando, pós-atendimento ou outra ligação.",
                    "Who is logged in now, and who logged out today. Available in red: callers "
                    "wait and nobody is available. Talking: in conversation or with the caller on "
                    "hold. Busy: ringing, wrap-up or other call.",
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
                Card("unreachable", Text("Sem contato", "Unreachable")),
                Card("logged_out", Text("Deslogados", "Logged out")),
            ],
            part=NUMBERS,
            none=same("0"),
            link=TO_AGENTS,
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
            part=NUMBERS,
            thresholds=NONE_IS_GOOD,
            none=Text("nenhuma", "none"),
            link=TO_AGENTS,
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
            part=NUMBERS,
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
            part=NUMBERS,
            unit=Unit.CLOCK,
            thresholds=NONE_IS_BETTER,
            none=Text("nada", "nothing"),
            link=TO_QUEUES,
        ),
    ]
