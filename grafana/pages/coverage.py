"""What every page of history shows at its foot: how fresh the data is, and what was not seen."""

from grafana.fields import Column
from grafana.language import Language, Text
from grafana.panels import Card, Head, Place, cards, row, rows, sql
from grafana.queries import coverage
from grafana.sdk import SharedQuery, dashboard
from grafana.theme import CONNECTION, DATA_AGE_S, NONE_IS_BETTER, Unit


def freshness(language: Language, shared: SharedQuery, y: int) -> list[dashboard.Panel]:
    """Two numbers at the end of a line, from an answer that has `data_age` and `unseen`."""
    return [
        cards(
            Head(
                10,
                Text("Dados de", "Data age"),
                Text(
                    "Há quantos segundos chegou o último dado da central mais atrasada. Âmbar a "
                    "partir de 10 s, vermelho a partir de 30 s.",
                    "How long ago the last data of the most delayed site arrived. Amber from 10 "
                    "s, red from 30 s.",
                ),
                Place(20, y, 2, 4),
            ),
            language,
            shared,
            [Card("data_age")],
            unit=Unit.SECONDS,
            thresholds=DATA_AGE_S,
            none=Text("nenhum dado", "no data yet"),
        ),
        cards(
            Head(
                11,
                Text("Sem visão", "Not seen"),
                Text(
                    "Tempo do período em que a central com a maior lacuna não foi vista: chamadas "
                    "desse tempo podem faltar ou ter desfecho desconhecido.",
                    "Time of the period in which the site with the largest gap was not seen: "
                    "calls of it may be missing or end as unknown.",
                ),
                Place(22, y, 2, 4),
            ),
            language,
            shared,
            [Card("unseen")],
            unit=Unit.CLOCK,
            thresholds=NONE_IS_BETTER,
            none=Text("nada", "nothing"),
        ),
    ]


def coverage_line(language: Language, y: int) -> list[dashboard.Panel | dashboard.RowPanel]:
    """The sites and the gaps, the last line of a page."""
    return [
        row(40, Text("Centrais e lacunas", "Sites and gaps"), y, language),
        rows(
            Head(
                41,
                Text("Centrais", "Sites"),
                Text(
                    "De cada central: se o coletor está conectado, há quanto tempo nada chega, "
                    "quanto espera no disco dele, e a diferença entre os relógios.",
                    "Of each site: whether the collector is connected, how long nothing has "
                    "arrived, how much waits on its disk, and the difference between the clocks.",
                ),
                Place(0, y + 1, 12, 6),
            ),
            language,
            sql(coverage.SITES),
            [
                Column("connection", Text("Ligação", "Connection"), width=125, words=CONNECTION),
                Column("site", Text("Central", "Site")),
                Column(
                    "age_s",
                    Text("Dados de", "Data age"),
                    Unit.SECONDS,
                    95,
                    thresholds=DATA_AGE_S,
                ),
                Column("spool_events", Text("No disco", "Spooled"), Unit.COUNT, 95),
                Column("skew_s", Text("Relógio", "Clock"), Unit.SECONDS, 85),
                Column("collector_version", Text("Coletor", "Collector"), width=85),
                Column("asterisk_version", Text("Versão", "Version"), width=150),
            ],
            none=Text("nenhuma central", "no site yet"),
        ),
        rows(
            Head(
                42,
                Text("Lacunas do período", "Gaps of the period"),
                Text(
                    "Quando algo pode não ter sido visto e por quê; os gráficos sombreiam o "
                    "mesmo. Sem fim: ainda dura.",
                    "When something may not have been seen, and why; the charts shade the same. "
                    "Without an end: it lasts.",
                ),
                Place(12, y + 1, 12, 6),
            ),
            language,
            sql(coverage.GAPS),
            [
                Column("started_at", Text("De", "From"), Unit.MOMENT, 130),
                Column("ended_at", Text("Até", "To"), Unit.MOMENT, 130),
                Column("site", Text("Central", "Site")),
                Column("reason", Text("Motivo", "Cause"), width=130),
                Column("lasted_s", Text("Duração", "Lasted"), Unit.CLOCK, 100),
            ],
            none=Text("nenhuma lacuna", "no gap"),
        ),
    ]
