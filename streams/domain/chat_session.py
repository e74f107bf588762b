"""The state record of one chat session: everything that was seen of it, each thing once.

What is kept is a set. Taking a sighting in twice, or in another order, gives the same set, and the
rows are a function of the set alone (`chat_visits.py`): that is why any order of arrival makes the
same session. Two sightings that claim the same moment and kind and differ are one: the greater.

Bounded: of a session with more sightings than `MAX_SIGHTINGS` those go that say nothing new, of one
with more messages than `MAX_MESSAGES` the ones that come last; both are counted.
"""

import bisect

import msgspec

from streams.domain.chat_events import (
    TICKS_PER_MS,
    Author,
    MessageSeen,
    SessionSeen,
    SessionSighting,
)
from streams.domain.packing import packed, unpacked

MAX_SIGHTINGS = 1_000
MAX_MESSAGES = 5_000

KEPT_AFTER_END_MS = 7 * 24 * 60 * 60 * 1000
"""A completed session leaves; what comes later of it is of a session that is not known."""

KEPT_OPEN_MS = 90 * 24 * 60 * 60 * 1000
"""One of which nothing is heard any more leaves too, though it never ended."""

SESSION_FORM = 1
"""Rises when the record's form changes; a record of another form is not read."""

_COMPRESSED_FROM_BYTES = 4 * 1024


class ChatSession(msgspec.Struct, array_like=True):
    """All that is known of one session.

    `place` is the last version's (`version.py`); `received_at` when something of it was received
    last. `queue_names` are those that were told and written.
    """

    form: int
    tenant_id: str
    site: str
    session_id: str
    place: int = 0
    received_at: int = 0
    caller: str = ""
    caller_hash: str = ""
    sightings: list[SessionSeen] = []
    messages: dict[str, MessageSeen] = {}
    queue_names: dict[str, str] = {}
    dropped: int = 0

    @property
    def is_resumed(self) -> bool:
        """Whether it began before what is remembered of it, so that its first visit is not in here.

        Its platform shows it long after its start, and its beginning was never seen, or forgotten.
        """
        if not self.sightings:
            return False
        first = self.sightings[0]
        since = first.at_ticks // TICKS_PER_MS - first.started_at
        return first.kind != "created" and first.started_at > 0 and since > KEPT_AFTER_END_MS

    @property
    def keep_until(self) -> int:
        """From this moment of receipt on it may be forgotten."""
        is_over = not self.sightings or self.sightings[-1].phase == "ended"
        return self.received_at + (KEPT_AFTER_END_MS if is_over else KEPT_OPEN_MS)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(ChatSession)

_AUTHOR_ORDER: dict[Author, int] = {
    "machine": 0,
    "program": 1,
    "person": 2,
    "sender": 3,
    "customer": 4,
}
_KIND_ORDER = {"created": 0, "changed": 1, "polled": 2, "completed": 3}


def new_session(tenant_id: str, site: str, session_id: str) -> ChatSession:
    """A session of which nothing was seen yet."""
    return ChatSession(SESSION_FORM, tenant_id, site, session_id)


def encode_session(session: ChatSession) -> bytes:
    """The session as it is stored; a long one compressed."""
    return packed(_encoder.encode(session), _COMPRESSED_FROM_BYTES)


def decode_session(data: bytes) -> ChatSession:
    """A stored session. Raises ValueError on another form, msgspec.DecodeError on anything else."""
    session = _decoder.decode(unpacked(data))
    if session.form != SESSION_FORM:
        raise ValueError(f"chat session has form {session.form}, this program reads {SESSION_FORM}")
    return session


def sighted(session: ChatSession, sighting: SessionSighting) -> bool:
    """Takes a sighting of the session in; False if it told nothing new."""
    seen, sightings = sighting.seen, session.sightings
    place = bisect.bisect_left(sightings, _order(seen), key=_order)
    if place < len(sightings) and _order(sightings[place]) == _order(seen):
        if _encoder.encode(sightings[place]) >= _encoder.encode(seen):
            return False
        sightings[place] = seen
        return True
    sightings.insert(place, seen)
    if len(sightings) > MAX_SIGHTINGS:
        session.dropped += 1
        del sightings[_least_telling(sightings)]
    return True


def message_sighted(session: ChatSession, message_id: str, seen: MessageSeen) -> bool:
    """Takes a sighting of a message in; False if it told nothing new.

    Of two sightings the later one says how the message is; when it was written is the earliest
    moment that any of them told, and who wrote it what the one that knows most told.
    """
    known = session.messages.get(message_id)
    if known is None and len(session.messages) >= MAX_MESSAGES:
        session.dropped += 1
        return False
    if known is not None:
        # Each part by itself, so that the order in which sightings are merged does not matter.
        seen = msgspec.structs.replace(
            max(known, seen, key=_state_of_message),
            written_at=min(known.written_at, seen.written_at),
            author=max(known.author, seen.author, key=_AUTHOR_ORDER.__getitem__),
        )
        if seen == known:
            return False
    session.messages[message_id] = seen
    return True


def thin_out(session: ChatSession) -> int:
    """Gives up half of what is known of a session that is too large to be kept; how much that was.

    The messages that came last go, and every other sighting but the first and the last one. The
    names of queues are only told again.
    """
    lost = [*session.messages][len(session.messages) // 2 :]
    for message_id in lost:
        del session.messages[message_id]
    count = len(lost) + len(session.sightings[1:-1:2])
    del session.sightings[1:-1:2]
    session.queue_names.clear()
    session.dropped += count
    return count


def _state_of_message(seen: MessageSeen) -> tuple[int, bool, bool]:
    return seen.at_ticks, seen.is_failed, seen.is_read


def _order(seen: SessionSeen) -> tuple[int, int]:
    return seen.at_ticks, _KIND_ORDER[seen.kind]


def _least_telling(sightings: list[SessionSeen]) -> int:
    """The first one that stands between two others which say the same; else the second of all."""
    for place in range(1, len(sightings) - 1):
        before, seen, after = sightings[place - 1 : place + 2]
        if _told(before) == _told(seen) == _told(after):
            return place
    return 1


def _told(seen: SessionSeen) -> tuple[object, ...]:
    return seen.phase, seen.queue, seen.agent, seen.has_bot, seen.is_group, seen.ended_at
