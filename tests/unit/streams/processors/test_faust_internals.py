"""The processors replace parts of Faust whose flaws were found by reading and measuring them.

If this fails after an upgrade: read the module texts of `site_table.py` and `source_consumer.py`
against the new source, run the fault tests at length, then change the versions here.
"""

import inspect
from importlib.metadata import version

import pytest
from aiokafka import AIOKafkaConsumer
from faust.app.base import App
from faust.tables.base import Collection
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer, ConsumerThread
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread


@pytest.mark.parametrize(
    ("package", "read"),
    [("faust-streaming", "0.15.3"), ("mode-streaming", "0.7.1"), ("aiokafka", "0.14.0")],
)
def test_the_versions_are_those_that_were_read(package: str, read: str) -> None:
    assert version(package) == read


def test_a_recovery_still_seeks_by_the_method_we_replace() -> None:
    source = inspect.getsource(Recovery.on_recovery_completed)

    callbacks, seek, resume = (
        source.index(call)
        for call in ("table.on_recovery_completed", "consumer.perform_seek", "resume_flow()")
    )
    assert callbacks < seek < resume


def test_a_stopped_flow_still_seeks_by_the_method_we_replace() -> None:
    assert "await self.perform_seek()" in inspect.getsource(Consumer.getmany)


def test_the_wait_of_a_fetch_is_still_set_where_we_set_it() -> None:
    assert "fetch_max_wait_ms=1500" in inspect.getsource(
        AIOKafkaConsumerThread._create_worker_consumer
    )
    assert "fetch_max_wait_ms=self._fetch_max_wait_ms" in inspect.getsource(AIOKafkaConsumer.start)


def test_what_we_call_is_still_there() -> None:
    for owner, names in (
        (Consumer, ("stop_flow", "resume_flow", "seek_wait", "highwater", "assignment")),
        (App, ("transport", "flow_control", "on_partitions_revoked")),
        (Collection, ("apply_changelog_batch", "on_recover", "changelog_topic_name")),
    ):
        for name in names:
            assert hasattr(owner, name), f"{owner.__name__}.{name}"
    assert issubclass(AIOKafkaConsumerThread, ConsumerThread)
    assert "_read_offset" in inspect.getsource(AIOKafkaConsumerThread._seek_wait)
