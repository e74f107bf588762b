"""The states of chat sessions and agents: taken from their records when needed, let go when stored.

There may be very many sessions and few of them move at a time, so only those are held decoded that
the units in hand changed; the rest stay as their records. What is over for long enough leaves the
records too.
"""

import heapq
from collections.abc import Container, Iterable, Mapping

import msgspec

from ingest_api.contract.topics import site_key
from streams import metrics
from streams.domain.chat_agents import (
    ChatAgent,
    apply_to_agent,
    decode_agent,
    encode_agent,
    new_agent,
)
from streams.domain.chat_events import AgentSighting, ChatSighting
from streams.domain.chat_fold import SessionEvent, apply
from streams.domain.chat_session import (
    ChatSession,
    decode_session,
    encode_session,
    new_session,
)
from streams.domain.facts import Fact
from streams.errors import StateRecordError
from streams.processors.site_record import (
    NOTHING,
    RecordPlace,
    encode_record,
    record_place,
    record_state,
    stored_state,
)

GONE = b""
"""In place of a record: it is to be taken away."""

MOST_LOOKED_AT = 200
"""States that are looked at in one cut, whether they may be forgotten."""

LOOK_AGAIN_MS = 60_000
"""So much later one is looked at again that could not leave, or should have left."""

_NOT_KNOWN = 0
"""Before every moment, so that it is looked at soon."""

_SESSION = b"/s/"
_AGENT = b"/a/"

State = ChatSession | ChatAgent


class Sighted(msgspec.Struct, frozen=True):
    """A sighting in an account, as it came."""

    tenant: str
    site: str
    received_at: int
    sighting: ChatSighting
    caller: str = ""
    caller_hash: str = ""


class Held(msgspec.Struct):
    """A state in memory, after the message at `offset` of `partition`.

    `base` is the record's state (empty: there was none), `taken` what came since: enough to make
    the state again after a fold broke it.
    """

    partition: int
    offset: int
    state: State
    base: bytes
    taken: list[Sighted] = []


class ChatStates:
    """All sessions and agents by key: `tenant/site/s/session`, `tenant/site/a/agent`."""

    def __init__(self, records: Mapping[bytes, bytes]) -> None:
        """`records` are the stored state records."""
        self._records = records
        self._held: dict[bytes, Held] = {}
        self._log = b""
        self._expiries: list[tuple[int, bytes]] = []
        self._now = 0
        self.bytes_stored = 0
        """Size of all records."""

    def __len__(self) -> int:
        """How many states there are, stored or held."""
        return len(self._records)

    def forget(self) -> None:
        """Drop everything that is not in the records."""
        self._held.clear()
        self._expiries.clear()

    def read_from(self, log: bytes) -> None:
        """From now on offsets are those of this source log, and the records are as they are now.

        None is read yet, as there may be very many: when each may be forgotten is found out later.
        """
        self._log = log
        self._expiries = [(_NOT_KNOWN, key) for key in self._records]
        self.bytes_stored = sum(map(len, self._records.values()))

    def apply(self, sighted: Sighted, partition: int, offset: int) -> tuple[bytes, list[Fact]]:
        """Fold a sighting: the key of what it is about, and the facts it changed.

        Raises whatever the fold raises, state unchanged, and StateRecordError.
        """
        key = _key(sighted)
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = self._load(key, sighted, partition)
        if offset <= held.offset:
            # Read again. To a session that had too much to keep it would look like news.
            return key, []
        dropped = _dropped(held.state)
        try:
            facts = _apply(held.state, sighted)
        except Exception:
            self._restore(key, held)
            raise
        held.taken.append(sighted)
        held.offset = offset
        self._now = max(self._now, sighted.received_at)
        metrics.CHAT_NOT_KEPT.inc(_dropped(held.state) - dropped)
        return key, facts

    def cut(self, keys: Iterable[bytes], floors: Mapping[int, int]) -> dict[bytes, bytes]:
        """Records of these states as they are now, and of those that leave an empty one.

        A record leaves only while another one takes over the floor of its partition: without it
        the next worker would begin further back, where sessions have been forgotten since. Raises
        StateRecordError.
        """
        records = {}
        renewed = set()
        for key in keys:
            held = self._held[key]
            held.base, held.taken = _encode(held.state), []
            place = RecordPlace(self._log, held.partition, held.offset, floors[held.partition])
            records[key] = encode_record(place, held.base)
            renewed.add(held.partition)
        for key in self._leaving(renewed):
            records.setdefault(key, GONE)
        for key, record in records.items():
            self.bytes_stored += len(record) - len(self._records.get(key, GONE))
        return records

    def let_go(self, but: Iterable[bytes]) -> None:
        """Everything is stored but what is about these keys."""
        self._held = {key: self._held[key] for key in but}

    def _leaving(self, renewed: Container[int]) -> list[bytes]:
        """Those of these partitions that may be forgotten by now.

        At most `MOST_LOOKED_AT` are looked at.
        """
        leaving = []
        for _ in range(MOST_LOOKED_AT):
            if not self._expiries or self._expiries[0][0] > self._now:
                break
            _, key = heapq.heappop(self._expiries)
            held, record = self._held.get(key), self._records.get(key)
            if held is None and record is None:
                continue
            if record is not None and record_place(record).partition not in renewed:
                heapq.heappush(self._expiries, (self._now + LOOK_AGAIN_MS, key))
                continue
            state = held.state if held else _decode(key, record_state(record or b""))
            if state.keep_until > self._now:
                heapq.heappush(self._expiries, (state.keep_until, key))
                continue
            if held is None:
                leaving.append(key)
            # It may not be stored yet, or be heard of once more while it leaves.
            heapq.heappush(self._expiries, (self._now + LOOK_AGAIN_MS, key))
        return leaving

    def _load(self, key: bytes, sighted: Sighted, partition: int) -> Held:
        stored = stored_state(self._records.get(key), partition, self._log)
        if stored is not None:
            return Held(partition, stored.offset, _decode(key, stored.state), stored.state)
        held = Held(partition, NOTHING, _new(sighted), b"")
        heapq.heappush(self._expiries, (sighted.received_at, key))
        return held

    def _restore(self, key: bytes, held: Held) -> None:
        """Make the state again as it was after what was taken last."""
        if held.base:
            held.state = _decode(key, held.base)
        elif held.taken:
            held.state = _new(held.taken[0])
        else:
            del self._held[key]
        for sighted in held.taken:
            _apply(held.state, sighted)


def _key(sighted: Sighted) -> bytes:
    sighting = sighted.sighting
    account = site_key(sighted.tenant, sighted.site)
    if isinstance(sighting, AgentSighting):
        return account + _AGENT + sighting.agent.encode()
    return account + _SESSION + sighting.session_id.encode()


def _new(sighted: Sighted) -> State:
    sighting = sighted.sighting
    if isinstance(sighting, AgentSighting):
        return new_agent(sighted.tenant, sighted.site, sighting.agent)
    return new_session(sighted.tenant, sighted.site, sighting.session_id)


def _apply(state: State, sighted: Sighted) -> list[Fact]:
    sighting = sighted.sighting
    if isinstance(state, ChatAgent):
        assert isinstance(sighting, AgentSighting)
        return apply_to_agent(state, sighting, sighted.received_at)
    assert not isinstance(sighting, AgentSighting)
    event = SessionEvent(sighted.received_at, sighting, sighted.caller, sighted.caller_hash)
    return apply(state, event)


def _dropped(state: State) -> int:
    return state.dropped if isinstance(state, ChatSession) else 0


def _encode(state: State) -> bytes:
    return encode_agent(state) if isinstance(state, ChatAgent) else encode_session(state)


def _decode(key: bytes, data: bytes) -> State:
    # Neither tenant nor site has a slash, so the third part tells the kind.
    decode = decode_agent if key.split(b"/", 3)[2] == _AGENT.strip(b"/") else decode_session
    try:
        return decode(data)
    except (msgspec.DecodeError, ValueError) as error:
        raise StateRecordError(f"a stored chat state cannot be read: {error}") from error
