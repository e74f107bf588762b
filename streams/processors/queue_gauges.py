"""What the queues of our sites look like now, for those who are paged: three gauges per queue.

Every five seconds all states in memory are looked at, one site after the other, so that the fold
never waits for more than one of them. Sites of a tenant are taken together. Only what is current is
told: a site of which nothing was received for two minutes is left out (its silence is an alert of
its own), and so is one whose past is being caught up with.
"""

import asyncio
import time
from collections.abc import Callable

from streams.domain.queues_now import QueueNow, queues_now
from streams.metrics import QUEUES, QueueGauges
from streams.processors.site_carrier import SiteCarrier

LOOK_EVERY_S = 5.0
CURRENT_MS = 120_000


class QueueLook:
    """Looks at the states of one worker; `look` is called every `LOOK_EVERY_S`."""

    def __init__(
        self,
        carrier: SiteCarrier,
        gauges: QueueGauges = QUEUES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` gives seconds since the epoch."""
        self._carrier = carrier
        self._gauges = gauges
        self._clock = clock

    async def look(self) -> None:
        """Count anew, and tell it unless the states were dropped meanwhile."""
        epoch = self._carrier.epoch
        oldest = self._clock() * 1000 - CURRENT_MS
        found: dict[tuple[str, str], QueueNow] = {}
        for state in self._carrier.states():
            if state.last_received_at >= oldest:
                for name, queue in queues_now(state).items():
                    _add(found.setdefault((state.tenant_id, name), QueueNow()), queue)
                await asyncio.sleep(0)
        if self._carrier.epoch == epoch:
            self._gauges.show(
                {
                    place: (queue.waiting, queue.longest_wait_ms / 1000, queue.available_agents)
                    for place, queue in found.items()
                }
            )

    def forget(self) -> None:
        """The partitions are ours no more."""
        self._gauges.show({})


def _add(total: QueueNow, queue: QueueNow) -> None:
    total.waiting += queue.waiting
    total.longest_wait_ms = max(total.longest_wait_ms, queue.longest_wait_ms)
    total.available_agents += queue.available_agents
