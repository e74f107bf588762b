"""What the items of Asterisk's lists say, and the frame the collector puts around a list."""

from streams.domain import events as ev
from streams.domain.visits import MAX_DURATION_MS
from streams.interpreter.members import member_listed
from streams.interpreter.texts import ANONYMOUS, Fields, Reader, interface_of_channel, ms, number

_LISTS: dict[str, ev.ListName] = {"QueueStatus": "queues", "CoreShowChannels": "channels"}


def _list_began(at: int, fields: Fields) -> ev.Event | None:
    name = _LISTS.get(fields.get("list", ""))
    return None if name is None else ev.ListBegan(at, name)


def _list_ended(at: int, fields: Fields) -> ev.Event | None:
    name = _LISTS.get(fields.get("list", ""))
    return None if name is None else ev.ListEnded(at, name, fields.get("complete", "") == "yes")


def _queue_listed(at: int, fields: Fields) -> ev.Event:
    return ev.QueueListed(at, fields.get("Queue", ""))


def _queue_configured(at: int, fields: Fields) -> ev.Event | None:
    if "wrapuptime" not in fields:
        return None
    return ev.QueueConfigured(at, fields.get("queue", ""), ms(fields.get("wrapuptime", "")))


def _entry_listed(at: int, fields: Fields) -> ev.Event | None:
    queue, uniqueid = fields.get("Queue", ""), fields.get("Uniqueid", "")
    if not queue or not uniqueid:
        return None
    wait = fields.get("Wait", "")
    caller = fields.get("CallerIDNum", "")
    return ev.EntryListed(
        at,
        queue,
        uniqueid,
        number(fields.get("Position", "")),
        ms(wait) if wait.isdecimal() else None,
        "" if caller in ANONYMOUS or caller == "unknown" else caller,
        fields.get("CallerHash", ""),
    )


def _channel_listed(at: int, fields: Fields) -> ev.Event:
    hours, minutes, seconds = ("0:0:0:" + fields.get("Duration", "")).split(":")[-3:]
    queue = ""
    if fields.get("Application", "") == "Queue":
        queue = fields.get("ApplicationData", "").split(",", 1)[0]
    caller = fields.get("CallerIDNum", "")
    return ev.ChannelListed(
        at,
        fields.get("Uniqueid", ""),
        fields.get("Linkedid", ""),
        interface_of_channel(fields.get("Channel", "")),
        queue,
        fields.get("BridgeId", ""),
        min((number(hours) * 60 + number(minutes)) * 60_000 + ms(seconds), MAX_DURATION_MS),
        "" if caller in ANONYMOUS else caller,
        fields.get("CallerHash", ""),
    )


READERS: dict[str, Reader] = {
    "begin": _list_began,
    "QueueParams": _queue_listed,
    "QueueMember": member_listed,
    "QueueEntry": _entry_listed,
    "CoreShowChannel": _channel_listed,
    "QueueConfig": _queue_configured,
    "end": _list_ended,
}
"""By the name of the item."""
