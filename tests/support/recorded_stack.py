"""The whole pipeline in its real processes, fed by recorded connections played over TCP.

Broker, ClickHouse, ingest, worker and a collector per recording are the programs as they are run;
the players of the recordings share a thread of the test.
"""

import asyncio
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from clickhouse_connect.driver.client import Client

from ingest_api.auth import SiteIdentity
from local.broker import start_broker
from local.collector_settings import CollectorSettings, write_settings
from local.pbx.call_centre import COLLECTOR_CLASSES
from local.pbx.recorded import RecordedCapture, Recording
from local.pbx.server import AmiServer
from local.pbx.session import User
from local.process import LOOPBACK, Child, free_port
from streams.domain.facts import FACT_TYPES, Fact
from tests.support.batches import Facts, by_table
from tests.support.captures import Scenario
from tests.support.clickhouse_server import ClickHouseServer, running_clickhouse
from tests.support.ingest_process import RunningIngest, running_ingest

TENANT = "acme"
SECRET = "made-up-secret"
PLAYER = User("collector", SECRET, COLLECTOR_CLASSES, frozenset(("reporting",)))
_UP_WITHIN_S = 60.0


class Played(NamedTuple):
    """A recording to play, `speed` times as fast as it was."""

    story: Scenario
    speed: float = 1.0

    @property
    def site(self) -> str:
        return self.story.name.replace("/", "-")


@dataclass
class Player:
    """A recording that is being played on a port."""

    played: Played
    source: RecordedCapture
    server: AmiServer
    port: int = 0

    def recorded_ms(self, at: int) -> int:
        """The moment of the recording that was played at `at`."""
        start = self.played.story.connections[0].first_ms
        return round(start + (at - self.source._began_at) * self.played.speed)


@contextmanager
def playing(recordings: Sequence[Played], directory: Path) -> Iterator[list[Player]]:
    """Each recording on a port of its own; it begins when its collector has logged in."""
    players: list[Player] = []
    for played in recordings:
        folder = played.story.unpack(directory / played.site)
        source = RecordedCapture(played.site, Recording(folder), played.speed)
        players.append(Player(played, source, AmiServer(source, {PLAYER.name: PLAYER})))
    are_listening = threading.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        def listening(player: Player, port: int) -> None:
            player.port = port
            if all(other.port for other in players):
                are_listening.set()

        async with asyncio.TaskGroup() as tasks:
            for player in players:
                told = lambda port, player=player: listening(player, port)  # noqa: E731
                tasks.create_task(player.server.serve(LOOPBACK, 0, told))

    task = loop.create_task(serve())

    def run() -> None:
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            pass  # asked for below
        finally:
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        are_listening.wait(_UP_WITHIN_S)
        yield players
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()


class RecordedStack(NamedTuple):
    """What is running. Read with `facts`. ClickHouse can be ended and started again."""

    players: list[Player]
    worker: Child
    client: Client
    clickhouse: ClickHouseServer
    broker: Child
    ingest: RunningIngest
    collectors: list[Child]

    def wait_for(self, player: Player, calls: int, within_s: float) -> None:
        """Until the recording is over and the store has all of its queue calls settled."""

        def is_there() -> bool:
            if not player.server.is_over.is_set():
                return False
            settled, last_event = self.client.query(
                "SELECT (SELECT count() FROM callcentre.v_queue_calls WHERE site = {site:String}"
                " AND status = 'ended' AND outcome != 'open'),"
                " (SELECT max(last_event_at) FROM callcentre.v_site_status"
                " WHERE site = {site:String})",
                parameters={"site": player.played.site},
                query_formats={"DateTime64": "int"},
            ).result_rows[0]
            end = player.played.story.connections[-1].last_ms
            settled_at = end + round(_SETTLED_MS * player.played.speed)
            return bool(settled >= calls and player.recorded_ms(last_event) > settled_at)

        self.worker.wait_until(is_there, within_s)

    def facts(self, site: str) -> Facts:
        """What the views show of one site."""
        found: list[Fact] = []
        for fact_type in FACT_TYPES:
            rows = self.client.query(
                f"SELECT {', '.join(fact_type.__struct_fields__)}"
                f" FROM callcentre.v_{fact_type.TABLE} WHERE site = {{site:String}}",
                parameters={"site": site},
                query_formats={"DateTime64": "int"},
            ).named_results()
            found += [msgspec.convert(row, fact_type) for row in rows]
        return by_table(found)


_SETTLED_MS = 3_000
_MOMENTS = ("entered_at", "answered_at", "ended_at", "started_at", "state_since")
_DURATIONS = ("wait_ms", "talk_ms", "hold_ms", "wrap_up_ms")


def as_recorded(player: Player, facts: Facts) -> Facts:
    """The calls, states and memberships with the times of the recording; nothing else."""

    def moved(row: Any) -> Any:
        columns = {}
        for name in _MOMENTS:
            value = getattr(row, name, None)
            if value is not None:
                columns[name] = player.recorded_ms(value)
        for name in _DURATIONS:
            value = getattr(row, name, None)
            if value is not None:
                columns[name] = round(value * player.played.speed)
        return msgspec.structs.replace(row, **columns)

    return Facts(
        calls=[moved(row) for row in facts.calls],
        states=[moved(row) for row in facts.states],
        memberships=[moved(row) for row in facts.memberships],
    )


@contextmanager
def running_recorded_stack(
    recordings: Sequence[Played], directory: Path
) -> Iterator[RecordedStack]:
    """Everything up and every collector logged in, and so every recording begun."""
    with ExitStack() as stack:
        broker, bootstrap = stack.enter_context(start_broker(directory / "broker.log", free_port()))
        streams = [sys.executable, "-m", "streams"]
        environment = {"KAFKA_BOOTSTRAP": bootstrap}
        # While ClickHouse starts.
        topics = stack.enter_context(
            Child("topics", [*streams, "topics"], directory / "topics.log", environment)
        )
        clickhouse = stack.enter_context(
            running_clickhouse(directory / "clickhouse", port=free_port())
        )
        environment |= {"CLICKHOUSE_URL": clickhouse.url}
        topics.finish(_UP_WITHIN_S)
        sites = [SiteIdentity(TENANT, played.site) for played in recordings]
        ingest = stack.enter_context(running_ingest(bootstrap, directory, sites))
        command = [*streams, "worker"]
        worker = stack.enter_context(
            Child("worker", command, directory / "worker.log", environment)
        )
        players = stack.enter_context(playing(recordings, directory / "recordings"))
        collectors = [
            stack.enter_context(_collector(player, ingest, directory / "collectors"))
            for player in players
        ]
        stack.callback(_stop_together, collectors)
        client = clickhouse.connect()
        stack.callback(client.close)
        yield RecordedStack(players, worker, client, clickhouse, broker, ingest, collectors)


def _stop_together(children: Sequence[Child]) -> None:
    """Each takes its time to deliver what it has left."""
    with ThreadPoolExecutor(len(children)) as threads:
        for stopping in [threads.submit(child.stop) for child in children]:
            stopping.result()


def _collector(player: Player, ingest: RunningIngest, directory: Path) -> Child:
    site = player.played.site
    settings = CollectorSettings(
        site,
        directory / site,
        player.port,
        PLAYER.name,
        SECRET,
        ingest.url,
        ingest.tokens[SiteIdentity(TENANT, site)],
        "made-up tenant key",
    )
    command = [sys.executable, "-m", "agent", "run", f"--config={write_settings(settings)}"]
    return Child(f"collector {site}", command, directory / f"{site}.log", {})
