"""`streams rebuild` through the real engine: whatever the tables held, in the end a clean fold."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec
import pytest
from clickhouse_connect.driver.client import Client

from ingest_api.contract.published import PublishedBatch, decode_batch
from streams.__main__ import main
from streams.domain.facts import AgentState, CoverageGap, Fact, QueueCall
from streams.domain.interval import WINDOW_MS, window_start
from streams.domain.site_state import SiteState
from streams.domain.version import FOLD_REVISION, rebuilt_version_of, version_of
from streams.errors import RebuildError
from streams.processors.ports import SiteFold
from streams.rebuild import raw_events, refold, settling, site_rebuild
from streams.rebuild.command import Report, rebuild
from streams.rebuild.staging import PREFIX, REBUILT_TYPES
from streams.rebuild.start import StartFinder
from streams.site_batches import fold_batch
from streams.storage.windows import window_differences
from streams.storage.writer import ClickHouseFactWriter
from tests.integration.live_path import LivePath
from tests.integration.shift_of_sites import shift
from tests.support.batches import batches_of, fold, latest
from tests.support.captures import events_of, scenario
from tests.support.clickhouse_server import ClickHouseServer
from tests.support.facts import agent_state, queue_call
from tests.support.stored_facts import Inserts, stored

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

TENANT = "acme"
TABLES = [fact_type.TABLE for fact_type in REBUILT_TYPES]


@pytest.fixture
def client(server: ClickHouseServer) -> Iterator[Client]:
    connected = server.connect()
    copies = ("agents_now", "memberships_now")
    for table in [*TABLES, *copies, "event_batches", "site_snapshots", "site_status"]:
        connected.command(f"TRUNCATE TABLE callcentre.{table}")
    yield connected
    databases = connected.query("SELECT name FROM system.databases").result_columns[0]
    assert not [name for name in databases if name.startswith(PREFIX)]
    connected.close()


@pytest.fixture
def writer(server: ClickHouseServer) -> Iterator[ClickHouseFactWriter]:
    made = ClickHouseFactWriter(server.connect, Inserts())
    yield made
    made.close()


def generated(events: int = 900, seed: int = 7, sites: int = 1) -> list[PublishedBatch]:
    """Half an hour and more of made-up sites."""
    return [decode_batch(message.value) for message in shift(sites, events, seed)]


def recorded(site: str = "pbx-rec") -> list[PublishedBatch]:
    """A shift of a real Asterisk."""
    return batches_of(events_of(scenario("22.10.1/shift_20261").connections), size=60, site=site)


def without_version(fact: Fact) -> Fact:
    return msgspec.structs.replace(fact, version=0)


def clean(batches: Iterable[PublishedBatch]) -> dict[type[Fact], list[str]]:
    """What a fold that never broke makes of one site, versions aside."""
    facts = latest(fold(batches)).values()
    return {
        fact_type: sorted(repr(without_version(f)) for f in facts if type(f) is fact_type)
        for fact_type in REBUILT_TYPES
    }


def held(client: Client, site: str) -> dict[type[Fact], list[str]]:
    """What the views show of the site, versions aside."""
    return {
        fact_type: sorted(
            repr(without_version(f)) for f in stored(client, fact_type) if f.site == site
        )
        for fact_type in REBUILT_TYPES
    }


def everything(client: Client) -> list[list[Fact]]:
    return [stored(client, fact_type) for fact_type in REBUILT_TYPES]


def running(client: Client) -> list[tuple[object, ...]]:
    """Each agent's running state by its copy, which is right, as is that of the memberships."""
    columns = "agent_key, state, queue, call_id, toUnixTimestamp64Milli(started_at)"
    copied = client.query(f"SELECT {columns} FROM callcentre.v_agents_now ORDER BY 1").result_rows
    states = client.query(
        f"SELECT {columns} FROM callcentre.v_agent_states WHERE ended_at IS NULL ORDER BY 1"
    ).result_rows
    assert list(copied) == list(states)
    columns = "agent_key, queue, site, started_at, is_paused, penalty"
    members, memberships = (
        client.query(f"SELECT {columns} FROM callcentre.{rows} ORDER BY ALL").result_rows
        for rows in ("memberships_now FINAL", "v_agent_memberships WHERE ended_at IS NULL")
    )
    assert list(members) == list(memberships)
    return [tuple(row) for row in copied]


def calls_of(client: Client) -> list[QueueCall]:
    return [fact for fact in stored(client, QueueCall) if isinstance(fact, QueueCall)]


def begin(batches: Sequence[PublishedBatch]) -> int:
    return batches[0].events[0].at


def no_changes(report: Report) -> bool:
    return not any(t.written or t.taken_back for s in report.sites for t in s.tables.values())


def older(version: int) -> int:
    """The same place, by the rules before."""
    return version - (1 << 56)


def test_whatever_the_tables_hold_a_rebuild_makes_them_a_clean_fold(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    shifts = {"pbx-00": generated(), "pbx-rec": recorded()}
    live = LivePath(writer)
    for batches in shifts.values():
        live.feed(batches)
    agents = running(client)
    spoil(client, writer)
    assert held(client, "pbx-00") != clean(shifts["pbx-00"])

    report = rebuild(client, TENANT, None, min(map(begin, shifts.values())))

    assert report.failed == {}
    for site, batches in shifts.items():
        assert held(client, site) == clean(batches), site
    assert running(client) == agents
    assert window_differences(client, 0, 1 << 41) == []
    before = everything(client)
    again = rebuild(client, TENANT, None, min(map(begin, shifts.values())))
    assert no_changes(again)
    assert everything(client) == before


def spoil(client: Client, writer: ClickHouseFactWriter) -> None:
    """Rows of older rules, rows lost, rows with another content, rows that nothing makes."""
    calls = calls_of(client)
    states = [state for state in stored(client, AgentState) if isinstance(state, AgentState)]
    newest = max(state.version for state in states if state.site == "pbx-00")
    lost = calls[3]
    client.command(
        "DELETE FROM callcentre.queue_calls WHERE call_id = {id:String}",
        parameters={"id": lost.call_id},
    )
    replace = msgspec.structs.replace
    writer.write(
        [
            replace(calls[5], call_id="bogus/1", version=older(calls[5].version)),
            replace(calls[6], call_id="bogus/2"),
            replace(calls[7], outcome="unknown", wait_ms=77),
            replace(calls[8], entered_at=calls[8].entered_at + 1, version=older(calls[8].version)),
            replace(states[0], started_at=states[0].started_at + 1),
            # An agent who, by rows that nothing makes, does something else at the end.
            agent_state(
                site="pbx-00",
                agent_key="pbx-00/PJSIP/2001",
                started_at=max(s.started_at for s in states if s.site == "pbx-00") + 5,
                version=newest,
            ),
            agent_state(site="pbx-00", agent_key="pbx-00/nobody", version=older(newest),
                        started_at=states[0].started_at),
            CoverageGap(TENANT, "pbx-00", states[0].started_at, "dead_letter", None, 1, 2, newest),
        ],
        [],
    )  # fmt: skip


def test_rows_of_older_rules_come_to_todays_revision(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    batches = generated(events=200)
    LivePath(writer).feed(batches)
    facts = [fact for rows in everything(client) for fact in rows]
    for table in TABLES:
        client.command(f"TRUNCATE TABLE callcentre.{table}")
    writer.write([msgspec.structs.replace(f, version=older(f.version)) for f in facts], [])

    rebuild(client, TENANT, "pbx-00", begin(batches))

    assert held(client, "pbx-00") == clean(batches)
    revisions = {fact.version >> 56 for rows in everything(client) for fact in rows}
    assert revisions == {FOLD_REVISION}


def test_a_rebuild_of_many_days_is_done_in_pages_and_slices(
    client: Client, writer: ClickHouseFactWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_events, "KEYS_AT_ONCE", 7)
    monkeypatch.setattr(raw_events, "PAGE_BYTES", 30_000)
    monkeypatch.setattr(site_rebuild, "STAGED_AT_ONCE", 200)
    monkeypatch.setattr(settling, "ROWS_AT_ONCE", 50)
    monkeypatch.setattr(refold, "CHECKPOINT_ROWS", 5)
    batches = [later(batch, days) for days in range(3) for batch in generated(events=150)]
    LivePath(writer).feed(batches)
    calls = calls_of(client)
    wrong = [msgspec.structs.replace(call, talk_ms=123_456) for call in calls[::7]]
    writer.write(wrong, [])

    (site,) = rebuild(client, TENANT, None, begin(batches)).sites

    assert site.tables["queue_calls"].written == len(wrong)
    assert held(client, "pbx-00") == clean(batches)


def later(batch: PublishedBatch, days: int) -> PublishedBatch:
    """The same, so many days later: the collector's spool was made anew each night."""
    by = days * 24 * 3_600_000
    replace = msgspec.structs.replace
    return replace(
        batch,
        received_at=batch.received_at + by,
        events=[replace(event, at=event.at + by) for event in batch.events],
    )


def test_states_that_cannot_be_used_are_passed_over(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    batches = generated(events=300)
    live = LivePath(writer)
    for third in (batches[:4], batches[4:7]):
        live.feed(third)
        live.take_snapshots()
    live.feed(batches[7:])
    events = raw_events.RawEvents(client, TENANT, "pbx-00")
    finder = StartFinder(client, events, TENANT, "pbx-00")
    first, second = (batches[n].events[-1] for n in (3, 6))

    assert finder.find(second.at).place.sequence == second.sequence
    assert finder.find(second.at - 1).place.sequence == first.sequence
    assert finder.find(first.at - 1).place == (0, 0)
    client.command(
        "ALTER TABLE callcentre.site_snapshots UPDATE state = 'another form'"
        " WHERE sequence = {sequence:UInt64} SETTINGS mutations_sync = 1",
        parameters={"sequence": second.sequence},
    )
    assert finder.find(second.at).place.sequence == first.sequence
    client.command(
        "DELETE FROM callcentre.event_batches WHERE first_sequence <= {last:UInt64}",
        parameters={"last": batches[4].events[-1].sequence},
    )
    with pytest.raises(RebuildError, match="no state of the site is stored yet"):
        finder.find(second.at)


def test_rows_before_the_moment_stay_as_they_are(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    batches = generated()
    since = window_start(begin(batches)) + WINDOW_MS
    LivePath(writer).feed(batches)
    calls = calls_of(client)
    before = max((c for c in calls if c.entered_at < since), key=lambda call: call.entered_at)
    after = min((c for c in calls if c.entered_at >= since), key=lambda call: call.entered_at)
    bogus = queue_call(entered_at=since - 1, version=older(before.version))
    wrong = [msgspec.structs.replace(call, talk_ms=123_456) for call in (before, after)]
    writer.write([*wrong, bogus], [])

    rebuild(client, TENANT, "pbx-00", since + 60_000)

    after_rebuild = {call.call_id: call for call in calls_of(client)}
    assert after_rebuild[before.call_id] == wrong[0]
    assert after_rebuild[bogus.call_id] == bogus
    assert after_rebuild[after.call_id].talk_ms == after.talk_ms


def test_a_rebuild_begins_at_a_stored_state_when_the_first_events_are_gone(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    batches = generated(seed=8)
    cut = len(batches) // 2
    live = LivePath(writer)
    live.feed(batches[:cut])
    live.take_snapshots()
    live.feed(batches[cut:])
    client.command(
        "DELETE FROM callcentre.event_batches WHERE last_sequence <= {last:UInt64}",
        parameters={"last": batches[cut // 2].events[-1].sequence},
    )
    since = window_start(batches[cut - 1].events[-1].at + WINDOW_MS)
    unspoilt = everything(client)
    call = next(call for call in calls_of(client) if call.entered_at >= since)
    writer.write([msgspec.structs.replace(call, talk_ms=123_456)], [])

    with pytest.raises(RebuildError, match="the earliest moment is 2026-03-10T12:15:00Z"):
        raise RebuildError(rebuild(client, TENANT, "pbx-00", begin(batches)).failed["pbx-00"])
    rebuild(client, TENANT, "pbx-00", since)

    assert [list(map(without_version, rows)) for rows in everything(client)] == [
        list(map(without_version, rows)) for rows in unspoilt
    ]


def test_without_first_events_and_states_nothing_is_rebuilt(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    batches = generated(events=200)
    LivePath(writer).feed(batches)
    client.command("DELETE FROM callcentre.event_batches WHERE first_sequence = 1")
    before = everything(client)

    report = rebuild(client, TENANT, "pbx-00", begin(batches))

    assert "no state of the site is stored yet" in report.failed["pbx-00"]
    assert everything(client) == before


def test_a_reinstalled_collector_is_not_taken_for_the_first_one(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    batches = generated(events=200)
    LivePath(writer).feed(batches)
    writer.write([queue_call(site="pbx-00", version=version_of(1, 5))], [])

    report = rebuild(client, TENANT, "pbx-00", begin(batches))

    assert list(report.failed) == ["pbx-00"]


def test_what_the_live_path_writes_of_later_events_holds(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    batches = generated()
    cut = 2 * len(batches) // 3
    live = LivePath(writer)
    live.feed(batches[:cut])
    spoil(client, writer)
    rebuild(client, TENANT, "pbx-00", begin(batches))
    live.feed(batches[cut:])
    assert held(client, "pbx-00") == clean(batches)


def test_a_rebuild_takes_back_nothing_that_is_newer_than_the_events_it_folded(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    batches = generated(events=300)
    LivePath(writer).feed(batches)
    newest = max(fact.version for rows in everything(client) for fact in rows)
    new = queue_call(site="pbx-00", entered_at=batches[-1].events[-1].at, version=newest + 20)
    writer.write([new], [])

    assert no_changes(rebuild(client, TENANT, "pbx-00", begin(batches)))
    assert new in stored(client, QueueCall)


def breaking(sequence: int) -> SiteFold:
    """Rules that trip over the batch with this event, half-way through."""

    def fold_or_break(state: SiteState, batch: PublishedBatch) -> list[Fact]:
        facts = fold_batch(state, batch)
        if any(event.sequence == sequence for event in batch.events):
            raise ZeroDivisionError
        return facts

    return SiteFold(fold_batch=fold_or_break)


def test_a_rebuild_replays_a_batch_that_broke_the_fold(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    batches = generated(seed=9)
    LivePath(writer, breaking(300)).feed(batches)
    (gap,) = stored(client, CoverageGap)
    assert isinstance(gap, CoverageGap)
    assert gap.reason == "dead_letter"

    report = rebuild(client, TENANT, "pbx-00", begin(batches))

    assert report.sites[0].broken == []
    assert held(client, "pbx-00") == clean(batches)
    assert window_differences(client, 0, 1 << 41) == []
    running(client)
    assert no_changes(rebuild(client, TENANT, "pbx-00", begin(batches)))


def test_a_worker_that_writes_again_what_was_rebuilt_changes_nothing(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    batches = generated(events=300, seed=9)
    LivePath(writer, breaking(290)).feed(batches)
    rebuild(client, TENANT, "pbx-00", begin(batches))
    (end,) = client.query(
        "SELECT max(generation), max(last_sequence) FROM callcentre.event_batches"
    ).result_rows
    assert max(call.version for call in calls_of(client)) == rebuilt_version_of(*end)

    LivePath(writer, breaking(290)).feed(batches)

    assert held(client, "pbx-00") == clean(batches)


def test_a_batch_that_still_breaks_the_fold_leaves_its_gap_and_is_named(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    batches = generated(events=300, seed=9)
    LivePath(writer, breaking(100)).feed(batches)
    before = everything(client)

    report = rebuild(client, TENANT, "pbx-00", begin(batches), fold=breaking(100))

    (broken,) = report.sites[0].broken
    assert broken.first_sequence <= 100 <= broken.last_sequence
    assert broken.reason.startswith("ZeroDivisionError in fold_or_break")
    assert everything(client) == before


def test_a_second_rebuild_of_the_same_events_wins_over_the_first(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    batches = generated(events=300, seed=9)
    LivePath(writer).feed(batches)
    for fact_type in REBUILT_TYPES:
        client.command(f"SYSTEM STOP MERGES callcentre.{fact_type.TABLE}")

    rebuild(client, TENANT, "pbx-00", begin(batches), fold=breaking(100))
    assert held(client, "pbx-00") != clean(batches)
    rebuild(client, TENANT, "pbx-00", begin(batches))

    assert held(client, "pbx-00") == clean(batches)
    for fact_type in REBUILT_TYPES:
        client.command(f"SYSTEM START MERGES callcentre.{fact_type.TABLE}")
        client.command(f"OPTIMIZE TABLE callcentre.{fact_type.TABLE} FINAL")
    assert held(client, "pbx-00") == clean(batches)


@pytest.mark.parametrize("is_rebuilt_first", [True, False])
def test_a_rebuilt_row_wins_over_the_live_row_of_the_same_event_in_any_order(
    client: Client, writer: ClickHouseFactWriter, is_rebuilt_first: bool
) -> None:
    live = queue_call(version=version_of(5, 9), talk_ms=1)
    rebuilt = queue_call(version=rebuilt_version_of(5, 9), talk_ms=2)
    client.command("SYSTEM STOP MERGES callcentre.queue_calls")
    for call in (rebuilt, live) if is_rebuilt_first else (live, rebuilt):
        writer.write([call], [])

    assert stored(client, QueueCall) == [rebuilt]
    client.command("SYSTEM START MERGES callcentre.queue_calls")
    client.command("OPTIMIZE TABLE callcentre.queue_calls FINAL")
    assert stored(client, QueueCall) == [rebuilt]


def test_a_dry_run_tells_what_would_be_done_and_does_nothing(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    batches = generated(events=300)
    LivePath(writer).feed(batches)
    spoil(client, writer)
    before = everything(client)

    told = rebuild(client, TENANT, "pbx-00", begin(batches), is_dry_run=True)

    assert everything(client) == before
    done = rebuild(client, TENANT, "pbx-00", begin(batches))
    assert told.sites[0].tables["queue_calls"] == done.sites[0].tables["queue_calls"]
    assert done.sites[0].tables["queue_calls"].taken_back == 3


def test_one_site_that_cannot_be_rebuilt_does_not_cost_the_others(
    server: ClickHouseServer,
    client: Client,
    writer: ClickHouseFactWriter,
    capsys: pytest.CaptureFixture[str],
) -> None:
    LivePath(writer).feed(generated(events=60, sites=3))
    client.command(
        "DELETE FROM callcentre.event_batches WHERE site = 'pbx-01' AND first_sequence = 1"
    )
    arguments = ["--tenant", TENANT, "--from", "2026-03-10T09:07:00-03:00", "--json"]
    assert main(["rebuild", *arguments], {"CLICKHOUSE_URL": server.url}) == 1

    said = capsys.readouterr()
    report = json.loads(said.out)
    assert report["since"] == "2026-03-10T12:00:00Z"
    assert [site["site"] for site in report["sites"]] == ["pbx-00", "pbx-02"]
    assert list(report["failed"]) == ["pbx-01"]
    assert "acme: rows from 2026-03-10T12:00:00Z on, by fold revision" in said.err
    assert re.search(r"^pbx-02 \(3 of 3\): 6\d of 6\d events, 100 %$", said.err, re.MULTILINE)


@pytest.mark.usefixtures("client")
def test_who_is_not_there_is_said(
    server: ClickHouseServer, writer: ClickHouseFactWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    LivePath(writer).feed(generated(events=20))
    settings = {"CLICKHOUSE_URL": server.url}
    for arguments, words in (
        (["--tenant", "nobody"], "no events of a tenant 'nobody' are stored"),
        (
            ["--tenant", TENANT, "--site", "pbx-09"],
            "no events of a site 'pbx-09' are stored; acme has pbx-00",
        ),
    ):
        assert main(["rebuild", *arguments, "--from", "2026-03-10"], settings) == 1
        assert capsys.readouterr().err.strip() == words


def test_a_moment_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["rebuild", "--tenant", TENANT, "--from", "yesterday"], {})
    assert "'yesterday' is neither a date nor an ISO 8601 moment" in capsys.readouterr().err
