"""Gauges per queue: sites together, current ones only, bounded, and gone with the partitions."""

import pytest
from prometheus_client import CollectorRegistry

from ingest_api.contract.published import encode_batch
from streams.metrics import MAX_QUEUES, QueueGauges
from streams.processors.dead_letters import FloodGuard
from streams.processors.ports import SiteFold
from streams.processors.queue_gauges import QueueLook
from streams.processors.site_carrier import SiteCarrier
from streams.processors.source_message import Message
from tests.support.stories import Story, ms


class Worker:
    """A carrier of one partition, and what its gauges tell."""

    def __init__(self, now: str = "10:00:31") -> None:
        self.carrier = SiteCarrier({}, SiteFold(), FloodGuard(0), clock=lambda: 0.0)
        self.carrier.load([0], b"log the first...")
        self.gauges = QueueGauges()
        self.registry = CollectorRegistry()
        self.registry.register(self.gauges)
        self.look = QueueLook(self.carrier, self.gauges, clock=lambda: ms(now) / 1000)
        self._offset = 0

    def hear(self, story: Story, until: str) -> None:
        for batch in story.batches(until=until):
            key = f"{batch.tenant}/{batch.site}".encode()
            self.carrier.take(
                Message("pbx.events.v1", 0, self._offset, key, encode_batch(batch), lambda: None)
            )
            self._offset += 1

    def told(self, queue: str = "vendas") -> tuple[float | None, ...]:
        labels = {"tenant": "acme", "queue": queue}
        names = ("waiting_calls", "longest_wait_seconds", "available_agents")
        return tuple(
            self.registry.get_sample_value(f"streams_queue_{name}", labels) for name in names
        )


def busy(site: str, entered_at: str) -> Story:
    story = Story(site=site).added("09:00:00", "vendas", "PJSIP/2000")
    return story.join(entered_at, "100.1", "vendas")


async def test_sites_of_a_tenant_are_told_together() -> None:
    worker = Worker()
    worker.hear(busy("pbx-01", "10:00:00"), until="10:00:30")
    worker.hear(busy("pbx-02", "10:00:20"), until="10:00:30")
    await worker.look.look()
    assert worker.told() == (2, 30, 2)


async def test_a_site_that_was_silent_for_two_minutes_is_left_out() -> None:
    worker = Worker(now="10:02:31")
    worker.hear(busy("pbx-01", "10:00:00"), until="10:00:30")
    await worker.look.look()
    assert worker.told() == (None, None, None)


async def test_nothing_is_told_of_partitions_that_are_ours_no_more() -> None:
    worker = Worker()
    worker.hear(busy("pbx-01", "10:00:00"), until="10:00:30")
    await worker.look.look()
    worker.carrier.forget()
    worker.look.forget()
    assert worker.told() == (None, None, None)
    await worker.look.look()
    assert worker.told() == (None, None, None)


async def test_what_was_counted_of_states_that_were_dropped_meanwhile_is_not_told() -> None:
    worker = Worker()
    worker.hear(busy("pbx-01", "10:00:00"), until="10:00:30")
    look = worker.look.look()
    look.send(None)  # counted one site, and lets the others have their turn
    worker.carrier.forget()
    worker.look.forget()
    with pytest.raises(StopIteration):
        look.send(None)
    assert worker.told() == (None, None, None)


def test_of_more_queues_than_the_bound_those_with_the_longest_waits_are_told() -> None:
    worker = Worker()
    quiet = {("acme", f"quiet-{number:03}"): (0, 0.0, 1) for number in range(MAX_QUEUES)}
    worker.gauges.show(quiet | {("acme", "vendas"): (3, 40.0, 0)})
    assert worker.told() == (3, 40, 0)
    assert worker.told("quiet-499") == (None, None, None)
    assert worker.registry.get_sample_value("streams_queues_left_out") == 1
    worker.gauges.show(quiet)
    assert worker.registry.get_sample_value("streams_queues_left_out") == 0
