"""What colours, thresholds, units and states look like, on every page alike.

Green is good, amber means act soon, red act now, blue is a neutral count, grey is logged out or
unknown. Nothing else on the boards names a colour or a limit; a test holds them to it.
"""

from enum import StrEnum
from typing import NamedTuple

from grafana.language import Text, same
from grafana.sdk import dashboard


class Colour(StrEnum):
    """The palette. Grafana's names follow the light and the dark theme by themselves."""

    GREEN = "green"
    AMBER = "orange"
    RED = "red"
    BLUE = "blue"
    LIGHT_BLUE = "super-light-blue"
    PURPLE = "purple"
    GREY = "#8e9299"
    NONE = "transparent"


class Unit(StrEnum):
    """The units; a value without one says so."""

    COUNT = "none"
    SHARE = "percentunit"
    CLOCK = "dthms"
    SECONDS = "s"
    PER_SECOND = "cps"
    TIME_OF_DAY = "time:HH:mm:ss"
    MOMENT = "time:DD/MM HH:mm"
    MOMENT_TO_SECOND = "time:DD/MM HH:mm:ss"
    TEXT = "string"


class Thresholds(NamedTuple):
    """Steps of colours; `is_relative` ones are per cent of the way from the min to the max."""

    steps: tuple[tuple[float | None, Colour], ...]
    is_relative: bool = False

    def model(self) -> dashboard.ThresholdsConfig:
        """As Grafana stores them."""
        kind = dashboard.ThresholdsMode
        return dashboard.ThresholdsConfig(
            mode=kind.PERCENTAGE if self.is_relative else kind.ABSOLUTE,
            steps=[dashboard.Threshold(value=value, color=colour) for value, colour in self.steps],
        )


NEUTRAL = Thresholds(((None, Colour.BLUE),))
PLAIN = Thresholds(((None, Colour.NONE),))
WAIT_OF_LIMIT = Thresholds(
    ((None, Colour.GREEN), (25, Colour.BLUE), (50, Colour.AMBER), (100, Colour.RED)),
    is_relative=True,
)
"""Of a wait whose max is twice the answer limit: from half of it, from it, from its double."""

LEVEL_OF_TARGET = Thresholds(
    ((None, Colour.RED), (0, Colour.AMBER), (100, Colour.GREEN)), is_relative=True
)
"""Of a service level whose max is the target and whose min is ten points below it."""

POINTS_TO_TARGET = Thresholds(((None, Colour.RED), (-0.1, Colour.AMBER), (0, Colour.GREEN)))
"""Of a service level less its target."""

ABANDONMENT = Thresholds(((None, Colour.GREEN), (0.05, Colour.AMBER), (0.1, Colour.RED)))
DATA_AGE_S = Thresholds(((None, Colour.GREEN), (10, Colour.AMBER), (30, Colour.RED)))
NONE_IS_GOOD = Thresholds(((None, Colour.GREEN), (1, Colour.RED)))
NONE_IS_BETTER = Thresholds(((None, Colour.GREEN), (1, Colour.AMBER)))
SOME_IS_NEEDED = Thresholds(((None, Colour.RED), (1, Colour.GREEN)))
LATE_SHARE = Thresholds(((None, Colour.GREEN), (0.01, Colour.AMBER), (0.06, Colour.RED)))
"""Of an objective of 99 %: over 1 % the month's budget does not last; six times that is paged."""

OCCUPANCY = Thresholds(
    ((None, Colour.BLUE), (0.6, Colour.GREEN), (0.85, Colour.AMBER), (0.9, Colour.RED))
)
"""Under 60 % there is time to spare; over 90 % people burn out."""

ALL_THRESHOLDS = (
    NEUTRAL,
    PLAIN,
    WAIT_OF_LIMIT,
    LEVEL_OF_TARGET,
    POINTS_TO_TARGET,
    ABANDONMENT,
    DATA_AGE_S,
    NONE_IS_GOOD,
    NONE_IS_BETTER,
    OCCUPANCY,
    SOME_IS_NEEDED,
    LATE_SHARE,
)


HEAT = dashboard.FieldColorModeId.CONTINUOUS_BLUES
"""Of cells whose colour says how much, not how good: the darker, the more."""


class Word(NamedTuple):
    """How a value of a column is said, and its colour."""

    text: Text
    colour: Colour


AGENT_STATES = {
    "available": Word(Text("Livre", "Available"), Colour.GREEN),
    "ringing": Word(Text("Chamando", "Ringing"), Colour.LIGHT_BLUE),
    "talking": Word(Text("Falando", "Talking"), Colour.BLUE),
    "hold": Word(Text("Em espera", "On hold"), Colour.BLUE),
    "wrap_up": Word(Text("Pós-atendimento", "Wrap-up"), Colour.PURPLE),
    "busy_other": Word(Text("Outra ligação", "Other call"), Colour.BLUE),
    "paused": Word(Text("Pausa", "Paused"), Colour.AMBER),
    "paused_over_limit": Word(Text("Pausa excedida", "Pause over limit"), Colour.RED),
    "unreachable": Word(Text("Sem contato", "Unreachable"), Colour.GREY),
    "logged_out": Word(Text("Deslogado", "Logged out"), Colour.GREY),
}
"""Every state of docs/kpi.md, and a pause over its limit."""

NEED = {
    "now": Word(Text("Agir agora", "Act now"), Colour.RED),
    "soon": Word(Text("Atenção", "Act soon"), Colour.AMBER),
    "fine": Word(Text("Em dia", "Fine"), Colour.GREEN),
    "quiet": Word(Text("Sem chamadas", "No calls"), Colour.GREY),
}

CHANNELS = {
    "voice": Word(Text("Voz", "Voice"), Colour.BLUE),
    "whatsapp": Word(same("WhatsApp"), Colour.GREEN),
}

FOLLOW_UP = {
    "to_call_back": Word(Text("Retornar", "Call back"), Colour.RED),
    "tried_again": Word(Text("Tentou de novo", "Tried again"), Colour.RED),
    "not_reached": Word(Text("Retorno não atendido", "Not reached"), Colour.AMBER),
    "abandoned_again": Word(Text("Abandonou de novo", "Abandoned again"), Colour.GREY),
    "withheld": Word(Text("Número oculto", "Number withheld"), Colour.GREY),
    "reached": Word(Text("Retornada", "Called back"), Colour.GREEN),
    "served_later": Word(Text("Atendida depois", "Served later"), Colour.GREEN),
}
"""What became of who abandoned, most pressing first."""

OUTCOMES = {
    "answered": Word(Text("Atendidas", "Answered"), Colour.GREEN),
    "abandoned": Word(Text("Abandonadas", "Abandoned"), Colour.RED),
    "flowed_out": Word(Text("Transbordadas", "Flowed out"), Colour.AMBER),
    "open": Word(Text("Em aberto", "Open"), Colour.BLUE),
    "bot_only": Word(Text("Só robô", "Bot only"), Colour.PURPLE),
    "unknown": Word(Text("Sem visão", "Unknown"), Colour.GREY),
}
"""What offered is made of, in the order of the stack."""

CONNECTION = {
    "true": Word(Text("Conectado", "Connected"), Colour.GREEN),
    "false": Word(Text("Desconectado", "Disconnected"), Colour.RED),
}

VARIANTS = {
    "excluding_short": Text("sem abandonos curtos", "short abandons out"),
    "answered_and_abandoned": Text("atendidas e abandonadas", "answered and abandoned"),
    "with_flow_outs": Text("com transbordo", "flow-outs in"),
    "over_offered": Text("sobre oferecidas", "over offered"),
    "over_answered": Text("sobre atendidas", "over answered"),
    "left_within": Text("saída no prazo", "left within"),
    "late_abandons": Text("só abandonos tardios", "late abandons only"),
}
"""Short names of the seven variants of the service level; docs/kpi.md defines them."""

ENDED_BY = {
    "caller": Word(Text("Cliente", "Caller"), Colour.NONE),
    "agent": Word(Text("Agente", "Agent"), Colour.NONE),
    "transfer": Word(Text("Transferência", "Transfer"), Colour.NONE),
    "unknown": Word(Text("Não visto", "Not seen"), Colour.GREY),
    "": Word(Text("Em conversa", "Talking"), Colour.BLUE),
}

TRANSFERS = {
    "none": Word(same("—"), Colour.NONE),
    "blind": Word(Text("Cega", "Blind"), Colour.NONE),
    "attended": Word(Text("Assistida", "Attended"), Colour.NONE),
}
