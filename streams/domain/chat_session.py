"""The state record of one chat session: everything that was seen of it, each thing once.

What is kept is a set. Taking a sighting in twice, or in another order, gives the same set, and the
rows are a function of the set alone (`chat_visits.py`): that is why any order of arrival makes the
same session. Sightings of one moment are in the order of a session's life: platforms' dates may be
whole seconds. Two of one moment, phase and kind that differ are one: the greater.

Bounded: of a session with more sightings than `MAX_SIGHTINGS` those go that say nothing new, of one
with more messages than `MAX_MESSAGES` the ones that come last, and of one of more than `MAX_BYTES`
half of it; all are counted. What goes depends on the events alone, not on who folds them or when it
is stored: whoever folds them again loses the same.
"""

import bisect

import msgspec

from streams.domain.chat_events import (
    TICKS_PER_MS,
    Author,
    MessageSeen,
    Phase,
    SessionSeen,
    SessionSighting,
)
from streams.domain.packing import packed, unpacked

MAX_SIGHTINGS = 1_000
MAX_MESSAGES = 5_000
MAX_BYTES = 900_000
"""Of what was seen, encoded: with the rest, a record of it fits one message of Kafka."""

KEPT_AFTER_END_MS = 7 * 24 * 60 * 60 * 1000
"""A completed session leaves; what comes later of it is of a session that is not known."""

KEPT_OPEN_MS = 90 * 24 * 60 * 60 * 1000
"""One of which nothing is heard any more leaves too, though it never ended."""

SESSION_FORM = 2
"""Rises when the record's form changes; of the others only `_FORM_IN_ANOTHER_ORDER` is read."""

_FORM_IN_ANOTHER_ORDER = 1
"""Had sightings of one moment ordered by their kind, and no `weight`."""

_COMPRESSED_FROM_BYTES = 4 * 1024


class ChatSession(msgspec.Struct, array_like=True):
    """All that is known of one session.

    `place` is the last version's (`version.py`); `received_at` when something of it was received
    last. `queue_names` are those that were told and written, `weight` the bytes of what was seen.
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
    weight: int = 0

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
_LIFE: dict[Phase, int] = {
    "untold": 0,
    "hidden": 1,
    "opened": 2,
    "waiting": 3,
    "served": 4,
    "ended": 5,
}
_AFTER_THE_END = 1 + max(_LIFE.values())


def new_session(tenant_id: str, site: str, session_id: str) -> ChatSession:
    """A session of which nothing was seen yet."""
    return ChatSession(SESSION_FORM, tenant_id, site, session_id)


def encode_session(session: ChatSession) -> bytes:
    """The session as it is stored; a long one compressed."""
    return packed(_encoder.encode(session), _COMPRESSED_FROM_BYTES)


def decode_session(data: bytes) -> ChatSession:
    """A stored session. Raises ValueError on another form, msgspec.DecodeError on anything else."""
    session = _decoder.decode(unpacked(data))
    if session.form == _FORM_IN_ANOTHER_ORDER:
        session.form = SESSION_FORM
        session.sightings.sort(key=_order)
        session.weight = _bytes(session.sightings, session.messages, session.queue_names)
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
        session.weight += _bytes(seen) - _bytes(sightings[place])
        sightings[place] = seen
    else:
        session.weight += _bytes(seen)
        sightings.insert(place, seen)
    if len(sightings) > MAX_SIGHTINGS:
        session.dropped += 1
        session.weight -= _bytes(sightings.pop(_least_telling(sightings)))
    _keep_within_bytes(session)
    return True


def message_sighted(session: ChatSession, message_id: str, seen: MessageSeen) -> bool:
    """Takes a sighting of a message in; False if it told nothing new.

    Of two sightings the later one says how the message is; when it was written is the earliest
    moment that any of them told, and who wrote it what the one that knows most told.
    """
    known = session.messages.get(message_id)
    if known is None and len(session.messages) >= MAX_MESSAGES:
        session.dropped += 1
        return True  # that not all is known is news
    if known is not None:
        # Each part by itself, so that the order in which sightings are merged does not matter.
        seen = msgspec.structs.replace(
            max(known, seen, key=_state_of_message),
            written_at=min(known.written_at, seen.written_at),
            author=max(known.author, seen.author, key=_AUTHOR_ORDER.__getitem__),
        )
        if seen == known:
            return False
        session.weight -= _bytes(message_id, known)
    session.weight += _bytes(message_id, seen)
    session.messages[message_id] = seen
    _keep_within_bytes(session)
    return True


def queue_named(session: ChatSession, queue: str, name: str) -> bool:
    """Takes in what people call a queue; False if that is known."""
    known = session.queue_names.get(queue)
    if known == name:
        return False
    if known is not None:
        session.weight -= _bytes(queue, known)
    session.queue_names[queue] = name
    session.weight += _bytes(queue, name)
    _keep_within_bytes(session)
    return True


def _keep_within_bytes(session: ChatSession) -> None:
    """Gives up half of what is known, as often as that is too much to be kept.

    The messages that came last go, and every other sighting but the first and the last one. The
    names of queues are only told again.
    """
    while session.weight > MAX_BYTES:
        lost = [*session.messages][len(session.messages) // 2 :]
        count = len(lost) + len(session.sightings[1:-1:2])
        for message_id in lost:
            del session.messages[message_id]
        del session.sightings[1:-1:2]
        session.queue_names.clear()
        session.weight = _bytes(session.sightings, session.messages)
        session.dropped += count
        if not count:
            return


def _bytes(*parts: object) -> int:
    return sum(len(_encoder.encode(part)) for part in parts)


def _state_of_message(seen: MessageSeen) -> tuple[int, bool, bool]:
    return seen.at_ticks, seen.is_failed, seen.is_read


def _order(seen: SessionSeen) -> tuple[int, int, int]:
    return seen.at_ticks, _life(seen), _KIND_ORDER[seen.kind]


def _life(seen: SessionSeen) -> int:
    """How far the session was: of what is told of one moment the furthest is how it was last.

    One that goes on and yet tells that it ended in this very second was reopened in it.
    """
    phase: Phase = seen.phase
    if seen.agent and phase not in ("ended", "hidden"):
        phase = "served"
    second = seen.at_ticks // TICKS_PER_MS // 1000
    is_reopened = phase != "ended" and seen.ended_at > 0 and seen.ended_at // 1000 == second
    return _LIFE[phase] + (_AFTER_THE_END if is_reopened else 0)


def _least_telling(sightings: list[SessionSeen]) -> int:
    """The first one that stands between two others which say the same; else the second of all."""
    for place in range(1, len(sightings) - 1):
        before, seen, after = sightings[place - 1 : place + 2]
        if _told(before) == _told(seen) == _told(after):
            return place
    return 1


def _told(seen: SessionSeen) -> tuple[object, ...]:
    return msgspec.structs.astuple(seen)[_FROM_PHASE:]


_FROM_PHASE = SessionSeen.__struct_fields__.index("phase")
