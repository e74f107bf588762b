"""What Asterisk answers when it is asked what is there: queues, channels, configuration."""

from collections.abc import Iterator

from local.pbx import phones
from local.pbx.floor import Caller, Floor, QueueState
from local.pbx.queueing import LEVEL_S


def login_dialogue(floor: Floor) -> Iterator[bytes]:
    """What a collector hears first: banner, login, and the answers to what it asks then."""
    yield banner(floor)
    yield accepted("login-1", "Authentication accepted")
    yield fully_booted(floor)
    yield queue_config(floor, "sync-1")
    yield queue_status(floor, "sync-2")
    yield channels(floor, "sync-3")


def banner(floor: Floor) -> bytes:
    """The line that opens a connection."""
    return f"Asterisk Call Manager/{floor.dialect.banner}\r\n".encode()


def fully_booted(floor: Floor) -> bytes:
    """The event after every login: without Timestamp, whatever is configured."""
    uptime = "Uptime: 86400\r\nLastReload: 86400\r\n" if floor.dialect.has_member_times else ""
    headers = f"Privilege: system,all\r\n{uptime}Status: Fully Booted\r\n"
    return f"Event: FullyBooted\r\n{headers}\r\n".encode()


def accepted(action_id: str, message: str) -> bytes:
    """A plain answer."""
    return f"Response: Success\r\n{_id(action_id)}Message: {message}\r\n\r\n".encode()


def queue_status(floor: Floor, action_id: str) -> bytes:
    """Every queue with its agents and waiting callers."""
    items = []
    for queue in floor.queues.values():
        items.append(_queue_item(floor, queue))
        items += [
            f"Event: QueueMember\r\n{phones.listed_member_headers(floor, agent, queue.name)}"
            for agent in floor.agents
            if queue.name in agent.memberships
        ]
        items += [
            _entry_item(floor, queue, place, caller)
            for place, caller in enumerate(queue.waiting, 1)
        ]
    return _list("Queue status will follow", "QueueStatusComplete", items, action_id)


def queue_summary(floor: Floor, action_id: str) -> bytes:
    """Every queue in six numbers."""
    items = []
    for queue in floor.queues.values():
        there = [
            agent
            for agent in floor.agents
            if queue.name in agent.memberships and agent.status != phones.UNAVAILABLE
        ]
        longest = max((_waited_s(floor, caller) for caller in queue.waiting), default=0)
        items.append(
            f"Event: QueueSummary\r\nQueue: {queue.name}\r\nLoggedIn: {len(there)}\r\n"
            f"Available: {sum(agent.is_free for agent in there)}\r\n"
            f"Callers: {len(queue.waiting)}\r\nHoldTime: {queue.hold_time}\r\n"
            f"TalkTime: {queue.talk_time}\r\nLongestHoldTime: {longest}\r\n"
        )
    return _list("Queue summary will follow", "QueueSummaryComplete", items, action_id)


def channels(floor: Floor, action_id: str) -> bytes:
    """Every channel."""
    items = []
    for channel in floor.channels.values():
        age = (floor.now - channel.at) // 1000
        items.append(
            f"Event: CoreShowChannel\r\n{_id(action_id)}{channel.block()}"
            f"Application: {channel.application}\r\nApplicationData: {channel.application_data}\r\n"
            f"Duration: {age // 3600:02}:{age // 60 % 60:02}:{age % 60:02}\r\n"
            f"BridgeId: {channel.bridge}\r\n\r\n"
        )
    start = _list_start("Channels will follow", action_id)
    end = _list_end("CoreShowChannelsComplete", len(items), action_id)
    return (start + "".join(items) + end).encode()


def queue_config(floor: Floor, action_id: str) -> bytes:
    """`queues.conf`, as GetConfig tells it."""
    lines = ["Category-000000: general\r\nLine-000000-000000: persistentmembers=yes\r\n"]
    for number, queue in enumerate(floor.queues.values(), 1):
        plan = queue.plan
        lines.append(f"Category-{number:06}: {queue.name}\r\n")
        settings = {
            "strategy": plan.strategy,
            "timeout": f"{plan.ring_timeout_s:.0f}",
            "retry": f"{plan.retry_s:.0f}",
            "wrapuptime": str(plan.wrap_up_s),
            "servicelevel": str(LEVEL_S),
            "weight": str(plan.weight),
            "leavewhenempty": "yes" if plan.leaves_when_empty else "no",
        }
        lines += [
            f"Line-{number:06}-{line:06}: {name}={value}\r\n"
            for line, (name, value) in enumerate(settings.items())
        ]
    return f"Response: Success\r\n{_id(action_id)}{''.join(lines)}\r\n".encode()


def _queue_item(floor: Floor, queue: QueueState) -> str:
    within, completed = queue.completed_in_level, queue.completed
    performance = 100 * within / completed if completed else 0.0
    ended = completed + queue.abandoned
    performance2 = 100 * (within + queue.abandoned_in_level) / ended if ended else 0.0
    second = f"ServicelevelPerf2: {performance2:.1f}\r\n" if floor.dialect.has_member_times else ""
    return (
        f"Event: QueueParams\r\nQueue: {queue.name}\r\nMax: 0\r\n"
        f"Strategy: {queue.plan.strategy}\r\nCalls: {len(queue.waiting)}\r\n"
        f"Holdtime: {queue.hold_time}\r\nTalkTime: {queue.talk_time}\r\n"
        f"Completed: {completed}\r\nAbandoned: {queue.abandoned}\r\nServiceLevel: {LEVEL_S}\r\n"
        f"ServicelevelPerf: {performance:.1f}\r\n{second}Weight: {queue.plan.weight}\r\n"
    )


def _entry_item(floor: Floor, queue: QueueState, place: int, caller: Caller) -> str:
    number, name, _, _ = caller.channel.party
    return (
        f"Event: QueueEntry\r\nQueue: {queue.name}\r\nPosition: {place}\r\n"
        f"Channel: {caller.channel.name}\r\nUniqueid: {caller.channel.uniqueid}\r\n"
        f"CallerIDNum: {number}\r\nCallerIDName: {name}\r\n"
        "ConnectedLineNum: unknown\r\nConnectedLineName: unknown\r\n"
        f"Wait: {_waited_s(floor, caller)}\r\nPriority: 0\r\n"
    )


def _waited_s(floor: Floor, caller: Caller) -> int:
    assert caller.visit is not None
    return floor.now // 1000 - caller.visit.entered_at // 1000


def _list(message: str, end: str, items: list[str], action_id: str) -> bytes:
    closing = f"{_id(action_id)}\r\n"
    body = "".join(item + closing for item in items)
    return (_list_start(message, action_id) + body + _list_end(end, len(items), action_id)).encode()


def _list_start(message: str, action_id: str) -> str:
    return f"Response: Success\r\n{_id(action_id)}EventList: start\r\nMessage: {message}\r\n\r\n"


def _list_end(name: str, items: int, action_id: str) -> str:
    return f"Event: {name}\r\n{_id(action_id)}EventList: Complete\r\nListItems: {items}\r\n\r\n"


def _id(action_id: str) -> str:
    return f"ActionID: {action_id}\r\n" if action_id else ""
