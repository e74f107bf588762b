"""ClickHouse is away and the broker stands still in the middle of some stories: nothing is lost.

Nobody restarts anything but what was ended: what is upstream waits, and goes on by itself.
"""

import os
import signal
import time
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.support.captures import scenario
from tests.support.consistency import inconsistencies
from tests.support.recorded_stack import (
    Played,
    RecordedStack,
    as_recorded,
    running_recorded_stack,
)
from tests.support.truth import course_differences

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

# They play for 17 to 18 seconds.
RECORDINGS = [
    Played(scenario(name))
    for name in (
        "16.30.1/j_pause_login_v2",
        "16.30.1/y_sip_hold_v2",
        "18.26.4/e_timeout_v2",
        "18.26.4/o_reconnect_v2",
    )
]
BEFORE_S = 3.0
CLICKHOUSE_AWAY_S = 15.0
BROKER_FROZEN_S = 5.0
WITHIN_S = 200.0


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedStack]:
    with running_recorded_stack(RECORDINGS, tmp_path_factory.mktemp("stack")) as running:
        yield running


def accepted_events(stack: RecordedStack) -> float:
    with urlopen(f"{stack.ingest.url}/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    (line,) = (one for one in lines if one.startswith("ingest_events_accepted_total "))
    return float(line.split()[1])


def readiness(stack: RecordedStack) -> int:
    try:
        with urlopen(f"{stack.ingest.url}/readyz", timeout=60) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def is_answering(stack: RecordedStack) -> bool:
    try:
        with urlopen(f"{stack.clickhouse.address}/ping", timeout=60) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_every_call_is_there_in_the_end(stack: RecordedStack) -> None:
    time.sleep(BEFORE_S)
    stack.clickhouse.process.stop()
    ended_s = time.monotonic()
    before = accepted_events(stack)

    # Ingest and the collector do not notice.
    stack.worker.wait_until(lambda: accepted_events(stack) > before, WITHIN_S)
    assert readiness(stack) == 200

    # Now the broker, too: the collector spools.
    os.kill(stack.broker.pid, signal.SIGSTOP)
    try:
        stack.worker.wait_until(lambda: readiness(stack) == 503, WITHIN_S)
        time.sleep(BROKER_FROZEN_S)
    finally:
        os.kill(stack.broker.pid, signal.SIGCONT)
    stack.worker.wait_until(lambda: readiness(stack) == 200, WITHIN_S)

    time.sleep(max(0.0, ended_s + CLICKHOUSE_AWAY_S - time.monotonic()))
    stack.clickhouse.process.start_again()
    stack.worker.wait_until(lambda: is_answering(stack), WITHIN_S)

    for player in stack.players:
        played = player.played
        stack.wait_for(player, len(played.story.expected["calls"]), WITHIN_S)
        facts = stack.facts(played.site)
        assert (
            course_differences(played.story, as_recorded(player, facts), speed=played.speed) == []
        )
        assert inconsistencies(facts) == []
    parts = [stack.worker, stack.ingest.child, stack.broker, *stack.collectors]
    assert [part.name for part in parts if part.exit_code is not None] == []
