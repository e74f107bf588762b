"""What a simulated call centre is like: queues, agents, callers' habits. Times are in seconds."""

from dataclasses import dataclass, field, replace
from typing import Literal

Strategy = Literal["ringall", "linear", "rrmemory", "leastrecent", "fewestcalls", "random"]


@dataclass(frozen=True)
class QueuePlan:
    """One queue, as `queues.conf` and the dialplan in front of it set it up."""

    name: str
    share: float
    """Part of the arriving callers; the shares of a plan sum to 1."""
    strategy: Strategy = "rrmemory"
    ring_timeout_s: float = 12
    retry_s: float = 1
    wrap_up_s: int = 0
    max_wait_s: float = 120
    """The time-out given to Queue()."""
    overflow: str = ""
    """The queue a timed-out caller goes on to; empty: the call ends."""
    has_exit_key: bool = False
    leaves_when_empty: bool = False
    """Callers leave, and are refused, when no agent could take a call."""
    weight: int = 0
    talk_mean_s: float = 75


@dataclass(frozen=True)
class AgentPlan:
    """One agent and the queues they serve."""

    number: str
    name: str
    queues: tuple[str, ...]
    penalty: int = 0
    starts_logged_in: bool = True


@dataclass(frozen=True)
class Habits:
    """How people behave; probabilities are per occasion, times are means in seconds."""

    calls_per_hour: float = 225
    menu_s: float = 4
    hangs_up_in_menu: float = 0.05
    patience_s: float = 75
    hurries: float = 0.06
    """Share of callers who give up within a few seconds."""
    hurry_s: float = 2.5
    presses_exit_key: float = 0.25
    calls_again: float = 0.3
    """Of arriving callers, while there are some who abandoned lately."""
    answer_after_s: float = 3.5
    misses: float = 0.07
    rejects: float = 0.03
    caller_hangs_up: float = 0.6
    holds: float = 0.15
    hold_s: float = 15
    transfers_blind: float = 0.06
    transfers_attended: float = 0.04
    consult_s: float = 12
    transferred_talk_s: float = 60
    pause_every_s: float = 900
    pause_s: float = 150
    pause_reasons: tuple[str, ...] = ("Almoço", "Banheiro", "Café", "Reunião", "Treinamento", "")
    logout_every_s: float = 3600
    logged_out_s: float = 240
    loses_phone_every_s: float = 7200
    phone_lost_s: float = 40
    dials_out_every_s: float = 600
    dials_back: float = 0.5
    """Share of outbound calls that go to a caller who abandoned."""
    outbound_answered: float = 0.7
    outbound_ring_s: float = 6
    outbound_talk_s: float = 45
    internal_calls_per_hour: float = 12


# Arrivals by hour of the local day, relative to the mean: two humps, and a night that is not dead.
DAILY_SHAPE = (
    *(0.55, 0.5, 0.5, 0.5, 0.5, 0.55, 0.7, 0.9, 1.15, 1.4, 1.5, 1.4),
    *(1.2, 1.2, 1.4, 1.45, 1.4, 1.3, 1.15, 1.0, 0.9, 0.8, 0.7, 0.6),
)


@dataclass(frozen=True)
class CallCentrePlan:
    """A whole site."""

    queues: tuple[QueuePlan, ...]
    agents: tuple[AgentPlan, ...]
    habits: Habits = field(default_factory=Habits)
    utc_offset_hours: int = -3
    """Of the clock that `DAILY_SHAPE` goes by."""


_QUEUES = (
    QueuePlan("suporte", 0.44, "rrmemory", wrap_up_s=6, max_wait_s=90, overflow="retaguarda"),
    QueuePlan("vendas", 0.28, "ringall", 10, has_exit_key=True, max_wait_s=100, talk_mean_s=90),
    QueuePlan("cobrança", 0.22, "fewestcalls", wrap_up_s=10, max_wait_s=60),
    QueuePlan("ouvidoria", 0.06, "leastrecent", 15, leaves_when_empty=True),
    QueuePlan("retaguarda", 0.0, "linear", 15, max_wait_s=150, weight=10, talk_mean_s=60),
)
_FIRST_NAMES = (
    *("Ana", "Bruno", "Carla", "Diego", "Elena", "Fábio"),
    *("Gabriela", "Hugo", "Íris", "João", "Karen", "Lívia"),
)
_SURNAMES = (
    *("Souza", "Lima", "Dias", "Reis", "Prado", "Nunes"),
    *("Rocha", "Teles", "Antunes", "Batista", "Moraes", "Castro"),
)
_QUEUES_OF_AGENTS = (
    ("suporte", "vendas"),
    ("suporte",),
    ("suporte", "cobrança"),
    ("vendas",),
    ("vendas", "cobrança"),
    ("cobrança",),
    ("suporte", "retaguarda"),
    ("suporte", "vendas", "cobrança"),
    ("retaguarda", "ouvidoria"),
    ("vendas", "suporte"),
    ("suporte", "cobrança"),
    ("suporte", "vendas", "cobrança"),
)


def default_plan(site: int = 1) -> CallCentrePlan:
    """A small Brazilian call centre; the extensions of site n begin at n01.

    The last agent logs in some time after the opening.
    """
    agents = []
    for place, queues in enumerate(_QUEUES_OF_AGENTS):
        # Each site has people of its own.
        surname = _SURNAMES[(place + site - 1) % len(_SURNAMES)]
        agents.append(
            AgentPlan(
                f"{site}{place + 1:02}",
                f"{_FIRST_NAMES[place]} {surname}",
                queues,
                starts_logged_in=place + 1 < len(_QUEUES_OF_AGENTS),
            )
        )
    return CallCentrePlan(_QUEUES, tuple(agents))


def at_speed(plan: CallCentrePlan, speed: float) -> CallCentrePlan:
    """The same call centre living `speed` times faster.

    What Asterisk keeps in whole seconds (`wrapuptime`) stays at least one second. Above speed 3
    private calls get shorter than the two seconds after which a busy phone counts as busy.
    """
    if speed == 1:
        return plan
    habits = plan.habits
    faster = replace(
        habits,
        **{name: value / speed for name, value in vars(habits).items() if name.endswith("_s")},
        **{name: value * speed for name, value in vars(habits).items() if name.endswith("_hour")},
    )
    queues = tuple(
        replace(
            queue,
            ring_timeout_s=queue.ring_timeout_s / speed,
            retry_s=queue.retry_s / speed,
            wrap_up_s=max(1, round(queue.wrap_up_s / speed)) if queue.wrap_up_s else 0,
            max_wait_s=queue.max_wait_s / speed,
            talk_mean_s=queue.talk_mean_s / speed,
        )
        for queue in plan.queues
    )
    return replace(plan, queues=queues, habits=faster)
