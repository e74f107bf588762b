"""A simulated call centre along the wall clock: the source of a simulated PBX's stream."""

import asyncio
from collections.abc import Callable

from local.pbx import lists
from local.pbx.call_centre import CallCentre
from local.pbx.floor import Floor
from local.pbx.server import Say, sleep_until, wall_clock_ms

_ANSWERS: dict[str, Callable[[Floor, str], bytes]] = {
    "QueueStatus": lists.queue_status,
    "QueueSummary": lists.queue_summary,
    "CoreShowChannels": lists.channels,
    "GetConfig": lists.queue_config,
}


class LiveCallCentre:
    """Opens at the first login, and from then on is what the wall clock says."""

    def __init__(self, name: str, open_at: Callable[[int], CallCentre]) -> None:
        """`open_at` makes the call centre that opens at a moment in ms since the epoch."""
        self.name = name
        self._open_at = open_at
        self._centre = open_at(wall_clock_ms())

    @property
    def centre(self) -> CallCentre:
        """The call centre; before the first login, one that never opens."""
        return self._centre

    def begin(self) -> None:
        """The first client logs in."""
        self._centre = self._open_at(wall_clock_ms())

    async def may_greet(self) -> bool:
        """Always."""
        return True

    async def play(self, say: Say, _cut: Callable[[], None]) -> None:
        """Until the call centre is closed and empty."""
        centre = self._centre
        while not centre.is_over:
            moment = centre.next_at()
            if moment is None:
                return
            await sleep_until(moment, asyncio.sleep)
            for said in centre.run_next():
                say(said.privilege, said.data)

    def banner(self) -> bytes:
        """As in `Pbx`."""
        return lists.banner(self._centre.floor)

    def fully_booted(self) -> bytes:
        """As in `Pbx`."""
        return lists.fully_booted(self._centre.floor)

    def answer(self, action: str, action_id: str) -> bytes:
        """As in `Pbx`: always at once."""
        self._centre.pass_time(wall_clock_ms())
        return _ANSWERS[action](self._centre.floor, action_id)

    def timestamp(self) -> str:
        """As in `Pbx`."""
        now = wall_clock_ms()
        return f"{now // 1000}.{now % 1000:03}000"
