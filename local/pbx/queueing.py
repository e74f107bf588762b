"""Callers enter queues, wait in them and leave them unanswered.

The order of events in each ending is Asterisk's own: see what `QueueCallerAbandon` has in common
for a hang-up, a time-out and an emptied queue, and what tells them apart.
"""

from local.pbx import phones, rings
from local.pbx.floor import Caller, Floor, QueueState
from local.pbx.truth import Outcome

_LEVEL_MS = 60_000  # `servicelevel` in queues.conf, of which only QueueParams speaks
LEVEL_S = _LEVEL_MS // 1000
_EMPTY_CHECK_S = 1.0
_LEAVES_DIALPLAN_S = 1.0
_NORMAL_CLEARING = "Cause: 16\r\n"


def join(floor: Floor, caller: Caller, name: str) -> None:
    """The caller enters a queue, unless it refuses callers because nobody serves it."""
    queue = floor.queues[name]
    channel = caller.channel
    channel.change(place=("ext-queues", f"6{list(floor.queues).index(name):02}", 5))
    channel.application = "Queue"
    channel.application_data = f"{name},tT,,,{queue.plan.max_wait_s:.0f}"
    caller.stay += 1
    if queue.plan.leaves_when_empty and is_empty(floor, queue):
        floor.truth.refused += 1
        _say_variable(floor, caller, "QUEUESTATUS", "JOINEMPTY")
        floor.after_s(_LEAVES_DIALPLAN_S, lambda: end_call(floor, caller))
        return
    queue.waiting.append(caller)
    caller.queue = queue
    caller.original_position = len(queue.waiting)
    caller.next_try_at = floor.now
    caller.visit = floor.truth.entered(
        name, channel.uniqueid, caller.number, caller.original_position, floor.now
    )
    if len(queue.waiting) == 1:
        phones.say_device(floor, f"Queue:{name}", "RINGING")
    place = f"Queue: {name}\r\nPosition: {caller.original_position}\r\n"
    count = f"Count: {len(queue.waiting)}\r\n"
    floor.say("agent", "QueueCallerJoin", channel.block() + place + count)
    floor.say("call", "MusicOnHoldStart", f"{channel.block()}Class: default\r\n")
    phones.request_dispatch(floor)
    _plan_stay(floor, caller, queue)


def is_empty(floor: Floor, queue: QueueState) -> bool:
    """Whether no agent of the queue could take a call, now or after the one they have."""
    return not any(agent.is_usable for agent in floor.agents if queue.name in agent.memberships)


def watch_emptiness(floor: Floor, queue: QueueState) -> None:
    """Asterisk looks once a second whether waiting callers must leave an empty queue."""
    if queue.plan.leaves_when_empty and is_empty(floor, queue):
        for caller in tuple(queue.waiting):
            _check_empty_later(floor, caller, queue)


def answered(floor: Floor, caller: Caller) -> None:
    """The caller leaves the queue for an agent; the visit goes on as a talk."""
    floor.say("call", "MusicOnHoldStop", caller.channel.block())
    _leave(floor, caller)


def end_call(floor: Floor, caller: Caller) -> None:
    """The dialplan hangs up on the caller."""
    if not caller.is_gone:
        _hang_up(floor, caller)


def hang_up(floor: Floor, caller: Caller) -> None:
    """The caller hangs up outside any queue."""
    if not caller.is_gone:
        floor.say("call", "HangupRequest", caller.channel.block() + _NORMAL_CLEARING)
        _hang_up(floor, caller)


# --- Leaving unanswered --------------------------------------------------------------------------


def _plan_stay(floor: Floor, caller: Caller, queue: QueueState) -> None:
    """What the caller will do if nobody answers before."""
    habits = floor.habits
    stay = caller.stay
    floor.after_s(queue.plan.max_wait_s, lambda: _time_out(floor, caller, stay))
    if floor.happens(habits.hurries):
        patience_s = floor.about_s(habits.hurry_s)
    else:
        patience_s = floor.about_s(habits.patience_s)
    presses = queue.plan.has_exit_key and floor.happens(habits.presses_exit_key)
    give_up = _press_exit_key if presses else _abandon
    floor.after_s(patience_s, lambda: give_up(floor, caller, stay))
    watch_emptiness(floor, queue)


def _abandon(floor: Floor, caller: Caller, stay: int) -> None:
    if caller.stay != stay:
        return
    channel = caller.channel
    floor.say("call", "HangupRequest", channel.block() + _NORMAL_CLEARING)
    floor.say("call", "MusicOnHoldStop", channel.block())
    agents = rings.cancel_all(floor, caller)
    _give_up(floor, caller)
    _leave(floor, caller)
    _end_visit(floor, caller, "abandoned")
    _hang_up(floor, caller)
    rings.set_idle(floor, agents)
    floor.recent_abandons.append(caller.number)


def _time_out(floor: Floor, caller: Caller, stay: int) -> None:
    if caller.stay != stay:
        return
    queue = caller.queue
    assert queue is not None
    if queue.plan.leaves_when_empty and is_empty(floor, queue):
        _leave_empty(floor, caller)
        return
    _let_go(floor, caller, "timed_out", "TIMEOUT")
    if queue.plan.overflow:
        join(floor, caller, queue.plan.overflow)
    else:
        floor.after_s(_LEAVES_DIALPLAN_S, lambda: end_call(floor, caller))


def _check_empty_later(floor: Floor, caller: Caller, queue: QueueState) -> None:
    stay = caller.stay

    def check() -> None:
        if caller.stay != stay or not is_empty(floor, queue):
            return
        if caller.rings:
            _check_empty_later(floor, caller, queue)
        else:
            _leave_empty(floor, caller)

    floor.after_s(_EMPTY_CHECK_S, check)


def _leave_empty(floor: Floor, caller: Caller) -> None:
    _let_go(floor, caller, "left_empty", "LEAVEEMPTY")
    floor.after_s(_LEAVES_DIALPLAN_S, lambda: end_call(floor, caller))


def _let_go(floor: Floor, caller: Caller, outcome: Outcome, status: str) -> None:
    """The queue ends the wait; the caller's channel lives on."""
    for ring in tuple(caller.rings.values()):
        rings.miss(floor, ring)
    _give_up(floor, caller)
    floor.say("call", "MusicOnHoldStop", caller.channel.block())
    _leave(floor, caller)
    _say_variable(floor, caller, "QUEUESTATUS", status)
    _end_visit(floor, caller, outcome)


def _press_exit_key(floor: Floor, caller: Caller, stay: int) -> None:
    if caller.stay != stay:
        return
    channel = caller.channel
    floor.say("dtmf", "DTMFBegin", f"{channel.block()}Digit: 1\r\nDirection: Received\r\n")
    floor.say(
        "dtmf",
        "DTMFEnd",
        f"{channel.block()}Digit: 1\r\nDurationMs: 100\r\nDirection: Received\r\n",
    )
    rings.set_idle(floor, rings.cancel_all(floor, caller))
    floor.say("call", "MusicOnHoldStop", channel.block())
    _leave(floor, caller)
    _end_visit(floor, caller, "exited_by_key")
    floor.after_s(_LEAVES_DIALPLAN_S, lambda: end_call(floor, caller))


def _give_up(floor: Floor, caller: Caller) -> None:
    queue, visit = caller.queue, caller.visit
    assert queue is not None
    assert visit is not None
    _say_variable(floor, caller, "ABANDONED", "TRUE")
    queue.abandoned += 1
    queue.abandoned_in_level += floor.now - visit.entered_at <= _LEVEL_MS
    waited = floor.now // 1000 - visit.entered_at // 1000
    floor.say(
        "agent",
        "QueueCallerAbandon",
        f"{caller.channel.block()}Queue: {queue.name}\r\n"
        f"Position: {queue.waiting.index(caller) + 1}\r\n"
        f"OriginalPosition: {caller.original_position}\r\nHoldTime: {waited}\r\n",
    )


def _leave(floor: Floor, caller: Caller) -> None:
    queue = caller.queue
    assert queue is not None
    position = queue.waiting.index(caller) + 1
    queue.waiting.remove(caller)
    caller.queue = None
    caller.stay += 1
    if not queue.waiting:
        phones.say_device(floor, f"Queue:{queue.name}", "NOT_INUSE")
    floor.say(
        "agent",
        "QueueCallerLeave",
        f"{caller.channel.block()}Queue: {queue.name}\r\n"
        f"Position: {position}\r\nCount: {len(queue.waiting)}\r\n",
    )


def _end_visit(floor: Floor, caller: Caller, outcome: Outcome) -> None:
    visit, caller.visit = caller.visit, None
    assert visit is not None
    floor.truth.left(visit, outcome, floor.now)


def _hang_up(floor: Floor, caller: Caller) -> None:
    channel = caller.channel
    floor.say("call", "SoftHangupRequest", channel.block() + _NORMAL_CLEARING)
    floor.say("call", "HangupRequest", channel.block() + _NORMAL_CLEARING)
    floor.hang_up(channel)
    caller.is_gone = True
    floor.callers_in_progress -= 1


def _say_variable(floor: Floor, caller: Caller, name: str, value: str) -> None:
    floor.say(
        "dialplan", "VarSet", f"{caller.channel.block()}Variable: {name}\r\nValue: {value}\r\n"
    )
