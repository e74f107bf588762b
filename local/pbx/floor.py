"""The state of a simulated call centre at one moment, and the stream of what it says on AMI.

Everything that happens is a function over a `Floor`; the modules beside this one hold them, from
the phones up to arrivals. `Floor` knows the time, the agenda of what is due, chance, the truth
being written, and how a packet is spelled.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from local.pbx.channels import UNKNOWN, Channel
from local.pbx.dialect import Dialect
from local.pbx.plan import AgentPlan, CallCentrePlan, QueuePlan
from local.pbx.truth import TrueCall, Truth

_REMEMBERED_ABANDONS = 50


class Said(NamedTuple):
    """One packet on AMI: when (ms since the epoch), under which class, and its bytes."""

    at: int
    privilege: str
    data: bytes


class Membership:
    """An agent in a queue, as Asterisk keeps it. Times in whole epoch seconds, 0 for never."""

    def __init__(self, login_at: int, penalty: int) -> None:
        """Joined now."""
        self.login_at = login_at
        self.penalty = penalty
        self.calls_taken = 0
        self.last_call = 0
        self.last_pause = 0
        self.is_in_call = False


class Agent:
    """An agent and their phone."""

    def __init__(self, plan: AgentPlan, technology: str) -> None:
        """Logged out, phone idle."""
        self.number = plan.number
        self.name = plan.name
        self.plan = plan
        self.interface = f"{technology}/{plan.number}"
        self.memberships: dict[str, Membership] = {}
        self.status = 1
        self.is_paused = False
        self.pause_reason = ""
        self.is_dialling = False
        self.ring: Ring | None = None
        self.talk: Talk | None = None
        self.wrap_up_call: TrueCall | None = None
        self.wrap_up_since = 0
        self.wrap_up_until = 0
        self.last_call_ms = 0
        self.calls_today = 0

    @property
    def is_free(self) -> bool:
        """Whether the phone could ring now, wrap-up apart."""
        return (
            bool(self.memberships)
            and not self.is_paused
            and self.status == 1
            and self.ring is None
            and self.talk is None
            and not self.is_dialling
        )

    @property
    def is_usable(self) -> bool:
        """Whether a queue with this agent in it counts as staffed."""
        return bool(self.memberships) and not self.is_paused and self.status not in (4, 5)


class Caller:
    """A call from outside and where it is. `visit` is the true call while it waits."""

    def __init__(self, channel: Channel, number: str) -> None:
        """Just came in."""
        self.channel = channel
        self.number = number
        self.is_gone = False
        self.queue: QueueState | None = None
        self.visit: TrueCall | None = None
        self.original_position = 0
        self.rings: dict[str, Ring] = {}
        self.next_try_at = 0
        self.stay = 0
        """Grows with every queue entered or left: an agenda entry of an earlier stay is void."""


class Ring:
    """An agent's phone ringing for a caller."""

    def __init__(self, caller: Caller, agent: Agent, queue: "QueueState", channel: Channel) -> None:
        """Begins at the channel's time."""
        self.caller = caller
        self.agent = agent
        self.queue = queue
        self.channel = channel
        self.is_over = False


class Talk:
    """A caller and an agent connected."""

    def __init__(self, ring: Ring, call: TrueCall, bridge: str) -> None:
        """Begins now."""
        self.caller = ring.caller
        self.agent = ring.agent
        self.queue = ring.queue
        self.channel = ring.channel
        self.call = call
        self.bridge = bridge
        self.hold_since = 0
        self.is_over = False


class QueueState:
    """A queue: who waits in it, and Asterisk's own counters."""

    def __init__(self, plan: QueuePlan) -> None:
        """Nobody in it."""
        self.plan = plan
        self.name = plan.name
        self.waiting: list[Caller] = []
        self.completed = 0
        self.completed_in_level = 0
        self.abandoned = 0
        self.abandoned_in_level = 0
        self.hold_time = 0
        self.talk_time = 0
        self.last_agent = ""


class Floor:
    """The whole state. Times are milliseconds since the epoch."""

    def __init__(
        self, plan: CallCentrePlan, dialect: Dialect, site: str, seed: str, start_ms: int
    ) -> None:
        """All agents logged out, all queues empty, at `start_ms`."""
        self.plan = plan
        self.habits = plan.habits
        self.dialect = dialect
        self.chance = random.Random(seed)  # noqa: S311 - a simulation that can be repeated
        self.now = start_ms
        self.truth = Truth(site)
        self.queues = {queue.name: QueueState(queue) for queue in plan.queues}
        self.agents = [Agent(agent, dialect.technology) for agent in plan.agents]
        self.channels: dict[str, Channel] = {}
        self.callers_in_progress = 0
        self.outbound_in_progress = 0
        self.recent_abandons: deque[str] = deque(maxlen=_REMEMBERED_ABANDONS)
        self.touched: set[Agent] = set()
        """Agents whose state may have changed since the last look."""
        self.is_dispatch_due = False
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._agenda_count = 0
        self._said: list[Said] = []
        self._said_in_ms = (0, 0)
        self._channel_count = 0
        self._serial = self.chance.randrange(0x1000)

    # --- Time -------------------------------------------------------------------------------------

    def at(self, moment: int, action: Callable[[], None]) -> None:
        """Puts an action on the agenda."""
        self._agenda_count += 1
        heapq.heappush(self._agenda, (max(moment, self.now), self._agenda_count, action))

    def after_s(self, seconds: float, action: Callable[[], None]) -> None:
        """Puts an action on the agenda, so many seconds from now."""
        self.at(self.now + round(seconds * 1000), action)

    def next_at(self) -> int | None:
        """When the next action is due."""
        return self._agenda[0][0] if self._agenda else None

    def run_next(self) -> None:
        """Moves the time to the next action and does it."""
        moment, _, action = heapq.heappop(self._agenda)
        self.now = max(self.now, moment)
        action()

    # --- Chance -----------------------------------------------------------------------------------

    def happens(self, probability: float) -> bool:
        """Whether something of this probability happens now."""
        return self.chance.random() < probability

    def about_s(self, mean_s: float) -> float:
        """A time around a mean, skewed as times of people are: never under a tenth of it."""
        return max(mean_s / 10, mean_s * self.chance.lognormvariate(-0.18, 0.6))

    def rarely_s(self, mean_s: float) -> float:
        """The time to something that happens at random, once in `mean_s` on average."""
        return self.chance.expovariate(1 / mean_s)

    # --- AMI --------------------------------------------------------------------------------------

    def say(self, privilege: str, name: str, headers: str) -> None:
        """Sends a broadcast event of one class. `headers` ends with a line end."""
        stamp = f"Timestamp: {self._timestamp()}\r\n" if self.dialect.has_timestamps else ""
        system = self.dialect.system_name
        system = f"SystemName: {system}\r\n" if system else ""
        text = f"Event: {name}\r\nPrivilege: {privilege},all\r\n{stamp}{system}{headers}\r\n"
        self._said.append(Said(self.now, privilege, text.encode()))

    def take_said(self) -> list[Said]:
        """What was said since the last time this was asked."""
        said, self._said = self._said, []
        return said

    def _timestamp(self) -> str:
        """Microseconds within one millisecond only tell the order."""
        moment, count = self._said_in_ms
        count = count + 1 if moment == self.now else 0
        self._said_in_ms = (self.now, count)
        return f"{self.now // 1000}.{self.now % 1000:03}{min(count * 7, 999):03}"

    # --- Channels ---------------------------------------------------------------------------------

    def new_channel(
        self,
        peer: str,
        state: int,
        linkedid: str = "",
        *,
        party: tuple[str, str, str, str] = (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        context: str = "default",
        exten: str = "s",
    ) -> Channel:
        """A new channel of `peer` (`PJSIP/101`), announced on AMI."""
        prefix = f"{self.dialect.system_name}-" if self.dialect.system_name else ""
        uniqueid = f"{prefix}{self.now // 1000}.{self._channel_count}"
        self._channel_count += 1
        # A Local channel's two halves bear a serial and a half already.
        name = peer if peer.startswith("Local/") else f"{peer}-{self.next_serial():08x}"
        channel = Channel(
            name,
            uniqueid,
            linkedid or uniqueid,
            self.now,
            state,
            party=party,
            context=context,
            exten=exten,
        )
        self.channels[uniqueid] = channel
        self.say("call", "Newchannel", channel.block())
        return channel

    def hang_up(self, channel: Channel, cause: int = 16) -> None:
        """The channel is gone."""
        self.channels.pop(channel.uniqueid, None)
        texts = {
            0: "Unknown",
            16: "Normal Clearing",
            17: "User busy",
            19: "User alerting, no answer",
            21: "Call Rejected",
            26: "Answered elsewhere",
        }
        headers = f"{channel.block()}Cause: {cause}\r\nCause-txt: {texts[cause]}\r\n"
        self.say("call", "Hangup", headers)

    def new_bridge(self) -> str:
        """The uniqueid of a new bridge."""
        bits = f"{self.chance.getrandbits(128):032x}"
        return f"{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}"

    def next_serial(self) -> int:
        """The serial number of a new channel's name."""
        self._serial += 1
        return self._serial
