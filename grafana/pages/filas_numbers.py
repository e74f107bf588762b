"""The large numbers of Filas, each beside that of the week before, out of one answer."""

from grafana.language import Language, Text, same
from grafana.pages.destinations import TO_ABANDONED
from grafana.panels import Card, Head, Place, cards, sql
from grafana.queries import results
from grafana.sdk import SharedQuery, dashboard
from grafana.theme import ABANDONMENT, LEVEL_OF_TARGET, NEUTRAL, Unit

ASKS = 1
"""The panel that asks for all of them."""

_WEEK = Text(
    " Ao lado, o mesmo período sete dias antes.", " Beside it, the same period seven days before."
)
_PERIOD, _BEFORE = Text("No período", "In the period"), Text("Semana anterior", "Week before")


def _beside(name: str) -> list[Card]:
    return [Card(name, _PERIOD), Card(f"{name}_before", _BEFORE)]


def numbers(language: Language) -> list[dashboard.Panel]:
    """Two lines of them; `freshness` stands at the end of the second."""
    shared = SharedQuery(ASKS)

    def text(pt: str, en: str) -> Text:
        return Text(pt + _WEEK.pt, en + _WEEK.en)

    return [
        cards(
            Head(
                ASKS,
                Text("Oferecidas", "Offered"),
                text(
                    "Tudo o que entrou nas filas no período, pelo momento de chegada.",
                    "All that entered the queues in the period, by the moment of arrival.",
                ),
                Place(0, 0, 4, 4),
            ),
            language,
            sql(results.CARDS),
            _beside("offered"),
            none=same("0"),
        ),
        cards(
            Head(
                2,
                Text("Atendidas", "Answered"),
                text("Conectadas a um agente.", "Connected to an agent, of those that arrived."),
                Place(4, 0, 4, 4),
            ),
            language,
            shared,
            _beside("answered"),
            none=same("0"),
        ),
        cards(
            Head(
                3,
                Text("NS · ${criterion}", "SL · ${criterion}"),
                text(
                    "Nível de serviço, cada fila por sua variante e seus limites T e S; várias "
                    "filas somam suas partes. Verde: na meta. Âmbar: até 10 pontos abaixo. "
                    "Vermelho: mais.",
                    "Service level, each queue by its variant and its limits T and S; several "
                    "queues add up by their parts. Green: on target. Amber: up to 10 points "
                    "below. Red: more.",
                ),
                Place(8, 0, 4, 4),
            ),
            language,
            shared,
            _beside("service_level"),
            unit=Unit.SHARE,
            thresholds=LEVEL_OF_TARGET,
            none=Text("sem chamadas", "no calls"),
        ),
        cards(
            Head(
                4,
                Text("Abandonadas", "Abandoned"),
                text(
                    "O cliente desligou na fila, abandonos curtos inclusive.",
                    "The caller hung up in the queue, short abandons included.",
                ),
                Place(12, 0, 4, 4),
            ),
            language,
            shared,
            _beside("abandoned"),
            none=same("0"),
            link=TO_ABANDONED,
        ),
        cards(
            Head(
                5,
                Text("Taxa de abandono", "Abandonment rate"),
                text(
                    "Abandonadas / oferecidas. Âmbar a partir de 5 %, vermelho a partir de 10 %.",
                    "Abandoned / offered. Amber from 5 %, red from 10 %.",
                ),
                Place(16, 0, 4, 4),
            ),
            language,
            shared,
            _beside("abandonment_rate"),
            unit=Unit.SHARE,
            decimals=1,
            thresholds=ABANDONMENT,
            none=Text("sem chamadas", "no calls"),
        ),
        cards(
            Head(
                6,
                Text("TME (atendidas)", "Mean wait (answered)"),
                text(
                    "Σ espera das atendidas / atendidas (ASA).",
                    "Σ wait of answered / answered (ASA).",
                ),
                Place(20, 0, 4, 4),
            ),
            language,
            shared,
            _beside("mean_wait_answered_s"),
            unit=Unit.CLOCK,
        ),
        cards(
            Head(
                7,
                Text("TMA", "Mean handle time"),
                text(
                    "Σ conversa + espera na linha + pós-atendimento / atendidas e encerradas.",
                    "Σ talk + hold + wrap-up / answered calls that ended.",
                ),
                Place(0, 4, 4, 4),
            ),
            language,
            shared,
            _beside("mean_handle_s"),
            unit=Unit.CLOCK,
        ),
        cards(
            Head(
                8,
                Text("Outros tempos", "Other times"),
                Text(
                    "TME (todas): Σ espera de atendidas, abandonadas e transbordadas / seu "
                    "número. Até desistir: Σ espera das abandonadas / abandonadas. Maior espera: "
                    "de todas que terminaram. TMA sem pós: como TMA, sem pós-atendimento.",
                    "Mean wait (all): Σ wait of answered, abandoned and flowed out / their "
                    "number. To giving up: Σ wait of abandoned / abandoned. Longest: of all that "
                    "ended. Handle without wrap-up: as the handle time, wrap-up left out.",
                ),
                Place(4, 4, 12, 4),
            ),
            language,
            shared,
            [
                Card("mean_wait_all_s", Text("TME (todas)", "Mean wait (all)")),
                Card("mean_abandon_s", Text("Até desistir", "To giving up")),
                Card("longest_wait_s", Text("Maior espera", "Longest wait")),
                Card("mean_handle_without_wrap_up_s", Text("TMA sem pós", "Handle w/o wrap-up")),
            ],
            unit=Unit.CLOCK,
            thresholds=NEUTRAL,
        ),
        cards(
            Head(
                9,
                Text("Taxa sem curtas", "Rate without short"),
                Text(
                    "(Abandonadas - curtas) / (oferecidas - curtas); curta é a que desligou antes "
                    "do limite S de sua fila.",
                    "(Abandoned - short) / (offered - short); short are those who hung up before "
                    "the limit S of their queue.",
                ),
                Place(16, 4, 4, 4),
            ),
            language,
            shared,
            [Card("abandonment_rate_without_short")],
            unit=Unit.SHARE,
            decimals=1,
            thresholds=ABANDONMENT,
            none=Text("sem chamadas", "no calls"),
        ),
    ]
