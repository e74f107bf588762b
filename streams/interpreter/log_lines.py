"""What the lines of queue_log say (`app_queue.c`, `ast_queue_log`): the columns differ by line."""

from collections.abc import Callable

from streams.domain import events as ev
from streams.domain.facts import EndedBy, Outcome, Transfer
from streams.interpreter.texts import Fields, Reader, ms, number


def _entered(at: int, fields: Fields) -> ev.Event:
    return ev.LogEntered(
        at,
        fields.get("queue", ""),
        fields.get("callid", ""),
        number(fields.get("data3", "")),
        fields.get("data2", ""),
        fields.get("CallerHash", ""),
    )


def _connected(at: int, fields: Fields) -> ev.Event:
    return ev.LogAnswered(
        at,
        fields.get("queue", ""),
        fields.get("callid", ""),
        fields.get("agent", ""),
        fields.get("data2", ""),
        ms(fields.get("data1", "")),
    )


def _completed(ended_by: EndedBy) -> Callable[[int, Fields], ev.Event]:
    def read(at: int, fields: Fields) -> ev.Event:
        # COMPLETECALLER and COMPLETEAGENT: wait, talk, position.
        return _end(at, fields, "answered", ended_by, wait="data1", talk="data2")

    return read


def _blind_transfer(at: int, fields: Fields) -> ev.Event:
    # BLINDTRANSFER, in Asterisk 11 TRANSFER: extension, context, wait, talk, position.
    return _end(at, fields, "answered", "transfer", wait="data3", talk="data4", transfer="blind")


def _attended_transfer(at: int, fields: Fields) -> ev.Event:
    # ATTENDEDTRANSFER: BRIDGE and the bridge, APP and its name, or LINK and both channels; then
    # wait, talk, position.
    is_link = fields.get("data1", "") == "LINK"
    wait, talk = ("data4", "data5") if is_link else ("data3", "data4")
    return _end(at, fields, "answered", "transfer", wait=wait, talk=talk, transfer="attended")


def _unanswered(outcome: Outcome, wait: str) -> Callable[[int, Fields], ev.Event]:
    def read(at: int, fields: Fields) -> ev.Event:
        return _end(at, fields, outcome, "", wait=wait)

    return read


def _end(
    at: int,
    fields: Fields,
    outcome: Outcome,
    ended_by: EndedBy,
    *,
    wait: str,
    talk: str = "",
    transfer: Transfer = "none",
) -> ev.Event:
    waited, talked = fields.get(wait, ""), fields.get(talk, "")
    return ev.LogEnded(
        at,
        fields.get("queue", ""),
        fields.get("callid", ""),
        fields.get("agent", ""),
        outcome,
        ms(waited) if waited.isdecimal() else None,
        ms(talked) if talked.isdecimal() else None,
        ended_by,
        transfer,
    )


READERS: dict[str, Reader] = {
    "ENTERQUEUE": _entered,
    "CONNECT": _connected,
    "COMPLETECALLER": _completed("caller"),
    "COMPLETEAGENT": _completed("agent"),
    "BLINDTRANSFER": _blind_transfer,
    "TRANSFER": _blind_transfer,
    "ATTENDEDTRANSFER": _attended_transfer,
    "ABANDON": _unanswered("abandoned", "data3"),
    "EXITWITHTIMEOUT": _unanswered("timed_out", "data3"),
    "EXITEMPTY": _unanswered("left_empty", "data3"),
    "EXITWITHKEY": _unanswered("exited_by_key", "data4"),
    "WITHDRAW": _unanswered("withdrawn", "data3"),
}
"""By the name of the line."""
