import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import SpoolInUseError, SpoolWriteError
from agent.event import Event
from agent.spool import Spool

NOW = 1_773_147_600_000
PLENTY = 1024 * 1024


def event(number: int, text: str = "") -> Event:
    return Event(NOW + number, "ami", "QueueCallerJoin", {"Uniqueid": str(number), "Exten": text})


def opened(directory: Path, max_bytes: int = PLENTY) -> Spool:
    return Spool(str(directory / "spool.db"), max_bytes, NOW)


def stored(spool: Spool) -> list[dict[str, Any]]:
    return [json.loads(some.text) for some in spool.read(100_000, 10**9).events]


def covered(events: list[dict[str, Any]]) -> list[int]:
    """The sequences that these events stand for, a gap's in place of the ones it names."""
    numbers: list[int] = []
    for some in events:
        first = int(some["fields"]["from"]) if some["name"] == "gap" else some["sequence"]
        numbers.extend(range(first, some["sequence"] + 1))
    return numbers


def test_events_get_sequences_without_a_hole_over_restarts(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.append([event(1), event(2)])
    first.acknowledge(first.spool_id, 2)
    first.close()
    second = opened(tmp_path)
    second.append([event(3)])
    assert second.spool_id == first.spool_id
    assert [some["sequence"] for some in stored(second)] == [3]


def test_event_reads_as_the_wire_form(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append([event(3, "Atenção")])
    assert stored(spool) == [
        {
            "sequence": 1,
            "at": "2026-03-10T13:00:00.003Z",
            "kind": "ami",
            "name": "QueueCallerJoin",
            "fields": {"Uniqueid": "3", "Exten": "Atenção"},
        }
    ]


def test_batch_is_bounded_by_count_and_size_but_never_empty(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append([event(number, "x" * 1000) for number in range(10)])
    assert len(spool.read(3, PLENTY).events) == 3
    assert len(spool.read(500, 2500).events) == 2
    assert len(spool.read(500, 10).events) == 1


def test_killed_before_the_acknowledgement_it_sends_again(tmp_path: Path) -> None:
    # The process dies between the 202 and the deletion: the file is as it was.
    killed = opened(tmp_path)
    killed.append([event(1), event(2)])
    killed.read(500, PLENTY)
    killed._file.close()
    assert [some["sequence"] for some in stored(opened(tmp_path))] == [1, 2]


def test_failed_append_stores_nothing_and_gives_the_sequence_back(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append([event(1)])
    broken = event(2)._replace(fields={"Queue": object()})  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        spool.append([event(2), broken])
    assert (spool.events, spool.heard_ms) == (1, NOW + 1)
    spool.append([event(3)])
    assert [some["sequence"] for some in stored(spool)] == [1, 2]


def test_second_collector_cannot_have_the_same_spool(tmp_path: Path) -> None:
    opened(tmp_path)
    with pytest.raises(SpoolInUseError, match="another collector uses the spool"):
        opened(tmp_path)


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpoolWriteError, match="nowhere"):
        opened(tmp_path / "nowhere")


def test_full_spool_lets_the_oldest_go_and_says_so(tmp_path: Path) -> None:
    spool = opened(tmp_path, max_bytes=3000)
    for number in range(1, 31):
        spool.append([event(number)])
    events = stored(spool)
    gap = events[0]
    assert gap["name"] == "gap"
    assert gap["fields"] == {
        "from": "1",
        "to": str(gap["sequence"]),
        "from_at": "2026-03-10T13:00:00.001Z",
        "to_at": gap["at"],
        "reason": "spool_full",
    }
    assert covered(events) == list(range(1, 31))
    assert spool.dropped["spool_full"] == gap["sequence"]
    assert spool.size_bytes <= 3000


def test_what_arrived_while_it_was_dropped_is_no_gap(tmp_path: Path) -> None:
    spool = opened(tmp_path, max_bytes=3000)
    spool.append([event(number) for number in range(1, 11)])
    on_its_way = spool.read(5, PLENTY)
    for number in range(11, 41):
        spool.append([event(number)])
    spool.acknowledge(on_its_way.spool_id, on_its_way.events[-1].sequence)
    assert stored(spool)[0]["fields"]["from"] == "6"
    assert covered(stored(spool)) == list(range(6, 41))


def limited(spool: Spool) -> None:
    """No more space on disk than the file has now."""
    pages = spool._file.execute("PRAGMA page_count").fetchone()[0]
    spool._file.execute(f"PRAGMA max_page_count={pages}")


def test_disk_without_space_drops_nothing_by_itself(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append([event(number, "x" * 200) for number in range(1, 101)])
    limited(spool)
    with pytest.raises(SpoolWriteError, match="full"):
        spool.append([event(number, "x" * 200) for number in range(101, 201)])
    assert covered(stored(spool)) == list(range(1, 101))
    assert spool.dropped["disk_full"] == 0


def test_disk_without_space_keeps_the_newest_when_told_to_make_room(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append([event(number, "x" * 200) for number in range(1, 101)])
    limited(spool)
    more = [event(number, "x" * 200) for number in range(101, 121)]
    spool.make_room(more)
    spool.append(more)
    events = stored(spool)
    assert covered(events) == list(range(1, 121))
    assert (events[0]["name"], events[0]["fields"]["reason"]) == ("gap", "disk_full")
    assert spool.dropped["disk_full"] == events[0]["sequence"]
    assert [some["name"] for some in events[1:]] == ["QueueCallerJoin"] * (len(events) - 1)


def test_what_arrived_makes_room_on_a_disk_without_space(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append([event(number, "x" * 200) for number in range(1, 101)])
    limited(spool)
    spool.acknowledge(spool.spool_id, 50)
    spool.append([event(number, "x" * 200) for number in range(101, 131)])
    assert covered(stored(spool)) == list(range(51, 131))


def test_oldest_time_is_of_what_waits(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    assert spool.oldest_ms() is None
    spool.append([event(1), event(2)])
    spool.acknowledge(spool.spool_id, 1)
    assert spool.oldest_ms() == NOW + 2


def test_event_larger_than_the_spool_is_still_kept(tmp_path: Path) -> None:
    spool = opened(tmp_path, max_bytes=500)
    spool.append([event(1), event(2, "x" * 1000)])
    assert covered(stored(spool)) == [1, 2]


def test_refused_event_becomes_a_gap_but_a_gap_is_never_given_up(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append([event(1), event(2), event(3)])
    assert spool.refuse(spool.spool_id, 2)
    assert [some["name"] for some in stored(spool)] == ["QueueCallerJoin", "gap", "QueueCallerJoin"]
    assert stored(spool)[1]["fields"]["reason"] == "refused"
    assert not spool.refuse(spool.spool_id, 2)
    assert spool.events == 3


def test_damaged_file_is_set_aside_and_a_new_spool_says_so(tmp_path: Path) -> None:
    (tmp_path / "spool.db").write_bytes(b"no database at all" * 100)
    spool = opened(tmp_path)
    (gap,) = stored(spool)
    assert (gap["name"], gap["fields"]["reason"], gap["sequence"]) == ("gap", "damaged", 1)
    assert spool.damaged_files == 1
    assert len(list(tmp_path.glob("spool.db.damaged-*"))) == 1
    spool.append([event(1)])
    assert covered(stored(spool)) == [1, 2]


def test_damage_while_running_does_not_stop_the_collector(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append([event(number, "x" * 100) for number in range(200)])
    old = spool.read(500, PLENTY)
    spool._file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = (tmp_path / "spool.db").stat().st_size
    with (tmp_path / "spool.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    spool._file.execute("PRAGMA shrink_memory")
    spool.append([event(999)])
    assert spool.damaged_files == 1
    assert [some["name"] for some in stored(spool)] == ["gap", "QueueCallerJoin"]
    assert spool.spool_id != old.spool_id
    spool.acknowledge(old.spool_id, old.events[-1].sequence)
    assert spool.events == 2


def test_last_heard_is_kept_over_restarts(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    heartbeat = Event(NOW + 9000, "collector", "heartbeat", {})
    spool.append([event(5), heartbeat])
    spool.acknowledge(spool.spool_id, 2)
    spool.close()
    assert opened(tmp_path).heard_ms == NOW + 5


def test_wait_ends_with_the_first_event(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append([event(1)])
    spool.wait(60.0)


def test_file_needs_no_sqlite_newer_than_3_7_17(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append([event(1)])
    spool.close()
    header = (tmp_path / "spool.db").read_bytes()[:100]
    # File format 2 (WAL, 3.7.0) and schema format 4 (3.3.0).
    assert (header[18], header[19], header[47]) == (2, 2, 4)


Action = tuple[str, int]
ACTIONS = st.one_of(
    st.tuples(st.just("append"), st.integers(1, 8)),
    st.tuples(st.just("read"), st.integers(1, 8)),
    st.tuples(st.just("acknowledge"), st.just(0)),
    st.tuples(st.just("refuse"), st.just(0)),
    st.tuples(st.just("restart"), st.just(0)),
)


@settings(max_examples=20, deadline=None)
@given(st.lists(ACTIONS, max_size=40))
def test_whatever_happens_every_sequence_arrives_or_is_named_by_a_gap(
    tmp_path_factory: pytest.TempPathFactory, actions: list[Action]
) -> None:
    directory = tmp_path_factory.mktemp("spool")
    spool = opened(directory, max_bytes=1500)
    appended, arrived = 0, set[int]()
    batch = spool.read(1, PLENTY)
    for name, number in actions:
        if name == "append":
            spool.append([event(n) for n in range(appended + 1, appended + 1 + number)])
            appended += number
        elif name == "read":
            batch = spool.read(number, PLENTY)
        elif name == "acknowledge" and batch.events:
            arrived.update(covered([json.loads(some.text) for some in batch.events]))
            spool.acknowledge(batch.spool_id, batch.events[-1].sequence)
        elif name == "refuse" and batch.events:
            spool.refuse(batch.spool_id, batch.events[0].sequence)
        elif name == "restart":
            spool.close()
            spool = opened(directory, max_bytes=1500)
    waiting = stored(spool)
    assert spool.events == len(waiting)
    assert arrived.union(covered(waiting)) == set(range(1, appended + 1))
    assert covered(waiting) == sorted(set(covered(waiting)))
    spool.close()


def test_database_error_of_ours_is_not_taken_for_damage(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.close()
    with pytest.raises(sqlite3.ProgrammingError):
        spool.append([event(1)])
    assert spool.damaged_files == 0
