"""What Asterisk said → what happened: the only place that knows Asterisk's names.

One published event gives at most one domain event. Fields are read as Asterisk means them
(`app_queue.c`; docs/events.md): of a repeated header the last value holds, and in QueueEntry the
first for all that stands before the caller's number and name there: text injected by a caller comes
before what follows these and after what precedes them. Numbers are bounded to what is believed.
"""

from gc import is_tracked

from ingest_api.contract.published import PublishedEvent
from streams.domain import events as ev
from streams.interpreter import calls, lists, log_lines, members
from streams.interpreter.texts import Fields, Reader, moment, number

_AFTER_CALLER = frozenset(("Wait", "Priority"))


def interpret(event: PublishedEvent, at: int) -> ev.Event:
    """The domain event of a published one that happened at `at`.

    What has no meaning for us, or lacks what it needs to have one, only tells the time; a line of
    queue_log not even that.
    """
    reader = _READERS.get((event.kind, event.name))
    if reader is None:
        if event.kind == "queue_log":
            return ev.LogPassed(at)
        return _dropped(event, at) if _is_gap(event) else ev.TimePassed(at)
    fields = event.fields
    # Python's garbage collector does not track a dict that holds texts only: seen at once, where
    # looking at each value would cost as much as reading the event.
    if is_tracked(fields):
        fields = _single(event)  # type: ignore[assignment] # texts only, as Fields are
    return reader(at, fields) or ev.TimePassed(at)  # type: ignore[arg-type] # the same


def first_named(event: PublishedEvent) -> int:
    """The first sequence an event stands for: its own, or that of the first one a gap names."""
    if not _is_gap(event):
        return event.sequence
    named = _single(event).get("from", "")
    if named.isdecimal() and 0 < int(named) <= event.sequence:
        return int(named)
    return event.sequence


def _single(event: PublishedEvent) -> Fields:
    """The fields with one value each: of a repeated header the one that holds."""
    fields = event.fields
    is_entry = event.name == "QueueEntry"
    return {
        name: value
        if isinstance(value, str)
        else value[0 if is_entry and name not in _AFTER_CALLER else -1]
        for name, value in fields.items()
    }


# --- The collector -------------------------------------------------------------------------------


def _started(at: int, _fields: Fields) -> ev.Event:
    return ev.CollectorStarted(at)


def _connected(at: int, fields: Fields) -> ev.Event:
    return ev.AmiConnected(at, fields.get("asterisk", ""))


def _lost(at: int, _fields: Fields) -> ev.Event:
    return ev.AmiLost(at)


def _heartbeat(at: int, fields: Fields) -> ev.Event:
    return ev.Heartbeat(
        at,
        number(fields.get("spool_events", "")),
        number(fields.get("spool_bytes", "")),
        number(fields.get("reconnects", "")),
    )


def _is_gap(event: PublishedEvent) -> bool:
    return event.kind == "collector" and event.name == "gap"


def _dropped(event: PublishedEvent, at: int) -> ev.Event:
    fields = _single(event)
    return ev.EventsDropped(
        at,
        first_named(event),
        event.sequence,
        moment(fields, "from_at", at),
        moment(fields, "to_at", at),
        fields.get("reason", "") or "dropped",
    )


_COLLECTOR: dict[str, Reader] = {
    "started": _started,
    "ami_connected": _connected,
    "ami_lost": _lost,
    "heartbeat": _heartbeat,
}
_READERS: dict[tuple[str, str], Reader] = {
    (kind, name): reader
    for kind, readers in (
        ("ami", calls.READERS | members.READERS),
        ("snapshot", lists.READERS),
        ("queue_log", log_lines.READERS),
        ("collector", _COLLECTOR),
    )
    for name, reader in readers.items()
}
