"""What really happened in a simulated chat account, in the form in which PBXs tell theirs."""

from dataclasses import asdict, dataclass
from typing import Any

_COUNTS = (
    "answered",
    "abandoned",
    "timed_out",
    "left_empty",
    "exited_by_key",
    "transferred_away",
    "bot_only",
    "open",
)
_SUMS_MS = ("answered_wait_ms", "abandoned_wait_ms", "talk_ms", "hold_ms", "wrap_up_ms")


@dataclass(slots=True)
class TrueChat:
    """One visit of a session to a queue; moments in milliseconds since the epoch."""

    site: str
    queue: str
    uniqueid: str
    entered_at: int
    outcome: str = "open"
    answered_at: int | None = None
    ended_at: int | None = None
    wait_ms: int | None = None
    talk_ms: int = 0
    hold_ms: int = 0
    wrap_up_ms: int = 0
    agent: str = ""
    agent_name: str = ""
    ended_by: str = ""
    transfer: str = "none"
    missed_offers: int = 0


class ChatTruth:
    """Of one account; all visits are kept, for a demo has few."""

    def __init__(self, site: str) -> None:
        """Nothing has happened yet."""
        self.site = site
        self.chats: list[TrueChat] = []

    def entered(self, session: str, queue: str, at: int) -> TrueChat:
        """A session waits for people in a queue."""
        chat = TrueChat(self.site, queue, session, at)
        self.chats.append(chat)
        return chat

    def answered(self, chat: TrueChat, agent: str, name: str, at: int) -> None:
        """A person took it."""
        chat.outcome, chat.answered_at = "answered", at
        chat.wait_ms = at - chat.entered_at
        chat.agent, chat.agent_name = agent, name

    def passed_on(self, chat: TrueChat, at: int) -> None:
        """The person passed it on to another queue."""
        assert chat.answered_at is not None
        chat.ended_at, chat.talk_ms = at, at - chat.answered_at
        chat.ended_by, chat.transfer = "transfer", "blind"

    def ended(self, chat: TrueChat, at: int) -> None:
        """The session is over; the platform does not tell who ended it."""
        chat.ended_at = at
        if chat.answered_at is None:
            chat.outcome, chat.wait_ms = "abandoned", at - chat.entered_at
        else:
            chat.talk_ms, chat.ended_by = at - chat.answered_at, "unknown"

    def bot_only(self, session: str, queue: str, begun_at: int, ended_at: int) -> None:
        """A session that never waited for people."""
        chat = self.entered(session, queue, begun_at)
        chat.outcome, chat.ended_at = "bot_only", ended_at

    def totals(self) -> dict[str, dict[str, int]]:
        """Counts and sums per queue; `offered` is the sum of all outcomes."""
        totals: dict[str, dict[str, int]] = {}
        for chat in self.chats:
            zero = dict.fromkeys(("offered", *_COUNTS, *_SUMS_MS, "missed_offers"), 0)
            of_queue = totals.setdefault(chat.queue, zero)
            of_queue["offered"] += 1
            of_queue[chat.outcome] += 1
            of_queue["talk_ms"] += chat.talk_ms
            if chat.wait_ms is not None and chat.outcome in ("answered", "abandoned"):
                of_queue[f"{chat.outcome}_wait_ms"] += chat.wait_ms
        return totals

    def as_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            "site": self.site,
            "totals": self.totals(),
            "refused": 0,
            "calls": [asdict(chat) for chat in self.chats],
            "agent_states": [],
            "outbound_calls": [],
            "forgotten_calls": 0,
            "forgotten_agent_states": 0,
        }
