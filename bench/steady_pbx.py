"""A PBX that says so many events a second, evenly, to whoever logs in: for the latency bench.

    python -m bench.steady_pbx EVENTS_PER_S SITES

The server, the sessions and the lists are the simulated PBX's; only what is played is other: call
after call of nine events over three and a half seconds, each with the moment it is sent as its
`Timestamp`. `MARKED_PER_S` calls a second enter a queue of their own, where they are looked for.
"""

import asyncio
import heapq
import os
import sys
from collections.abc import Callable, Iterator
from itertools import count
from typing import NamedTuple

from local.pbx.call_centre import COLLECTOR_CLASSES, CallCentre
from local.pbx.live import LiveCallCentre
from local.pbx.server import AmiServer, Say, wall_clock_ms
from local.pbx.session import User
from local.process import LOOPBACK

AMI_SECRET_VARIABLE = "BENCH_AMI_SECRET"  # noqa: S105 - the name of a variable
MARKED_QUEUE = "marked"
MARKED_PER_S = 20
EVENTS_PER_CALL = 9
_STEP_S = 0.002
_QUEUES = ("sales", "support", "billing", "retention")
_AGENTS = 60


class Due(NamedTuple):
    """An event to be sent at a moment (ms since the epoch); `number` keeps equal ones in order."""

    at: float
    number: int
    text: str


class SteadyCalls(LiveCallCentre):
    """Calls that begin at even distances; lists are those of a call centre where nobody calls."""

    def __init__(self, name: str, calls_per_s: float, marked_every: int) -> None:
        """Every so manieth call is a marked one."""
        super().__init__(name, lambda now: CallCentre(1, now, site=name))
        self._pause_ms = 1_000 / calls_per_s
        self._marked_every = marked_every

    async def play(self, say: Say, _cut: Callable[[], None]) -> None:
        """For ever."""
        due: list[Due] = []
        events, calls = count(), count()
        next_call_at = float(wall_clock_ms())
        while True:
            now = wall_clock_ms()
            while next_call_at <= now:
                for after_ms, text in self._call(next(calls), now):
                    heapq.heappush(due, Due(next_call_at + after_ms, next(events), text))
                next_call_at += self._pause_ms
            while due and due[0].at <= now:
                say("agent", f"{heapq.heappop(due).text}{_timestamp()}\r\n".encode())
            await asyncio.sleep(_STEP_S)

    def _call(self, number: int, now: int) -> Iterator[tuple[int, str]]:
        is_marked = number % self._marked_every == 0
        queue = MARKED_QUEUE if is_marked else _QUEUES[number % len(_QUEUES)]
        interface = f"PJSIP/{2000 + number % _AGENTS}"
        uniqueid = f"{now // 1000}.{number}"
        channel = (
            f"Channel: PJSIP/trunk-{number:08x}\r\nCallerIDNum: +5511900{number % 1_000_000:06}\r\n"
            f"Uniqueid: {uniqueid}\r\nLinkedid: {uniqueid}\r\nQueue: {queue}\r\n"
        )
        offer = f"{channel}Interface: {interface}\r\nMemberName: Agent {number % _AGENTS}\r\n"
        yield 0, _event("QueueCallerJoin", f"{channel}Position: 1\r\nCount: 1\r\n")
        yield 500, _event("AgentCalled", offer)
        yield 500, _event("QueueMemberStatus", _member(queue, interface, 6))
        yield 2_500, _event("QueueCallerLeave", f"{channel}Position: 1\r\nCount: 0\r\n")
        yield 2_500, _event("AgentConnect", f"{offer}HoldTime: 2\r\nRingTime: 2\r\n")
        yield 2_500, _event("QueueMemberStatus", _member(queue, interface, 2))
        yield (
            3_500,
            _event("AgentComplete", f"{offer}HoldTime: 2\r\nTalkTime: 1\r\nReason: caller\r\n"),
        )
        yield 3_500, _event("Hangup", f"{channel}Cause: 16\r\nCause-txt: Normal Clearing\r\n")
        yield 3_500, _event("QueueMemberStatus", _member(queue, interface, 1))


def _event(name: str, headers: str) -> str:
    return f"Event: {name}\r\nPrivilege: agent,all\r\n{headers}"


def _member(queue: str, interface: str, status: int) -> str:
    return (
        f"Queue: {queue}\r\nMemberName: Agent\r\nInterface: {interface}\r\n"
        f"StateInterface: {interface}\r\nMembership: static\r\nPenalty: 0\r\nCallsTaken: 0\r\n"
        f"LastCall: 0\r\nInCall: {int(status == 2)}\r\nStatus: {status}\r\nPaused: 0\r\n"  # noqa: PLR2004
    )


def _timestamp() -> str:
    now = wall_clock_ms()
    return f"Timestamp: {now // 1000}.{now % 1000:03}000\r\n"


async def _serve(events_per_s: float, sites: int) -> None:
    user = User("collector", os.environ[AMI_SECRET_VARIABLE], COLLECTOR_CLASSES, COLLECTOR_CLASSES)
    calls_per_s = events_per_s / EVENTS_PER_CALL
    marked_every = max(1, round(calls_per_s / MARKED_PER_S))

    def tell(name: str) -> Callable[[int], None]:
        return lambda port: print(f"{name} AMI on {port}", flush=True)

    async with asyncio.TaskGroup() as tasks:
        for number in range(1, sites + 1):
            source = SteadyCalls(f"pbx-{number:02}", calls_per_s / sites, marked_every)
            server = AmiServer(source, {user.name: user})
            tasks.create_task(server.serve(LOOPBACK, 0, tell(source.name)))


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]), int(sys.argv[2])))
