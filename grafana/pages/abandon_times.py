"""How long those waited who gave up, as two pages show it."""

from grafana.language import Language, Text
from grafana.panels import Head, Place, gauges, sql
from grafana.queries import results
from grafana.sdk import dashboard
from grafana.theme import NEUTRAL, Unit


def abandon_times(language: Language, number: int, place: Place) -> dashboard.Panel:
    """A bar per span of waits."""
    return gauges(
        Head(
            number,
            Text("Quanto esperou quem desistiu", "How long those waited who gave up"),
            Text(
                "Número de abandonadas por tempo de espera, o fim de cada faixa excluído.",
                "Number of abandoned calls by wait, the end of each span excluded.",
            ),
            place,
        ),
        language,
        sql(results.abandon_times(language)),
        value="calls",
        unit=Unit.COUNT,
        thresholds=NEUTRAL,
    )
