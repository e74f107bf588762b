"""What the board shows of a reading, at several widths."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.console import Console

from local.wallboard.board import AMBER, GREEN, RED, Board
from local.wallboard.readings import AgentReading, QueueReading, Reading
from local.wallboard.words import LANGUAGES

NOW = datetime(2026, 3, 10, 13, 0, 5, tzinfo=UTC)
BUSY = QueueReading(
    "suporte",
    waiting=2,
    talking=3,
    longest_wait_ms=41_900,
    offered=120,
    answered=100,
    abandoned=12,
    flowed_out=6,
    open=2,
    service_level=0.8345,
    abandonment_rate=0.1,
    mean_wait_answered_s=14.2,
    mean_wait_all_s=22.8,
    mean_handle_s=95.0,
)
QUIET = QueueReading("ouvidoria")
AGENTS = (
    AgentReading("Ana Souza", "pbx-01", "talking", "", "suporte", 65_000),
    AgentReading("Bruno Lima", "pbx-01", "paused", "Almoço", "", 600_000),
    AgentReading("Carla Dias", "pbx-01", "logged_out", "", "", 0),
)
READING = Reading(
    replace(BUSY, queue=""), (QUIET, BUSY), AGENTS, ("pbx-01",), disconnected=(), age_ms=1_000
)


def drawn(
    reading: Reading | None = READING,
    age_s: float | None = 1.0,
    *,
    width: int = 80,
    language: str = "pt-BR",
    trouble: str = "",
    with_colours: bool = False,
) -> str:
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        height=60,
        force_terminal=with_colours,
        color_system="256" if with_colours else None,
    )
    console.print(Board(LANGUAGES[language], reading, age_s, NOW, trouble=trouble))
    return out.getvalue()


def colour_before(text: str, drawing: str) -> str:
    """The number of the 256 colours in which `text` is drawn."""
    return drawing[: drawing.index(text)].rpartition("38;5;")[2].partition("m")[0].split(";")[0]


COLOUR = {GREEN: "40", AMBER: "214", RED: "196"}


def test_the_essentials_at_eighty_columns() -> None:
    board = drawn()

    assert max(map(len, board.splitlines())) <= 80
    for text in ("Esperando", "0:41", "83,5 %", "meta 80%", "10,0 % de 120", "todas 0:22"):
        assert text in board
    row = next(line for line in board.splitlines() if line.startswith(" suporte"))
    assert row.split() == ["suporte", "2", "0:41", "3", "120", "100", "12", "83,5", "%", "0:14"]


def test_nothing_counted_is_a_dash_and_never_a_number() -> None:
    row = next(line for line in drawn().splitlines() if line.startswith(" ouvidoria"))

    assert row.split() == ["ouvidoria", "0", "—", "0", "0", "0", "0", "—", "—"]


def test_the_agents_are_counted_by_state() -> None:
    board = drawn()

    for text in (
        "falando\N{NO-BREAK SPACE}1",
        "pausa\N{NO-BREAK SPACE}1",
        "deslogado\N{NO-BREAK SPACE}1",
    ):
        assert text in board
    assert "██████" not in board  # at most six cells wide, the last one blank
    assert "█████ █████" in board  # the two who are logged in


def test_a_wide_terminal_shows_the_agents_beside_the_queues() -> None:
    board = drawn(width=160, language="en")

    line = next(line for line in board.splitlines() if "Ana Souza" in line)
    assert line.split() == [
        *("ouvidoria", "0", "—", "0", "0", "0", "0", "0", "—", "—", "—", "—"),
        *("Ana", "Souza", "talking", "1:05"),
    ]
    assert "paused (Almoço)  10:00" in board
    assert "AHT" in board


def test_a_small_terminal_still_names_the_queues() -> None:
    board = drawn(width=60)

    assert max(map(len, board.splitlines())) <= 60
    assert " suporte " in board
    assert "Atend." not in board


@pytest.mark.parametrize(
    ("level", "colour"), [(0.8, GREEN), (0.799, AMBER), (0.7, AMBER), (0.699, RED)]
)
def test_the_service_level_s_colour_follows_the_target(level: float, colour: str) -> None:
    reading = replace(READING, total=replace(READING.total, service_level=level), queues=())
    text = f"{level * 100:.1f}".replace(".", ",")

    assert colour_before(text, drawn(reading, with_colours=True)) == COLOUR[colour]


@pytest.mark.parametrize(
    ("age_s", "colour"), [(1, GREEN), (10, GREEN), (11, AMBER), (30, AMBER), (31, RED)]
)
def test_old_data_looks_old(age_s: float, colour: str) -> None:
    drawing = drawn(age_s=age_s, with_colours=True)

    assert colour_before(f"● dados há {age_s} s", drawing) == COLOUR[colour]


def test_troubles_take_the_place_of_the_age() -> None:
    assert "sem conexão com pbx-01" in drawn(replace(READING, disconnected=("pbx-01",)))
    assert "ClickHouse não responde" in drawn(trouble="ClickHouse não responde")
    assert "ainda sem dados" in drawn(None, None)
    assert "ainda sem dados" in drawn(replace(READING, age_ms=None), None)


def test_of_many_queues_the_busiest_are_shown_on_a_low_terminal() -> None:
    queues = tuple(QueueReading(f"fila {number:02}", offered=number) for number in range(30))
    out = io.StringIO()
    console = Console(file=out, width=80, height=24, force_terminal=True, color_system=None)
    console.print(Board(LANGUAGES["pt-BR"], replace(READING, queues=queues), 1.0, NOW))
    board = out.getvalue()

    assert "fila 29" in board
    assert "fila 00" not in board
    assert "… e mais" in board
    assert len(board.splitlines()) <= 24
