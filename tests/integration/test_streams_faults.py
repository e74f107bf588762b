"""Whatever happens to the workers, the tables are those of a run without faults."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.recorded_rows import expected_rows, written_sequences
from tests.integration.shift_of_sites import shift
from tests.integration.stream_brokers import BROKERS, broker_with_topics
from tests.integration.stream_workers import feed, trouble, workers

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]


@pytest.fixture(params=BROKERS)
def bootstrap(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with broker_with_topics(request.param, tmp_path) as address:
        yield address


@pytest.mark.parametrize("seed", [11])
def test_workers_that_are_killed_frozen_join_and_leave(
    bootstrap: str, tmp_path: Path, seed: int
) -> None:
    messages = list(shift(sites=12, events_per_site=1_500, seed=seed))
    expected = expected_rows(messages)
    with workers(bootstrap, tmp_path, "--faults=60") as group:
        feeding = feed(bootstrap, messages, seconds=25)
        group.start()
        done = trouble(group, seed, feeding, rounds=7)
        feeding.join()
        group.stop()
        group.options = []
        group.start()
        wrong = group.wait_for(expected, within_s=180)

        assert not wrong, (done, group.log_tail())
        for site, sequences in written_sequences(group.rows).items():
            assert sequences == set(range(1, max(sequences) + 1)), site


def test_the_last_messages_of_a_partition_are_missed_when_they_are_lost(
    bootstrap: str, tmp_path: Path
) -> None:
    """Nothing comes after them that could show the hole."""
    messages = list(shift(sites=4, events_per_site=200, seed=5))
    with workers(bootstrap, tmp_path, "--faults=4") as group:
        feed(bootstrap, messages).join()
        group.start()

        assert not group.wait_for(expected_rows(messages), within_s=90), group.log_tail()
