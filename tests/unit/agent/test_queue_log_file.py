import os
from pathlib import Path

from agent.queue_log_file import LogMark, lines_since, mark

START_S = 1_773_147_600


def write(path: Path, first: int, last: int) -> None:
    text = "".join(f"{START_S + s}|{s}.1|support|NONE|ABANDON|1|1|5\n" for s in range(first, last))
    path.write_text(text)


def seconds(log: Path, since: int) -> list[int]:
    end = mark(str(log))
    assert end is not None
    return [int(line.split(b"|")[0]) - START_S for line in lines_since(end, START_S + since)]


def test_lines_of_that_second_and_later_are_found_wherever_they_begin(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    write(log, 0, 1500)
    for since in (0, 1, 97, 748, 1498, 1499):
        assert seconds(log, since) == list(range(since, 1500))


def test_nothing_new_gives_no_line(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    write(log, 0, 50)
    assert seconds(log, 50) == []


def test_log_that_begins_later_is_continued_backwards_in_its_rotation(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    write(tmp_path / "queue_log.1", 0, 100)
    write(log, 100, 120)
    assert seconds(log, 90) == list(range(90, 120))
    assert seconds(log, 110) == list(range(110, 120))


def test_empty_log_after_a_rotation_is_read_from_the_newest_one(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    log.write_text("")
    write(tmp_path / "queue_log-20260309", 0, 10)
    write(tmp_path / "queue_log-20260310", 10, 20)
    os.utime(tmp_path / "queue_log-20260309", (START_S, START_S))
    (tmp_path / "queue_log-20260310.gz").write_bytes(b"\x1f\x8b")
    assert seconds(log, 15) == list(range(15, 20))


def test_what_is_written_after_the_mark_is_not_read(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    write(log, 0, 10)
    end = mark(str(log))
    assert end is not None
    write(log, 0, 20)
    assert len(list(lines_since(end, START_S))) == 10


def test_second_half_of_a_split_record_stays_with_its_first(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    log.write_bytes(b"%d|1.1|s|NONE|ENTERQUEUE||5\r\nx: y|1\n" % START_S)
    end = mark(str(log))
    assert end is not None
    assert len(list(lines_since(end, START_S))) == 2
    assert list(lines_since(end, START_S + 1)) == []


def test_log_that_is_not_there_has_no_mark_and_no_lines(tmp_path: Path) -> None:
    missing = str(tmp_path / "queue_log")
    assert mark(missing) is None
    assert list(lines_since(LogMark(missing, 100), START_S)) == []
