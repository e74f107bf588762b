"""Every statement of every board and of docs/analysts.md, asked as the customer's reader.

That each is answered, with the columns the panel names; and, for the numbers managers look at, that
the answer is right. Truth is known (tests/support/board_rows.py); another customer's rows lie in
the same tables.
"""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grafana.language import Language
from streams.storage.connection import connect
from streams.storage.schema_files import read_schema, view_names
from tests.support import chat
from tests.support.board_queries import Range, expanded
from tests.support.board_rows import (
    ESCAPES,
    FOLLOWED_UP,
    HARD_NAMES,
    PASSWORD,
    SHIFT,
    Filled,
    filled_clickhouse,
    write,
)
from tests.support.boards import (
    Answer,
    BoardFile,
    answer_to,
    board_files,
    drawn,
    every_choice_made,
    initial_values,
    names_told,
    panel_of,
    panels,
    shown_fields,
    source_of,
    statements,
)
from tests.support.captures import scenario
from tests.support.chat import Told, message_event, session_event
from tests.support.clickhouse_server import ask
from tests.support.facts import queue_call
from tests.support.stories import ms

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

# The statements are the same in every language but for words; tests/unit/grafana holds them to it.
FILES = [
    file
    for file in board_files()
    if file.language is Language.PORTUGUESE and file.path.parent.name != "operator"
]
BOARDS = {file.board["uid"]: file.board for file in FILES}

ANSWERED_BY_ANA = sum(
    call.get("agent") == "Ana Souza" for call in scenario(SHIFT).expected["calls"]
)

GUIDE = (Path(__file__).parents[2] / "docs" / "analysts.md").read_text(encoding="utf-8")
GUIDED = re.findall(r"```sql\n(.*?)```", GUIDE, re.DOTALL)

every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with filled_clickhouse(tmp_path_factory.mktemp("clickhouse")) as running:
        yield running


class Page:
    """One page, opened by the customer. Panels that share a statement share its answer."""

    def __init__(self, filled: Filled, uid: str, within: Range) -> None:
        self.board = BOARDS[uid]
        self.within = within
        self._url = filled.url
        self._answers: dict[str, Answer] = {}
        self.values = initial_values(self.board, filled.url, within)

    def answer(self, number: int, **chosen: str | list[str]) -> Answer:
        """What the panel with this number draws."""
        return drawn(panel_of(self.board, number), self._asked(number, chosen))

    def cards(self, number: int, **chosen: str | list[str]) -> dict[str, Any]:
        """The same of a panel of large numbers: their values by name."""
        answer = self._asked(number, chosen)
        shown = shown_fields(panel_of(self.board, number), answer)
        return {row["name"]: row["value"] for row in answer.rows if row["name"] in shown}

    def _asked(self, number: int, chosen: dict[str, str | list[str]]) -> Answer:
        sql = source_of(self.board, panel_of(self.board, number))
        values = {**self.values, **chosen}
        asked = expanded(sql, values, self.within)
        if asked not in self._answers:
            self._answers[asked] = answer_to(self._url, sql, values, self.within)
        return self._answers[asked]


def day(first_ms: int, *, hours: int) -> Range:
    return Range(first_ms // 1000, first_ms // 1000 + hours * 3_600)


def today(filled: Filled) -> Range:
    return Range(filled.now_s - filled.now_s % 3_600 - 12 * 3_600, filled.now_s)


def last_days(filled: Filled, days: int) -> Range:
    return Range(filled.now_s - days * 86_400, filled.now_s)


@every_file
def test_every_statement_is_answered_whatever_is_chosen(filled: Filled, file: BoardFile) -> None:
    within = last_days(filled, 7)
    values = initial_values(file.board, filled.url, within)
    assert values["tz"] == filled.zone
    for where, sql in statements(file.board).items():
        # With everything chosen the panels' own test asks them.
        assert answer_to(filled.url, sql, every_choice_made(values), within).columns, where
        if not where.startswith("panel"):
            assert answer_to(filled.url, sql, values, within).columns, where


@every_file
def test_what_a_panel_names_is_in_its_answer_and_all_of_it_is_named(
    filled: Filled, file: BoardFile
) -> None:
    within = last_days(filled, 7)
    values = initial_values(file.board, filled.url, within)
    # Panels that share a statement share its answer, as on the screen.
    answers = {
        sql: answer_to(filled.url, sql, values, within)
        for sql in {source_of(file.board, panel) for panel in panels(file.board)}
    }
    for panel in panels(file.board):
        answer = answers[source_of(file.board, panel)]
        fields = shown_fields(panel, answer)
        told = names_told(panel)
        assert told <= set(fields), (panel["title"], told - set(fields))
        if panel["type"] == "table":
            assert set(fields) <= told, (panel["title"], set(fields) - told)
        if panel["type"] in ("timeseries", "state-timeline"):
            assert answer.columns["time"].startswith("DateTime"), panel["title"]
            moments = [row["time"] for row in answer.rows]
            assert moments == sorted(moments), panel["title"]
        assert drawn(panel, answer).rows, panel["title"]


def test_now_is_what_the_story_left(filled: Filled) -> None:
    page = Page(filled, "cc-now", today(filled))
    assert page.cards(1, queue=["vendas"]) == {"waiting": 2}
    longest = page.cards(2, queue=["vendas"])["longest_wait"]
    assert 100 <= longest < 600
    assert page.cards(8, queue=["vendas"]) == {
        "available": 1,
        "talking": 1,
        "busy": 0,
        "paused": 1,
        "unreachable": 0,
        "logged_out": 0,
    }
    assert page.cards(9, queue=["vendas"]) == {"over_limit": 1}
    # The site that was silent for longest is the recorded one.
    assert 600 - 45 <= page.cards(7)["data_age"] < 1_200
    assert page.cards(11) == {"unseen": 90}


def test_the_longest_wait_is_coloured_by_the_limit_of_its_queue(filled: Filled) -> None:
    page = Page(filled, "cc-now", today(filled))
    rows = {row["name"]: row for row in page.answer(2, queue=["vendas"]).rows}
    assert (rows["longest_wait"]["low"], rows["longest_wait"]["high"]) == (0, 40)
    assert rows["waiting"]["colour"] == "red"  # longer than the 90 s of the queue
    assert rows["available"]["colour"] == "green"


def test_today_of_the_recorded_shift_is_what_asterisk_logged(filled: Filled) -> None:
    page = Page(filled, "cc-now", today(filled))
    queues = {row["queue"]: row for row in page.answer(12).rows}
    shown = {
        name: (row["display_name"], row["offered"], row["answered"], row["abandoned"])
        for name, row in queues.items()
        if name in ("support", "sales", "billing")
    }
    assert shown == {
        "support": ("Suporte", 66, 40, 21),
        "sales": ("sales", 28, 25, 3),
        "billing": ("billing", 22, 14, 8),
    }
    # T = 5 s. Asterisk's whole seconds may put one call on the other side of it.
    assert abs(queues["support"]["service_level"] * 61 - 31) <= 1.001
    assert abs(queues["billing"]["service_level"] * 22 - 12) <= 1.001
    assert queues["support"]["criterion"] == "90/5 · atendidas e abandonadas"
    assert queues["billing"]["criterion"] == "80/5 · sobre oferecidas"
    assert abs(queues["support"]["mean_wait_s"] * 40 - 134) <= 40
    assert queues["vendas"]["need"] == "now"
    assert (queues["vendas"]["waiting"], queues["vendas"]["available"]) == (2, 1)
    assert page.answer(12).rows[0]["queue"] == "vendas"


def test_numbers_of_several_queues_add_up_by_their_parts(filled: Filled) -> None:
    page = Page(filled, "cc-now", today(filled))
    two = {"queue": ["support", "billing"]}
    level = page.cards(3, **two)["service_level"]
    # 61 calls count in support, 22 in billing; met as above.
    assert abs(level * 83 - 43) <= 2.001
    scale = {row["name"]: row for row in page.answer(3, **two).rows}["service_level"]
    # The target of both: (0.9 * 61 + 0.8 * 22) / 83.
    assert scale["high"] == pytest.approx(0.8735, abs=1e-4)
    assert scale["low"] == pytest.approx(0.7735, abs=1e-4)
    assert page.cards(4, **two) == {"abandoned": 29}
    assert page.cards(5, **two)["abandonment_rate"] == pytest.approx(29 / 88)


def test_where_nothing_was_counted_there_is_no_value(filled: Filled) -> None:
    page = Page(filled, "cc-now", today(filled))
    none = {"queue": ["no such queue"]}
    assert page.cards(1, **none) == {"waiting": 0}
    assert page.cards(3, **none) == {"service_level": None}
    assert page.cards(5, **none) == {"abandonment_rate": None}
    assert page.cards(6, **none) == {"mean_wait_answered": None, "mean_wait_all": None}
    assert page.answer(12, **none).rows == []


def test_callers_are_listed_by_their_wait_and_masked(filled: Filled) -> None:
    rows = Page(filled, "cc-now", today(filled)).answer(13).rows
    assert [(row["place"], row["display_name"]) for row in rows] == [(1, "Vendas"), (2, "Vendas")]
    first, second = rows
    assert first["wait_s"] - second["wait_s"] in (89, 90, 91)
    assert first["need"] == "now"  # longer than the 90 s of the queue
    assert second["need"] == (
        "now" if second["wait_s"] > 90 else "soon" if second["wait_s"] > 20 else "fine"
    )


def test_agents_are_listed_by_need_with_what_they_did_today(filled: Filled) -> None:
    page = Page(filled, "cc-now", today(filled))
    rows = page.answer(14).rows
    assert (rows[0]["state"], rows[0]["person"], rows[0]["pause_reason"]) == (
        "paused_over_limit",
        "Bia",
        "Almoço",
    )
    people = {row["person"]: row for row in rows}
    assert people["Ana Lima"]["team"] == "Comercial"
    assert people["Caio"]["state"] == "talking"
    assert people["Caio"]["display_name"] == "Vendas"
    # By the log of the recorded shift.
    assert people["Ana Souza"]["calls_today"] == ANSWERED_BY_ANA
    (over,) = page.answer(15).rows
    assert (over["person"], over["pause_limit_s"]) == ("Bia", 900)
    assert 1_000 <= over["lasts_s"] < 1_600
    by_team = page.answer(14, team=["Comercial"]).rows
    assert [row["person"] for row in by_team] == ["Ana Lima"]


def test_today_has_every_half_hour_and_no_level_where_nothing_came(filled: Filled) -> None:
    page = Page(filled, "cc-now", today(filled))
    rows = page.answer(16, queue=["support"]).rows
    minutes = (filled.now_s - today(filled).start_s) // 60
    assert abs(len(rows) - (minutes // 30 + 1)) <= 1
    assert sum(row["answered"] for row in rows) == 40
    assert sum(row["abandoned"] for row in rows) == 21
    assert sum(row["flowed_out"] for row in rows) == 5
    empty = [row for row in rows if not row["answered"] and not row["abandoned"]]
    assert len(empty) >= len(rows) - 2
    assert {row["service_level"] for row in empty} == {None}


def test_the_other_customers_rows_are_in_no_answer(filled: Filled) -> None:
    admin = filled.server.connect()
    others = admin.query(
        "SELECT count() FROM callcentre.v_queue_calls WHERE tenant_id = 'outra'"
    ).result_rows[0][0]
    admin.close()
    assert others == 11
    rows = Page(filled, "cc-now", today(filled)).answer(12).rows
    assert {row["queue"] for row in rows} == {"support", "sales", "billing", "vendas", "chat"}


# --- Filas ---------------------------------------------------------------------------------------


def test_numbers_of_a_period_stand_beside_those_of_the_week_before(filled: Filled) -> None:
    page = Page(filled, "cc-queues", day(ms("2026-03-10T12:00:00+00:00"), hours=3))
    sparse = {"queue": ["sparse"]}
    assert page.cards(1, **sparse) == {"offered": 3, "offered_before": 2}
    assert page.cards(3, **sparse) == {"service_level": 1.0, "service_level_before": 1.0}
    assert page.cards(6, **sparse) == {
        "mean_wait_answered_s": 5.0,
        "mean_wait_answered_s_before": 5.0,
    }
    # Of queue_call: 50 s of talk, 10 s of hold, 3 s of wrap-up.
    assert page.cards(7, **sparse) == {"mean_handle_s": 63.0, "mean_handle_s_before": 63.0}
    assert page.cards(8, **sparse)["mean_handle_without_wrap_up_s"] == 60.0


def test_buckets_are_complete_and_empty_ones_have_no_level(filled: Filled) -> None:
    page = Page(filled, "cc-queues", day(ms("2026-03-10T12:00:00+00:00"), hours=3))
    chosen: dict[str, str | list[str]] = {"queue": ["sparse"], "granularity": "15 MINUTE"}
    counts = [row["answered"] for row in page.answer(20, **chosen).rows]
    assert counts == [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]
    before = [row["offered_before"] for row in page.answer(20, **chosen).rows]
    assert before == [2, *[0] * 11]
    levels = [row["service_level"] for row in page.answer(21, **chosen).rows]
    assert levels == [1, None, None, None, None, 1, None, None, None, None, None, 1]
    waits = [(row["p50_s"], row["p95_s"]) for row in page.answer(22, **chosen).rows]
    assert waits == [(5, 5) if level else (None, None) for level in levels]


def test_days_begin_where_the_customer_is(filled: Filled) -> None:
    page = Page(filled, "cc-queues", day(ms("2026-03-10T03:00:00+00:00"), hours=48))
    chosen: dict[str, str | list[str]] = {"queue": ["midnight"], "granularity": "1 DAY"}
    of = {
        zone: [row["answered"] for row in page.answer(20, tz=zone, **chosen).rows]
        for zone in ("America/Sao_Paulo", "UTC")
    }
    assert of == {"America/Sao_Paulo": [1, 1], "UTC": [0, 2, 0]}


@pytest.mark.parametrize(
    ("first", "hours", "calls"),
    [("2026-11-01T04:00:00+00:00", 25, [0, 1, 1]), ("2026-03-08T05:00:00+00:00", 23, [0, 0, 0])],
)
def test_a_day_of_daylight_saving_has_its_own_number_of_hours(
    filled: Filled, first: str, hours: int, calls: list[int]
) -> None:
    page = Page(filled, "cc-queues", day(ms(first), hours=hours))
    chosen: dict[str, str | list[str]] = {"queue": ["autumn"], "tz": "America/New_York"}
    rows = page.answer(20, granularity="1 HOUR", **chosen).rows
    assert len(rows) == hours
    assert [row["answered"] for row in rows][:3] == calls
    (whole,) = page.answer(20, granularity="1 DAY", **chosen).rows
    assert whole["answered"] == sum(calls)


def test_a_call_at_the_edge_of_two_ranges_is_in_one(filled: Filled) -> None:
    of = []
    for first in ("2026-03-10T13:00:00+00:00", "2026-03-10T14:00:00+00:00"):
        page = Page(filled, "cc-queues", day(ms(first), hours=1))
        of.append(page.cards(1, queue=["edge"])["offered"])
        rows = Page(filled, "cc-agents", day(ms(first), hours=1)).answer(33, queue=["edge"]).rows
        assert len(rows) == of[-1]
    assert of == [0, 1]


def test_a_table_of_queues_ends_with_the_total_of_all(filled: Filled) -> None:
    page = Page(filled, "cc-queues", today(filled))
    rows = page.answer(31, queue=["support", "sales", "billing"]).rows
    assert [
        (row["name"], row["offered"], row["answered"], row["abandoned"], row["flowed_out"])
        for row in rows
    ] == [
        ("Suporte", 66, 40, 21, 5),
        ("sales", 28, 25, 3, 0),
        ("billing", 22, 14, 8, 0),
        ("Total", 116, 79, 32, 5),
    ]
    total = rows[-1]
    assert total["abandonment_rate"] == pytest.approx(32 / 116)
    cards = page.cards(3, queue=["support", "sales", "billing"])
    assert total["service_level"] == pytest.approx(cards["service_level"])
    ways = {row["queue"]: row for row in page.answer(33).rows}
    assert ways["support"]["timed_out"] == 5


def test_abandoned_calls_are_counted_by_how_long_they_waited(filled: Filled) -> None:
    page = Page(filled, "cc-queues", last_days(filled, 7))
    rows = page.answer(23, queue=["retorno"]).rows
    assert [(row["bin"], row["calls"]) for row in rows] == [
        ("0 a 5 s", 0),
        ("5 a 10 s", 0),
        ("10 a 20 s", 0),
        ("20 a 30 s", 0),
        ("30 a 60 s", 9),
        ("60 a 120 s", 0),
        ("120 s +", 0),
    ]


def test_hours_of_the_week_are_the_customers(filled: Filled) -> None:
    page = Page(filled, "cc-queues", day(ms("2026-03-10T00:00:00+00:00"), hours=72))
    rows = page.answer(32, queue=["midnight"], tz="America/Sao_Paulo").rows
    assert [row["weekday"] for row in rows] == ["seg", "ter", "qua", "qui", "sex", "sáb", "dom"]
    counted = {
        (row["weekday"], name): value
        for row in rows
        for name, value in row.items()
        if name != "weekday" and value
    }
    assert counted == {("ter", "h23"): 1, ("qua", "h00"): 1}


def test_closed_hours_are_shaded_by_the_clock_on_the_wall(filled: Filled) -> None:
    # Open on Tuesdays from 9 to 12 and from 13 to 18; 10 March 2026 is one.
    within = day(ms("2026-03-10T03:00:00+00:00"), hours=24)
    page = Page(filled, "cc-queues", within)
    sql = statements(page.board)["annotation Fora do expediente"]
    values = {**page.values, "tz": "America/Sao_Paulo"}
    rows = answer_to(filled.url, sql, values, within).rows
    assert [(row["time"], row["timeEnd"]) for row in rows][:4] == [
        ("2026-03-10 00:00:00", "2026-03-10 09:00:00"),
        ("2026-03-10 12:00:00", "2026-03-10 13:00:00"),
        ("2026-03-10 18:00:00", "2026-03-11 00:00:00"),
        ("2026-03-11 00:00:00", "2026-03-12 00:00:00"),
    ]


# --- Agentes -------------------------------------------------------------------------------------


def test_times_of_agents_are_cut_at_the_ends_of_the_range(filled: Filled) -> None:
    # Ten minutes up to a moment at which the story of pbx-02 had long begun.
    page = Page(filled, "cc-agents", Range(filled.now_s - 800, filled.now_s - 200))
    rows = {row["person"]: row for row in page.answer(31, queue=["vendas"]).rows}
    assert rows["Ana Lima"]["logged_in_s"] == 600
    assert rows["Ana Lima"]["available_s"] == 600
    assert rows["Ana Lima"]["occupancy"] == 0
    assert rows["Bia"]["paused_s"] == 600
    assert rows["Bia"]["occupancy"] is None
    timeline = page.answer(20, queue=["vendas"]).rows
    start = min(row["time"] for row in timeline)
    assert {row["label"]: row["state"] for row in timeline if row["time"] == start} == {
        "Ana Lima": "available",
        "Bia": "paused",
        "Caio": "available",
    }
    # Nothing is drawn beyond the end.
    assert {row["state"] for row in timeline if row["time"] == timeline[-1]["time"]} == {None}


def test_a_pause_is_over_its_limit_from_its_own_beginning(filled: Filled) -> None:
    page = Page(filled, "cc-agents", Range(filled.now_s - 500, filled.now_s))
    (pause,) = page.answer(23, queue=["vendas"]).rows
    assert (pause["person"], pause["pauses"], pause["limit_s"]) == ("Bia", 1, 900)
    assert 499 <= pause["paused_s"] <= 500
    assert 999 <= pause["longest_s"] <= 1_001
    assert pause["over_limit"] == 1
    states = {row["state"] for row in page.answer(20, agent=["Bia"]).rows}
    assert states == {"paused_over_limit", None}


def test_agents_answered_what_asterisk_logged(filled: Filled) -> None:
    page = Page(filled, "cc-agents", Range(filled.shift_start_s, filled.now_s))
    rows = {row["person"]: row for row in page.answer(31, agent=["Ana Souza"]).rows}
    assert rows["Ana Souza"]["answered"] == ANSWERED_BY_ANA
    assert 0 < rows["Ana Souza"]["occupancy"] <= 1
    assert page.cards(5, agent=["Ana Souza"]) == {"answered": ANSWERED_BY_ANA}
    bins = page.answer(22, agent=["Ana Souza"]).rows
    assert sum(row["calls"] for row in bins) == ANSWERED_BY_ANA
    assert len(page.answer(33, agent=["Ana Souza"]).rows) == ANSWERED_BY_ANA


# --- Voz + WhatsApp ------------------------------------------------------------------------------


def test_chats_have_their_first_response_beside_the_wait(filled: Filled) -> None:
    page = Page(filled, "cc-channels", today(filled))
    # First responses after 30, 50 and 70 s; one chat was assigned and never answered.
    assert page.cards(3) == {"first_response": 50.0}
    assert page.cards(4) == {"not_responded": 1}
    assert page.cards(5) == {"resolution": 600.0}
    assert page.cards(6)["containment"] == pytest.approx(1 / 6)
    assert page.cards(7) == {"messages_in": 24, "messages_out": 36}
    rows = {row["channel"]: row for row in page.answer(20).rows}
    assert rows["whatsapp"]["offered"] == 6
    assert rows["whatsapp"]["mean_wait_s"] == 40.0  # (10 + 20 + 30 + 100) / 4
    # Of 4 answered and 1 abandoned, 2 within 20 s.
    assert rows["whatsapp"]["service_level"] == 0.4
    assert rows["voice"]["offered"] == 116 + 3
    # Four chats after one another, from their assignment on: 590 + 580 + 570 + 500 s.
    people = {row["person"]: row for row in page.answer(24).rows}
    assert (people["Ana"]["busy_s"], people["Ana"]["concurrency"]) == (2_240, 1.0)
    assert people["Bia"]["voice_state"] == "paused"
    (queue,) = page.answer(25).rows
    assert (queue["name"], queue["first_response_s"], queue["bot_only"]) == ("chat", 50.0, 1)


def test_the_wait_of_chats_is_one_number_on_every_page_and_in_the_export(filled: Filled) -> None:
    """One chat of 600 s at one agent, nine of 60 s at another: 114.0 s, not 330."""
    told = Told()
    for number, (wait_s, agent) in enumerate([(600, "a1"), *[(60, "a2")] * 9]):
        start, session = f"10:{number * 3:02}:00", {"id": f"a28-{number}", "departmentId": "a28"}
        session["startAt"] = start
        taken = chat.clock_after(start, wait_s)
        told.tell(
            session_event("SESSION_NEW", start, **session),
            session_event("SESSION_UPDATE", taken, **session, status="IN_PROGRESS", userId=agent),
            message_event(
                "MESSAGE_SENT", taken, f"m{number}", userId=agent, sessionId=session["id"]
            ),
        )
    write(filled.server, told.facts)
    within = day(chat.ms("10:00:00"), hours=1)
    chosen: dict[str, str | list[str]] = {"queue": ["a28"], "granularity": "1 HOUR"}
    queues, channels = Page(filled, "cc-queues", within), Page(filled, "cc-channels", within)
    assert queues.cards(6, **chosen)["mean_wait_answered_s"] == 114.0
    assert [row["mean_wait_answered_s"] for row in queues.answer(31, **chosen).rows] == [114.0] * 2
    (channel,) = channels.answer(20, **chosen).rows
    (queue,) = channels.answer(25, **chosen).rows
    (hour,) = channels.answer(23, **chosen).rows
    # Each first response is written the moment the chat is taken, so it takes as long as the wait.
    assert channels.cards(3, **chosen) == {"first_response": 114.0}
    assert (channel["mean_wait_s"], queue["mean_wait_s"]) == (114.0, 114.0)
    assert (queue["first_response_s"], hour["first_response_s"]) == (114.0, 114.0)
    for view, wait, calls in (
        ("v_queue_calls", "wait_ms", "1"),
        ("v_chats", "first_response_ms", "1"),
        ("v_queue_windows", "answered_wait_ms", "answered"),
    ):
        export = guided(
            filled,
            f"SELECT {wait} AS wait, {calls} AS calls FROM callcentre.{view}"
            " WHERE queue = 'a28' FORMAT CSVWithNames",
        )
        rows = list(csv.DictReader(export.splitlines()))
        waited_ms = sum(int(row["wait"]) for row in rows)
        assert waited_ms / sum(int(row["calls"]) for row in rows) == 114_000


def test_a_chat_that_began_months_before_the_range_is_counted_in_it(filled: Filled) -> None:
    within = Range(filled.now_s - 2 * 86_400 - 7_200, filled.now_s - 2 * 86_400)
    began_ms = (within.start_s - 80 * 86_400) * 1000
    chat_of_months = queue_call(
        site="helena",
        channel="whatsapp",
        queue="longa",
        call_id="months/1",
        uniqueid="months",
        contact_id="months",
        entered_at=began_ms,
        answered_at=began_ms + 5_000,
        ended_at=(filled.now_s - 86_400) * 1000,
        agent_key="helena/zoe",
        agent_name="Zoe",
    )
    write(filled.server, [chat_of_months])
    (zoe,) = Page(filled, "cc-channels", within).answer(24, agent=["Zoe"]).rows
    assert (zoe["busy_s"], zoe["concurrency"]) == (7_200, 1.0)


# --- Abandonadas ---------------------------------------------------------------------------------


def test_who_gave_up_is_listed_with_what_became_of_them(filled: Filled) -> None:
    page = Page(filled, "cc-abandoned", last_days(filled, 7))
    rows = page.answer(20, queue=["retorno"]).rows
    first_of_each = {row["caller"].removeprefix("…"): row for row in reversed(rows)}
    found = {row["caller"].removeprefix("…"): row["follow_up"] for row in rows}
    assert len(rows) == len(FOLLOWED_UP) + 1
    assert found == FOLLOWED_UP
    assert {row["follow_up"] for row in rows if row["caller"] == "…twice"} == {
        "abandoned_again",
        "to_call_back",
    }
    to_call_back = {"to_call_back", "tried_again", "not_reached"}
    is_open = [row["follow_up"] in to_call_back for row in rows]
    assert is_open == sorted(is_open, reverse=True)
    assert first_of_each["reached"]["reached_by"] == "Ana"
    assert first_of_each["in_vain"]["called_back_by"] == "Ana"
    assert first_of_each["in_vain"]["reached_at"] is None
    assert first_of_each["too_late"]["called_back_at"] is None
    assert page.cards(1, queue=["retorno"]) == {"to_call_back": 5}
    assert page.cards(4, queue=["retorno"]) == {"reached": 1, "served_later": 1}
    only = page.answer(20, queue=["retorno"], follow_up=["reached"]).rows
    assert [row["caller"] for row in only] == ["…reached"]


# --- docs/analysts.md ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", HARD_NAMES)
def test_a_name_with_quotes_and_backslashes_is_chosen_in_lists_and_by_links(
    filled: Filled, name: str
) -> None:
    theirs = filled._replace(url=filled.server.url_of(ESCAPES, PASSWORD))
    page = Page(theirs, "cc-channels", today(filled))

    def options(variable: str) -> dict[str, str]:
        """The values by the texts people see."""
        sql = statements(page.board)[f"variable {variable}"]
        rows = answer_to(theirs.url, sql, page.values, page.within).rows
        by_text = {text: value for value, text in (row.values() for row in rows)}
        assert len(by_text) == len(rows)
        return by_text

    for variable in ("queue", "team", "agent"):
        values = options(variable)
        assert set(values) == set(HARD_NAMES)
        chosen: dict[str, str | list[str]] = {variable: [values[name]]}
        (person,) = page.answer(24, **chosen).rows
        assert (person["person"], person["agent"]) == (name, options("agent")[name])
        every: dict[str, str | list[str]] = {variable: list(values.values())}
        assert len(page.answer(24, **every).rows) == len(HARD_NAMES)
    (queue,) = page.answer(25, queue=[options("queue")[name]]).rows
    assert (queue["name"], queue["queue"]) == (name, options("queue")[name])
    page.values["team"] = [options("team")[name]]
    assert set(options("agent")) == {name}


def guided(filled: Filled, statement: str, form: str = "JSONCompact") -> str:
    status, text = ask(filled.url, statement, database="callcentre", default_format=form)
    assert status == 200, text
    return text


@pytest.mark.parametrize("number", range(len(GUIDED)))
def test_statements_of_the_guide_give_rows(filled: Filled, number: int) -> None:
    assert json.loads(guided(filled, GUIDED[number]))["rows"] > 0


def test_the_guide_names_every_view_a_reader_may_read() -> None:
    views = {name for name in view_names(read_schema()) if name.startswith("v_")}
    told = set(re.findall(r"`(v_\w+)`", GUIDE))
    # What the windows are checked by.
    assert views - told == {"v_queue_windows_recounted", "v_window_differences"}
    assert told <= views


def test_exports_are_csv_or_parquet_by_name(filled: Filled) -> None:
    statement = "SELECT * FROM callcentre.v_queue_calls WHERE entered_at >= now() - INTERVAL 1 DAY"
    lines = guided(filled, f"{statement} AND queue = 'support' FORMAT CSVWithNames").splitlines()
    assert lines[0].startswith('"tenant_id","site","channel","queue","call_id"')
    assert len(lines) == 1 + 66
    client = connect(filled.url)
    table = client.raw_query(f"{statement} AND queue = 'support'", fmt="Parquet")
    client.close()
    assert (table[:4], table[-4:]) == (b"PAR1", b"PAR1")


def test_what_a_reader_reads_tells_what_it_means(filled: Filled) -> None:
    silent = json.loads(
        guided(
            filled,
            "SELECT table, name FROM system.columns WHERE database = 'callcentre'"
            " AND table LIKE 'v\\_%' AND comment = ''",
        )
    )
    assert silent["data"] == []
