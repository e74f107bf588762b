"""Filas: what became of the calls of a period, queue by queue, beside the week before."""

from grafana.board import Page, closed_hours, coverage_gaps, of_customer
from grafana.charts import bars, lines
from grafana.fields import Column, Series
from grafana.language import Language, Text, same
from grafana.pages.abandon_times import abandon_times
from grafana.pages.columns import QUEUE_OF_LINKS, abandonment_rate, service_level, to_target
from grafana.pages.coverage import coverage_line, freshness
from grafana.pages.destinations import TO_QUEUE
from grafana.pages.filas_numbers import ASKS, numbers
from grafana.pages.granularity import granularity
from grafana.panels import Head, Place, row, rows, sql, sql_series
from grafana.queries import results
from grafana.sdk import SharedQuery, dashboard
from grafana.theme import (
    HEAT,
    OUTCOMES,
    Colour,
    Unit,
)

UID = "cc-queues"


def page(language: Language) -> Page:
    """The page in one language."""
    return Page(
        uid=UID,
        title=Text("Filas", "Queues"),
        description=Text(
            "O que foi feito das chamadas que chegaram no período, por fila, hora e dia da semana.",
            "What became of the calls that arrived in the period, by queue, hour and weekday.",
        ),
        panels=[
            *numbers(language),
            *freshness(language, SharedQuery(ASKS), 4),
            *_over_time(language),
            *_tables(language),
            *coverage_line(language, 48),
        ],
        refresh="1m",
        variables=[*of_customer(language), granularity(language)],
        annotations=[coverage_gaps(language), closed_hours(language)],
    )


def _over_time(language: Language) -> list[dashboard.Panel]:
    return [
        bars(
            Head(
                20,
                Text("Chamadas por intervalo de chegada", "Calls by interval of arrival"),
                Text(
                    "O que foi feito das chamadas que chegaram em cada intervalo; a soma é o "
                    "oferecido. Tracejado: oferecidas no mesmo intervalo sete dias antes. "
                    "Sombreado: sem visão.",
                    "What became of the calls that arrived in each interval; their sum is "
                    "offered. Dashed: offered in the same interval seven days before. Shaded: not "
                    "seen.",
                ),
                Place(0, 8, 12, 8),
            ),
            language,
            sql_series(results.BY_TIME),
            [
                *(Series(name, word.text, word.colour) for name, word in OUTCOMES.items()),
                Series(
                    "offered_before",
                    Text("Oferecidas na semana anterior", "Offered the week before"),
                    Colour.GREY,
                    is_line=True,
                    is_dashed=True,
                ),
            ],
        ),
        lines(
            Head(
                21,
                Text("NS e abandono por intervalo de chegada", "SL and abandonment by interval"),
                Text(
                    "Nível de serviço pela variante de cada fila, sua meta (tracejada) e taxa de "
                    "abandono. Sem ponto onde nada foi contado.",
                    "Service level by the variant of each queue, its target (dashed) and the "
                    "abandonment rate. No point where nothing was counted.",
                ),
                Place(12, 8, 12, 8),
            ),
            language,
            sql_series(results.LEVEL_BY_TIME),
            [
                Series(
                    "service_level",
                    Text("NS", "SL"),
                    Colour.BLUE,
                    Unit.SHARE,
                    is_line=True,
                    highest=1,
                ),
                Series(
                    "service_level_target",
                    Text("Meta do NS", "SL target"),
                    Colour.GREEN,
                    Unit.SHARE,
                    is_line=True,
                    is_dashed=True,
                    highest=1,
                ),
                Series(
                    "abandonment_rate",
                    Text("Taxa de abandono", "Abandonment rate"),
                    Colour.RED,
                    Unit.SHARE,
                    is_line=True,
                    highest=1,
                ),
            ],
            unit=Unit.SHARE,
        ),
        lines(
            Head(
                22,
                Text("Espera das atendidas: percentis", "Wait of answered calls: percentiles"),
                Text(
                    "Metade das atendidas esperou até p50, 90 % até p90, 95 % até p95; das "
                    "esperas em segundos inteiros, não de médias.",
                    "Half of the answered calls waited up to p50, 90 % up to p90, 95 % up to p95; "
                    "from waits in whole seconds, not from means.",
                ),
                Place(0, 16, 12, 8),
            ),
            language,
            sql_series(results.WAITS_BY_TIME),
            [
                Series("p50_s", same("p50"), Colour.GREEN, Unit.CLOCK, is_line=True),
                Series("p90_s", same("p90"), Colour.AMBER, Unit.CLOCK, is_line=True),
                Series("p95_s", same("p95"), Colour.RED, Unit.CLOCK, is_line=True),
            ],
            unit=Unit.CLOCK,
        ),
        abandon_times(language, 23, Place(12, 16, 12, 8)),
    ]


def _tables(language: Language) -> list[dashboard.Panel | dashboard.RowPanel]:
    share, clock, count = Unit.SHARE, Unit.CLOCK, Unit.COUNT
    return [
        row(30, Text("Por fila", "By queue"), 24, language),
        rows(
            Head(
                31,
                Text("Filas no período", "Queues in the period"),
                Text(
                    "Uma linha por fila e o total de todas, cada razão formada uma vez sobre as "
                    "somas. NS pela variante da fila; o total soma as partes.",
                    "A row per queue and the total of all, each ratio formed once over the sums. "
                    "SL by the queue's variant; the total adds up the parts.",
                ),
                Place(0, 25, 24, 8),
            ),
            language,
            sql(results.by_queue(language)),
            [
                Column("name", Text("Fila", "Queue"), link=TO_QUEUE),
                Column("offered", Text("Oferec.", "Offered"), count, 80),
                Column("offered_before", Text("Sem. ant.", "Week bef."), count, 85),
                Column("answered", Text("Atend.", "Answered"), count, 80),
                Column("abandoned", same("Aband."), count, 80),
                Column("flowed_out", Text("Transb.", "Fl. out"), count, 80),
                Column("open", Text("Abertas", "Open"), count, 75),
                Column("unknown", Text("Sem visão", "Unknown"), count, 85),
                service_level(95),
                to_target(90),
                Column("criterion", Text("Critério do NS", "SL measured by"), width=210),
                abandonment_rate(95),
                Column(
                    "abandonment_rate_without_short", Text("Sem curtas", "W/o short"), share, 95, 1
                ),
                Column("mean_wait_answered_s", Text("TME (atend.)", "Wait (answ.)"), clock, 105, 0),
                Column("mean_wait_all_s", Text("TME (todas)", "Wait (all)"), clock, 105, 0),
                Column("longest_wait_s", Text("Maior espera", "Longest"), clock, 105),
                Column("mean_handle_s", Text("TMA", "Handle"), clock, 85, 0),
                QUEUE_OF_LINKS,
            ],
            none=Text("nenhuma chamada no período", "no call in the period"),
        ),
        rows(
            Head(
                32,
                Text("Oferecidas por dia da semana e hora", "Offered by weekday and hour"),
                Text(
                    "Soma do período, dias e horas no fuso do cliente: quanto mais escuro, mais "
                    "chamadas.",
                    "Sum of the period, days and hours of the customer's zone: the darker, the "
                    "more calls.",
                ),
                Place(0, 33, 24, 8),
            ),
            language,
            sql(results.by_weekday_and_hour(language)),
            [
                Column("weekday", Text("Dia", "Day")),
                *(
                    Column(f"h{hour:02}", same(f"{hour} h"), count, 62, scheme=HEAT)
                    for hour in results.HOURS
                ),
            ],
        ),
        rows(
            Head(
                33,
                Text(
                    "Transbordos, transferências e ofertas perdidas",
                    "Ways out, transfers, missed offers",
                ),
                Text(
                    "Como saiu da fila quem não foi atendido nem desligou, o que os agentes "
                    "transferiram, e quantas vezes um agente chamado não atendeu. Estimadas: "
                    "parte da chamada não foi vista.",
                    "How those left who were neither answered nor hung up, what agents "
                    "transferred, and how often a ringing agent did not answer. Estimated: part "
                    "of the call was not seen.",
                ),
                Place(0, 41, 24, 7),
            ),
            language,
            sql(results.WAYS_OUT),
            [
                Column("name", Text("Fila", "Queue"), link=TO_QUEUE),
                Column("timed_out", Text("Tempo esgotado", "Timed out"), count, 125),
                Column("left_empty", Text("Fila sem agentes", "Left empty"), count, 135),
                Column("exited_by_key", Text("Saiu por tecla", "By key"), count, 120),
                Column("withdrawn", Text("Retirada", "Withdrawn"), count, 95),
                Column("transferred_away", Text("Redirecionada", "Redirected"), count, 120),
                Column("blind", Text("Transf. cega", "Blind transfer"), count, 115),
                Column("attended", Text("Transf. assistida", "Attended transfer"), count, 135),
                Column("missed_offers", Text("Ofertas perdidas", "Missed offers"), count, 135),
                Column("estimated", Text("Estimadas", "Estimated"), count, 100),
                QUEUE_OF_LINKS,
            ],
            none=Text("nenhuma chamada no período", "no call in the period"),
        ),
    ]
