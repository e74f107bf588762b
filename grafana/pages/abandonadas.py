"""Abandonadas: the list nobody gives: who gave up, and who is still to be called back."""

from grafana.board import Page, choice, closed_hours, coverage_gaps, of_customer
from grafana.charts import bars
from grafana.fields import Column, Series
from grafana.language import Language, Text, same
from grafana.pages.abandon_times import abandon_times
from grafana.pages.columns import QUEUE_OF_LINKS
from grafana.pages.coverage import coverage_line, freshness
from grafana.pages.destinations import TO_QUEUE
from grafana.pages.granularity import granularity
from grafana.panels import Card, Head, Place, cards, rows, sql, sql_series
from grafana.queries import abandoned
from grafana.sdk import SharedQuery, dashboard
from grafana.theme import (
    CHANNELS,
    FOLLOW_UP,
    NONE_IS_BETTER,
    NONE_IS_GOOD,
    Colour,
    Unit,
)

UID = "cc-abandoned"

_ASKS = 1


def page(language: Language) -> Page:
    """The page in one language."""
    return Page(
        uid=UID,
        title=Text("Abandonadas", "Abandoned"),
        description=Text(
            "Quem desligou na fila nos últimos 31 dias, se tentou de novo e se foi retornado em "
            "24 horas.",
            "Who hung up in a queue within 31 days, tried again or was called back within 24 "
            "hours.",
        ),
        panels=[
            *_numbers(language),
            *freshness(language, SharedQuery(_ASKS), 0),
            *_panels(language),
            *coverage_line(language, 28),
        ],
        refresh="30s",
        since="now-1d/d",
        variables=[
            *of_customer(language),
            choice(
                "follow_up",
                Text("Situação", "State"),
                {name: word.text for name, word in FOLLOW_UP.items()},
                language,
            ),
            granularity(language),
        ],
        annotations=[coverage_gaps(language), closed_hours(language)],
    )


def _numbers(language: Language) -> list[dashboard.Panel]:
    shared = SharedQuery(_ASKS)
    return [
        cards(
            Head(
                _ASKS,
                Text("A retornar", "To call back"),
                Text(
                    "Clientes de número conhecido que desligaram na fila e com quem ninguém falou "
                    "desde então: nem atendidos numa nova tentativa, nem alcançados por um "
                    "retorno em 24 horas.",
                    "Callers with a known number who hung up in a queue and to whom nobody has "
                    "spoken since: neither answered on a new try nor reached by a call back "
                    "within 24 hours.",
                ),
                Place(0, 0, 4, 4),
            ),
            language,
            sql(abandoned.CARDS),
            [Card("to_call_back")],
            thresholds=NONE_IS_GOOD,
            none=same("0"),
        ),
        cards(
            Head(
                2,
                Text("Espera retorno há", "Waiting for it since"),
                Text(
                    "Há quanto tempo desligou quem espera o retorno há mais tempo.",
                    "How long ago the one hung up who has waited longest to be called back.",
                ),
                Place(4, 0, 4, 4),
            ),
            language,
            shared,
            [Card("oldest")],
            unit=Unit.CLOCK,
            none=Text("ninguém espera", "nobody waits"),
        ),
        cards(
            Head(
                3,
                Text("Abandonadas", "Abandoned"),
                Text(
                    "Visitas a filas em que o cliente desligou esperando, abandonos curtos "
                    "inclusive.",
                    "Visits to queues whose caller hung up while waiting, short abandons included.",
                ),
                Place(8, 0, 3, 4),
            ),
            language,
            shared,
            [Card("abandoned")],
            none=same("0"),
        ),
        cards(
            Head(
                4,
                Text("Resolvidas", "Settled"),
                Text(
                    "Retornadas: o cliente atendeu um retorno em 24 horas. Atendidas depois: "
                    "ligou de novo e foi atendido em 24 horas.",
                    "Called back: the person answered a call back within 24 hours. Served later: "
                    "called again and was answered within 24 hours.",
                ),
                Place(11, 0, 6, 4),
            ),
            language,
            shared,
            [
                Card("reached", Text("Retornadas", "Called back")),
                Card("served_later", Text("Atendidas depois", "Served later")),
            ],
            none=same("0"),
        ),
        cards(
            Head(
                5,
                Text("Número oculto", "Number withheld"),
                Text(
                    "Sem número não há a quem retornar, e não se sabe se ligou de novo.",
                    "Without a number there is nobody to call back, and no telling whether they "
                    "called again.",
                ),
                Place(17, 0, 3, 4),
            ),
            language,
            shared,
            [Card("withheld")],
            thresholds=NONE_IS_BETTER,
            none=same("0"),
        ),
    ]


def _panels(language: Language) -> list[dashboard.Panel]:
    return [
        rows(
            Head(
                20,
                Text("Quem desistiu", "Who gave up"),
                Text(
                    "A retornar primeiro, o mais recente no topo; até 500. Tentou de novo: "
                    "próxima entrada da pessoa numa fila. Retorno: primeira ligação de um agente "
                    "para ela; Falou: a primeira que ela atendeu. Tudo em 24 horas, por número; o "
                    "número aparece como o coletor foi autorizado a mostrá-lo.",
                    "To call back first, newest on top; up to 500. Tried again: next time the "
                    "person entered a queue. Called back: an agent's first call to them; Reached: "
                    "the first they answered. All within 24 hours, by number; numbers are shown "
                    "as the collector was allowed to.",
                ),
                Place(0, 4, 24, 16),
            ),
            language,
            sql(abandoned.CALLERS),
            [
                Column("follow_up", Text("Situação", "State"), width=165, words=FOLLOW_UP),
                Column("caller", Text("Cliente", "Caller")),
                Column("queue_name", Text("Fila", "Queue"), width=170, link=TO_QUEUE),
                Column("channel", Text("Canal", "Channel"), width=95, words=CHANNELS),
                Column("entered_at", Text("Chegada", "Arrived"), Unit.MOMENT_TO_SECOND, 145),
                Column("wait_s", Text("Esperou", "Waited"), Unit.CLOCK, 95),
                Column("tried_again_at", Text("Tentou de novo", "Tried again"), Unit.MOMENT, 135),
                Column("called_back_at", Text("Retorno", "Called back"), Unit.MOMENT, 120),
                Column("called_back_by", Text("Por", "By"), width=140),
                Column("reached_at", Text("Falou", "Reached"), Unit.MOMENT, 120),
                Column("reached_by", Text("Com", "By"), width=140),
                QUEUE_OF_LINKS,
            ],
            none=Text("ninguém desistiu", "nobody gave up"),
        ),
        bars(
            Head(
                21,
                Text("Abandonadas por intervalo de chegada", "Abandoned by interval of arrival"),
                Text(
                    "Quando chegaram as que foram abandonadas, e o que foi feito de cada uma. "
                    "Sombreado: sem visão.",
                    "When those arrived that were abandoned, and what became of each. Shaded: not "
                    "seen.",
                ),
                Place(0, 20, 14, 8),
            ),
            language,
            sql_series(abandoned.BY_TIME),
            [
                Series("to_call_back", Text("A retornar", "To call back"), Colour.RED),
                Series("reached", Text("Retornadas", "Called back"), Colour.GREEN),
                Series("served_later", Text("Atendidas depois", "Served later"), Colour.BLUE),
                Series("others", Text("Outras", "Others"), Colour.GREY),
            ],
        ),
        abandon_times(language, 22, Place(14, 20, 10, 8)),
    ]
