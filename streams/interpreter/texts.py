"""What the texts of Asterisk's headers say: numbers, durations, interfaces, people.

Texts repeat from event to event, and a look-up costs a tenth of reading one; so the readers below
remember what they read last. The memory is small, for a text may be 8 KiB long.
"""

import functools
from collections.abc import Callable
from datetime import datetime

from streams.domain import events as ev
from streams.domain.visits import MAX_DURATION_MS

Fields = dict[str, str]
Reader = Callable[[int, Fields], ev.Event | None]
"""The event that fields of one kind tell of, given when it happened; None if they tell nothing."""

ANONYMOUS = frozenset(("", "<unknown>", "<null>"))
"""How Asterisk writes a caller's number it does not know."""

TRUE = frozenset(("1", "yes", "Yes", "true", "True"))
"""How Asterisk writes a flag that is set."""

_MOST = (1 << 32) - 1
_REMEMBERED = 1024

_remembering = functools.lru_cache(_REMEMBERED)


@_remembering
def number(text: str) -> int:
    """A count: 0 if it is none or negative, and at most what its column holds."""
    try:
        return min(max(int(text), 0), _MOST)
    except ValueError:
        return 0


@_remembering
def ms(text: str) -> int:
    """Whole seconds of a duration as milliseconds, at most the longest that is believed."""
    return min(number(text) * 1000, MAX_DURATION_MS)


@_remembering
def epoch_ms(text: str) -> int:
    """An epoch in whole seconds as milliseconds."""
    return number(text) * 1000


def moment(fields: Fields, name: str, otherwise: int) -> int:
    """An RFC 3339 time as milliseconds since the epoch, no later than `otherwise`.

    `otherwise` if the field is missing or holds none.
    """
    try:
        told = datetime.fromisoformat(fields.get(name, ""))
    except ValueError:
        return otherwise
    if told.tzinfo is None:
        return otherwise
    return min(max(round(told.timestamp() * 1000), 1), otherwise)


@_remembering
def interface_of(text: str) -> str:
    """A normalised interface: `Local/204@from-queue/n` and `Local/204@from-queue` are one."""
    name = text.strip()
    if name[:6].lower() == "local/":
        name = name.split("/n", 1)[0] if name.endswith("/n") else name
        head, _, options = name.rpartition("/")
        if "@" in head and len(options) <= 4:  # noqa: PLR2004 - /n, /nj, /jnb …
            name = head
    return name


def interface_of_channel(channel: str) -> str:
    """The interface a channel belongs to: `PJSIP/101-00000012` is one of `PJSIP/101`."""
    name, _, serial = channel.rpartition("-")
    return interface_of(name) if name and serial else interface_of(channel)


def caller_of(fields: Fields) -> tuple[str, str]:
    """Number and hash of the caller; each empty if it is not known."""
    told = fields.get("CallerIDNum", "")
    return "" if told in ANONYMOUS else told, fields.get("CallerHash", "")


def agent_of(fields: Fields) -> tuple[str, str]:
    """Interface and label; in Asterisk 11 and older Member or AgentCalled, and AgentName."""
    interface = fields.get("Interface") or fields.get("Location")
    interface = interface or fields.get("Member") or fields.get("AgentCalled", "")
    name = fields.get("MemberName") or fields.get("Name") or fields.get("AgentName", "")
    return interface_of(interface), name
