"""What holds for every board: so that a number on the screen is never without its meaning."""

import re
from collections import Counter
from typing import Any

import pytest

from grafana.fields import NOTHING
from grafana.files import FOLDER, files, generated, operator_files, stale
from grafana.language import Language
from grafana.sdk import SCHEMA_VERSIONS, decoded, encoded, plain
from grafana.theme import ALL_THRESHOLDS, Colour, Unit
from streams.storage.schema_files import read_schema, view_names
from tests.support.board_queries import ALL, Range, UnknownNameError, expanded
from tests.support.boards import (
    CLICKHOUSE_UID,
    SHARED_UID,
    BoardFile,
    board_files,
    panel_of,
    panels,
    statements,
)

FILES = board_files()
CUSTOMER_FILES = [file for file in FILES if file.path.parent.name != "operator"]
SOURCES = {CLICKHOUSE_UID, SHARED_UID, "prometheus"}
GRID = 24
SCREEN = 25
"""Units of height that fit on 1080 lines beside the bar of the page."""

HISTORY_REFRESH = {"30s", "1m", "5m"}
LIVE = {"cc-now": "2s"}

every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


def test_the_committed_files_are_what_the_code_makes() -> None:
    assert stale() == [], "run python -m grafana"


def test_every_language_has_the_same_pages_with_the_same_identity() -> None:
    by_language = {
        language: [
            (f.board["uid"], [p["id"] for p in f.board["panels"]])
            for f in FILES
            if f.language is language
        ]
        for language in Language
    }
    assert by_language[Language.PORTUGUESE] == by_language[Language.ENGLISH]


def test_each_statement_is_the_same_in_every_language_but_for_its_words() -> None:
    def without_words(text: str) -> str:
        return re.sub(r"'(?:[^'\\]|\\.)*'", "''", text)

    portuguese = [f for f in FILES if f.language is Language.PORTUGUESE]
    english = [f for f in FILES if f.language is Language.ENGLISH]
    for one, other in zip(portuguese, english, strict=True):
        mine = [without_words(sql) for sql in statements(one.board).values()]
        assert mine == [without_words(sql) for sql in statements(other.board).values()]


def test_every_file_is_found_by_those_who_hand_the_boards_out() -> None:
    found = {path for language in Language for path in files(language) + operator_files(language)}
    assert found == {file.path for file in FILES} == {FOLDER / file.place for file in generated()}


@every_file
def test_a_board_survives_the_way_through_the_sdk(file: BoardFile) -> None:
    # A key that is lost on it is one that Grafana does not know.
    assert encoded(decoded(file.board)) == file.board


@every_file
def test_a_board_is_classic_and_belongs_to_no_one_zone(file: BoardFile) -> None:
    board = file.board
    assert board["schemaVersion"] in SCHEMA_VERSIONS
    assert board["timezone"] == ""
    assert board["editable"] is False
    assert board["title"]
    assert board["description"]
    assert "id" not in board
    assert re.fullmatch(r"cc-[a-z]+", board["uid"])
    assert file.path.stem == board["uid"]
    assert board["time"]["to"] == "now"


@every_file
def test_a_board_is_asked_no_more_often_than_it_may(file: BoardFile) -> None:
    uid = file.board["uid"]
    assert file.board["refresh"] == LIVE.get(uid) or (
        uid not in LIVE and file.board["refresh"] in HISTORY_REFRESH
    )
    assert file.board["refresh"] in file.board["timepicker"]["refresh_intervals"]


@every_file
def test_panels_have_stable_numbers_and_places_that_do_not_overlap(file: BoardFile) -> None:
    numbers = Counter(panel["id"] for panel in file.board["panels"])
    assert min(numbers) > 0
    assert max(numbers.values()) == 1
    taken: set[tuple[int, int]] = set()
    for panel in file.board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= GRID
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_the_wallboard_fits_on_one_screen_and_asks_little() -> None:
    for file in FILES:
        if file.board["uid"] in LIVE:
            heights = [p["gridPos"]["y"] + p["gridPos"]["h"] for p in file.board["panels"]]
            assert max(heights) <= SCREEN
            sent = [name for name in statements(file.board) if not name.startswith("variable")]
            assert len(sent) <= 12


@every_file
def test_every_panel_says_what_it_shows_and_what_nothing_means(file: BoardFile) -> None:
    for panel in panels(file.board):
        defaults = panel["fieldConfig"]["defaults"]
        assert panel["title"].strip()
        assert len(panel["description"]) > 40, panel["title"]
        assert defaults["noValue"].strip(), panel["title"]
        assert defaults["unit"] in set(Unit), panel["title"]
        if panel["type"] in ("stat", "bargauge"):
            assert panel["options"]["reduceOptions"]["calcs"] == ["lastNotNull"]


@every_file
def test_nothing_is_neither_good_nor_bad_and_an_empty_cell_is_no_empty_table(
    file: BoardFile,
) -> None:
    # What Grafana makes of a value that is not there: the colour of the lowest step, and the
    # panel's own words for having no row.
    for panel in panels(file.board):
        defaults = panel["fieldConfig"]["defaults"]
        if panel["type"] == "stat":
            assert nothing_of(defaults) == (defaults["noValue"], Colour.GREY), panel["title"]
        if panel["type"] != "table":
            continue
        for override in panel["fieldConfig"]["overrides"]:
            column = {prop["id"]: prop["value"] for prop in override["properties"]}
            if "custom.hidden" in column:
                continue
            assert column["noValue"] == NOTHING, override
            if "thresholds" in column and not is_of_words(column):
                assert nothing_of(column) == (NOTHING, Colour.NONE), override


@every_file
def test_units_of_columns_are_from_the_table(file: BoardFile) -> None:
    for panel in panels(file.board):
        for override in panel["fieldConfig"]["overrides"]:
            for prop in override["properties"]:
                assert prop["id"] != "unit" or prop["value"] in set(Unit), override


@every_file
def test_every_column_of_a_table_is_named_for_people_or_hidden(file: BoardFile) -> None:
    for panel in panels(file.board):
        if panel["type"] != "table":
            continue
        wide = 0
        for override in panel["fieldConfig"]["overrides"]:
            ids = {prop["id"]: prop["value"] for prop in override["properties"]}
            assert ids.get("custom.hidden") or ids["displayName"].strip()
            wide += "custom.width" not in ids and "custom.hidden" not in ids
        assert wide <= 2, f"{panel['title']}: columns without a width move when rows change"


@every_file
def test_colours_are_of_the_palette_and_limits_of_the_table(file: BoardFile) -> None:
    known = [plain(thresholds.model()) for thresholds in ALL_THRESHOLDS]
    for found in everything(file.board, "thresholds"):
        assert found in known
    for key in ("color", "fixedColor", "iconColor"):
        for colour in everything(file.board, key):
            assert not isinstance(colour, str) or colour in set(Colour), colour


@every_file
def test_data_sources_are_named_by_their_uid_on_panels_and_targets(file: BoardFile) -> None:
    for panel in panels(file.board):
        assert panel["datasource"]["uid"] in SOURCES
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"]
            assert target["refId"]
            if "panelId" in target:
                sharing = panel_of(file.board, target["panelId"])
                assert sharing["datasource"]["uid"] == CLICKHOUSE_UID


@pytest.mark.parametrize("file", CUSTOMER_FILES, ids=lambda file: file.name)
def test_a_customers_page_asks_clickhouse_alone(file: BoardFile) -> None:
    # Prometheus tells of all customers, and its data source is the operator's alone.
    assert {panel["datasource"]["uid"] for panel in panels(file.board)} <= {
        CLICKHOUSE_UID,
        SHARED_UID,
    }


@every_file
def test_statements_read_views_and_form_no_ratio(file: BoardFile) -> None:
    views = {*view_names(read_schema())}
    for where, sql in statements(file.board).items():
        bare = re.sub(r"'(?:[^'\\]|\\.)*'", "''", sql)
        read = set(re.findall(r"callcentre\.(\w+)", bare))
        assert read <= views, where
        assert all(name.startswith("v_") for name in read), where
        assert "/" not in bare, f"{where} divides: ratios are kpi_ functions over sums"
        assert not re.search(r"\bavg(If)?\s*\(", bare), f"{where}: a mean of what?"
        assert not re.search(r"SELECT\s+\*", bare), where
        assert "America" not in sql, f"{where} knows a zone"
        assert "timeFilter" not in bare, f"{where}: the macro takes both ends of a range in"
        assert "tenant_id =" not in re.sub(r"\w+\.tenant_id = \w+\.tenant_id", "", bare), where


@every_file
def test_statements_name_no_macro_and_no_variable_that_is_not_there(file: BoardFile) -> None:
    values: dict[str, str | list[str]] = {
        variable["name"]: [ALL] if variable["multi"] else "chosen"
        for variable in file.board["templating"]["list"]
    }
    for where, sql in statements(file.board).items():
        sent = expanded(sql, values, Range(0, 3600))
        assert "$" not in sent, where
        assert "1=1" in sent or "conditionalAll" not in sql, where
    with pytest.raises(UnknownNameError):
        expanded("SELECT ${nothing_of_this_name}", values, Range(0, 1))


@every_file
def test_titles_name_no_variable_that_is_not_there(file: BoardFile) -> None:
    names = {variable["name"] for variable in file.board["templating"]["list"]}
    for panel in file.board["panels"]:
        assert set(re.findall(r"\$\{?(\w+)", panel["title"])) <= names


def test_links_lead_to_pages_and_variables_that_are_there() -> None:
    for file in FILES:
        boards = {
            f.board["uid"]: {v["name"] for v in f.board["templating"]["list"]}
            for f in FILES
            if f.language is file.language
            and (f.path.parent == FOLDER / f.language or f.path.parent == file.path.parent)
        }
        mine = {variable["name"] for variable in file.board["templating"]["list"]}
        for url in everything(file.board, "url"):
            uid, _, query = url.removeprefix("/d/").partition("?")
            assert uid in boards, url
            assert "${__url_time_range}" in query
            assert set(re.findall(r"var-(\w+)=", query)) <= boards[uid], url
            assert set(re.findall(r"\$\{(\w+):queryparam\}", query)) <= mine & boards[uid], url


@every_file
def test_all_pages_are_listed_with_time_and_choices_kept(file: BoardFile) -> None:
    (link,) = file.board["links"]
    assert link["asDropdown"]
    assert link["includeVars"]
    assert link["keepTime"]
    # Beside the variables, not in a menu.
    assert "inControlsMenu" not in everything(file.board, "placement")
    assert link["tags"] == file.board["tags"]


@pytest.mark.parametrize("file", CUSTOMER_FILES, ids=lambda file: file.name)
def test_a_customers_page_tells_how_old_its_data_is_and_what_was_not_seen(file: BoardFile) -> None:
    assert any("v_coverage_gaps" in sql for sql in statements(file.board).values())
    assert any("v_site_status" in sql for sql in statements(file.board).values())
    assert any(
        "v_coverage_gaps" in a["target"]["rawSql"] for a in file.board["annotations"]["list"]
    )


def test_portuguese_pages_are_not_in_english() -> None:
    english = {"Queue", "Answered", "Abandoned", "Wait", "Agents", "Waiting", "Calls", "Reason"}
    for file in FILES:
        if file.language is Language.PORTUGUESE:
            shown = " ".join(map(str, everything(file.board, "title")))
            shown += " ".join(
                str(prop["value"])
                for properties in everything(file.board, "properties")
                for prop in properties
                if prop["id"] == "displayName"
            )
            assert not english & set(re.findall(r"\w+", shown)), file.name


def is_of_words(column: dict[str, Any]) -> bool:
    return any(mapping["type"] == "value" for mapping in column.get("mappings", ()))


def nothing_of(config: dict[str, Any]) -> tuple[str, str]:
    """The text and colour of a value that is not there."""
    (special,) = (each["options"] for each in config["mappings"] if each["type"] == "special")
    assert special["match"] == "null+nan"
    return special["result"]["text"], special["result"]["color"]


def everything(values: Any, key: str) -> list[Any]:
    """Every value that stands under this key, wherever it is; overrides name theirs by `id`."""
    found = []
    if isinstance(values, dict):
        if key in values:
            found.append(values[key])
        if values.get("id") == key and "value" in values:
            found.append(values["value"])
        for value in values.values():
            found += everything(value, key)
    elif isinstance(values, list):
        for value in values:
            found += everything(value, key)
    return found
