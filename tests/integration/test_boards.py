"""Every statement of every board, asked as the customer's reader over rows whose truth is known.

That each is answered, with the columns the panel names; and, for the numbers managers look at, that
the answer is right. The other customer's rows lie in the same tables.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from grafana.language import Language
from tests.support.board_queries import Range, Values
from tests.support.board_rows import FOLLOWED_UP, SHIFT, Filled, filled_clickhouse
from tests.support.boards import (
    Answer,
    BoardFile,
    answer_to,
    board_files,
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

every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with filled_clickhouse(tmp_path_factory.mktemp("clickhouse")) as running:
        yield running


class Page:
    """One page, opened by the customer."""

    def __init__(self, filled: Filled, uid: str, within: Range) -> None:
        self.board = BOARDS[uid]
        self.within = within
        self._url = filled.url
        self.values = initial_values(self.board, filled.url, within)

    def answer(self, number: int, **chosen: str | list[str]) -> Answer:
        """What the panel with this number draws."""
        sql = source_of(self.board, panel_of(self.board, number))
        return answer_to(self._url, sql, {**self.values, **chosen}, self.within)

    def cards(self, number: int, **chosen: str | list[str]) -> dict[str, Any]:
        """The same of a panel of large numbers: their values by name."""
        answer = self.answer(number, **chosen)
        shown = shown_fields(panel_of(self.board, number), answer)
        return {row["name"]: row["value"] for row in answer.rows if row["name"] in shown}


def today(filled: Filled) -> Range:
    return Range(filled.now_s - filled.now_s % 3_600 - 12 * 3_600, filled.now_s)


def last_days(filled: Filled, days: int) -> Range:
    return Range(filled.now_s - days * 86_400, filled.now_s)


@every_file
def test_every_statement_is_answered_whatever_is_chosen(filled: Filled, file: BoardFile) -> None:
    for within in (today(filled), last_days(filled, 7)):
        values = initial_values(file.board, filled.url, within)
        assert values["tz"] == filled.zone
        chosen: Values
        for chosen in (values, every_choice_made(values)):
            for where, sql in statements(file.board).items():
                answer = answer_to(filled.url, sql, chosen, within)
                assert answer.columns, where


@every_file
def test_what_a_panel_names_is_in_its_answer_and_all_of_it_is_named(
    filled: Filled, file: BoardFile
) -> None:
    within = last_days(filled, 7)
    values = initial_values(file.board, filled.url, within)
    for panel in panels(file.board):
        answer = answer_to(filled.url, source_of(file.board, panel), values, within)
        fields = shown_fields(panel, answer)
        told = names_told(panel)
        assert told <= set(fields), (panel["title"], told - set(fields))
        if panel["type"] == "table":
            assert set(fields) <= told, (panel["title"], set(fields) - told)
        if panel["type"] in ("timeseries", "state-timeline"):
            assert answer.columns["time"].startswith("DateTime"), panel["title"]
            moments = [row["time"] for row in answer.rows]
            assert moments == sorted(moments), panel["title"]
        assert answer.rows or panel["fieldConfig"]["defaults"]["noValue"], panel["title"]


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
    assert others == 10
    rows = Page(filled, "cc-now", today(filled)).answer(12).rows
    assert {row["queue"] for row in rows} == {"support", "sales", "billing", "vendas", "chat"}


_ = FOLLOWED_UP
