"""How wide a bar is: a variable of every page with charts of a period."""

from grafana.board import choice
from grafana.language import Language, Text, same
from grafana.sdk import dashboard

GRANULARITIES = {
    "15 MINUTE": same("15 min"),
    "30 MINUTE": same("30 min"),
    "1 HOUR": same("1 h"),
    "1 DAY": Text("1 dia", "1 day"),
}


def granularity(language: Language) -> dashboard.VariableModel:
    """The variable that says how wide a bar is."""
    return choice(
        "granularity",
        Text("Intervalo", "Interval"),
        GRANULARITIES,
        language,
        is_multiple=False,
        chosen="30 MINUTE",
    )
