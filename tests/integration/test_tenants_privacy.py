"""A caller is forgotten: in no table and no raw event any more, and nothing else is touched."""

import functools
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from ingest_api.contract.published import decode_batch, encode_batch
from streams.domain.chat_session import KEPT_AFTER_END_MS
from streams.domain.facts import FACT_TYPES, CoverageGap, OutboundCall, QueueCall
from streams.storage.rows import RawBatch
from streams.storage.writer import ClickHouseFactWriter
from tenants.__main__ import main
from tenants.forget import Numbered, numbered_columns
from tenants.forget_report import REMEMBERED_DAYS
from tenants.person import caller_hash
from tests.support.batches import batches_of, fold, latest
from tests.support.captures import events_of, scenario
from tests.support.clickhouse_server import ClickHouseServer, Reader, ask, running_clickhouse
from tests.support.facts import queue_call
from tests.support.stored_facts import Inserts, stored

pytestmark = pytest.mark.integration

KEY = "made-up tenant key"
STORY = "18.26.4/m_two_queues_v2"
MODES = {"masked": "last4", "clear": "full", "rival": "last4"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    readers = {tenant: Reader("made-up", tenant) for tenant in MODES}
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse"), readers) as running:
        writer = ClickHouseFactWriter(running.connect, Inserts())
        for tenant, mode in MODES.items():
            add(running, tenant)
            write_story(writer, tenant, mode)
        writer.close()
        yield running


@pytest.fixture(scope="module")
def client(server: ClickHouseServer) -> Iterator[Client]:
    with closing(server.connect()) as connected:
        yield connected


def add(server: ClickHouseServer, tenant: str) -> None:
    options = ["--time-zone", "UTC", "--language", "en-US", "--ingest-url", "http://127.0.0.1"]
    assert main(["add", tenant, *options], {"CLICKHOUSE_URL": server.url}) == 0


def write_story(writer: ClickHouseFactWriter, tenant: str, mode: str) -> None:
    batches = batches_of(events_of(scenario(STORY).connections, mode=mode), size=100)
    for batch in batches:
        batch.tenant = tenant
    raw = [
        RawBatch(
            tenant,
            batch.site,
            1,
            batch.events[0].sequence,
            batch.events[-1].sequence,
            batch.spool,
            batch.received_at,
            encode_batch(batch),
        )
        for batch in batches
    ]
    # Twice: versions that were replaced are rows, too.
    writer.write(list(latest(fold(batches)).values()), raw)
    writer.write(list(latest(fold(batches)).values()), raw)


class Types:
    """Types `forget`, with the tenant's key in a file."""

    def __init__(
        self, server: ClickHouseServer, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._environment = {"CLICKHOUSE_URL": server.url}
        self._keys = folder / "keys"
        self._keys.write_text(f"a former key of this tenant\n{KEY}\n")
        self._capsys = capsys

    def __call__(self, tenant: str, *words: str, key: bool = True) -> Any:
        keys = ["--key-file", str(self._keys)] if key else []
        self._capsys.readouterr()
        code = main(["forget", "--tenant", tenant, *words, *keys, "--json"], self._environment)
        captured = self._capsys.readouterr()
        assert code == 0, captured.err
        return json.loads(captured.out)


@pytest.fixture
def forget(server: ClickHouseServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Types:
    return Types(server, tmp_path, capsys)


def everything(client: Client, tenant: str) -> str:
    """All rows of a tenant as text, replaced versions included; each once, as merges go on."""
    tables = client.query(
        "SELECT name FROM system.tables WHERE database = 'callcentre' AND engine LIKE '%MergeTree'"
        " AND name IN (SELECT table FROM system.columns WHERE name = 'tenant_id')"
    ).result_rows
    rows = {
        row
        for (table,) in tables
        for row in client.raw_query(
            f"SELECT * FROM callcentre.{table} WHERE tenant_id = '{tenant}' FORMAT JSONEachRow"
        )
        .decode()
        .splitlines()
    }
    return "\n".join(sorted(rows))


@functools.cache
def a_caller() -> tuple[str, str]:
    """The number, in clear, and the hash of whoever called most in the story."""
    facts = latest(fold(batches_of(events_of(scenario(STORY).connections, mode="full")))).values()
    callers = [(f.caller, f.caller_hash) for f in facts if isinstance(f, QueueCall)]
    return max(callers, key=callers.count)


def test_two_tenants_with_the_same_ids_have_the_same_rows_each_its_own(
    server: ClickHouseServer,
) -> None:
    # The same recording at sites of the same name: queues, agents, channels and calls are equal.
    for fact_type in FACT_TYPES:
        columns = [name for name in fact_type.__struct_fields__ if name != "tenant_id"]
        statement = (
            f"SELECT {', '.join(columns)} FROM callcentre.v_{fact_type.TABLE}"
            f" ORDER BY {', '.join(fact_type.KEY[1:])} FORMAT JSONEachRow"
        )
        seen = [ask(server.url_of(tenant, "made-up"), statement) for tenant in ("masked", "rival")]
        assert seen[0] == seen[1]
        assert seen[0][0] == 200
        assert seen[0][1] or fact_type in (OutboundCall, CoverageGap)
    whose = "SELECT DISTINCT tenant_id FROM callcentre.v_queue_calls"
    assert ask(server.url_of("masked", "made-up"), whose) == (200, "masked\n")


def test_by_default_nothing_is_removed(client: Client, forget: Types) -> None:
    before = everything(client, "masked")
    _, hash_ = a_caller()
    told = forget("masked", "--caller-hash", hash_, key=False)
    assert told["removed"] is False
    assert told["found"]["queue_calls.caller"] > 0
    assert told["found"]["event_batches"] > 0
    assert everything(client, "masked") == before


def test_a_caller_known_by_number_goes_from_rows_and_events(client: Client, forget: Types) -> None:
    number, hash_ = a_caller()
    rival = everything(client, "rival")
    masked = everything(client, "masked")
    calls = {call.call_id: call for call in of_calls(client, "clear")}
    assert number in everything(client, "clear")
    told = forget("clear", "--caller", number, "--yes")
    assert told["removed"] is True
    left = everything(client, "clear")
    assert number not in left
    assert hash_ not in left
    assert (everything(client, "rival"), everything(client, "masked")) == (rival, masked)
    for call in of_calls(client, "clear"):
        before = calls[call.call_id]
        is_theirs = before.caller_hash == hash_
        assert call.caller == ("" if is_theirs else before.caller)
        assert (call.outcome, call.wait_ms) == (before.outcome, before.wait_ms)
    again = forget("clear", "--caller", number, "--yes")
    assert set(again["found"].values()) == {0}


def of_calls(client: Client, tenant: str) -> list[QueueCall]:
    calls = [call for call in stored(client, QueueCall) if isinstance(call, QueueCall)]
    return [call for call in calls if call.tenant_id == tenant]


def test_a_masked_number_is_found_by_the_hash_under_the_key(client: Client, forget: Types) -> None:
    number, hash_ = a_caller()
    shown = f"…{number[-4:]}"
    without_key = forget("masked", "--caller", number, key=False)
    assert set(without_key["found"].values()) == {0}
    assert "no key was given" in without_key["notes"][0]
    assert hash_ in everything(client, "masked")
    forget("masked", "--caller", number, "--yes")
    left = everything(client, "masked")
    assert hash_ not in left
    payloads = client.query(
        "SELECT payload FROM callcentre.event_batches WHERE tenant_id = 'masked'"
    ).result_rows
    for (payload,) in payloads:
        for event in decode_batch(payload.encode()).events:
            assert event.fields.get("CallerIDNum") != shown or event.fields.get("CallerHash")


def test_no_trace_is_left_in_what_the_server_notes_of_it(client: Client, forget: Types) -> None:
    number, hash_ = a_caller()
    forget("rival", "--caller-hash", hash_, "--yes")
    commands = client.query("SELECT command FROM system.mutations").result_rows
    assert commands
    assert not any(hash_ in command or number in command for (command,) in commands)


def test_what_goes_by_itself_is_told_with_its_time(
    server: ClickHouseServer, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["forget", "--tenant", "masked", "--caller-hash", "0" * 16]
    assert main(words, {"CLICKHOUSE_URL": server.url}) == 0
    told = capsys.readouterr().out
    for place in ("site_snapshots", "pbx.events.v1", "dead letters", "state records", "backups"):
        assert place in told
    assert "nothing was removed: give --yes" in told


def test_chats_are_forgotten_their_sessions_are_told_and_when_to_come_again(
    server: ClickHouseServer, client: Client, forget: Types
) -> None:
    number, shown, hash_ = "+5511900000009", "…0009", caller_hash("+5511900000009", KEY)
    ((now,),) = client.query("SELECT toUnixTimestamp(now()) * 1000").result_rows
    day = 24 * 60 * 60 * 1000
    add(server, "chatty")
    writer = ClickHouseFactWriter(server.connect, Inserts())
    chats = (
        ("old", now - 20 * day, shown, hash_),
        ("new", now - 2 * day, shown, hash_),
        ("others", now - 2 * day, "…0001", "0123456789abcdef"),
    )
    writer.write([chat_call(*chat) for chat in chats], [])
    writer.close()

    told = forget("chatty", "--caller", number, "--yes")
    assert told["found"]["queue_calls.caller"] == 2
    sessions = [{"site": "whatsapp-01", "session_id": session} for session in ("new", "old")]
    assert told["chat_sessions"] == sessions
    assert told["notes"] == [
        (
            "1 chats are not over, or were less than 7 days ago: what changes of them is written"
            " with the number; run it again 7 days after their end"
        )
    ]
    assert "chat session" in told["stays"][0]["what"]
    calls = {call.uniqueid: call for call in of_calls(client, "chatty")}
    assert [(calls[name].caller, calls[name].caller_hash) for name in ("old", "new")] == [
        ("", "")
    ] * 2
    assert calls["others"].caller == "…0001"
    again = forget("chatty", "--caller", number, "--yes")
    assert (again["chat_sessions"], again["notes"]) == ([], [])


def chat_call(session: str, ended_at: int, caller: str, hash_: str) -> QueueCall:
    """The row of a chat."""
    return queue_call(
        tenant_id="chatty",
        site="whatsapp-01",
        channel="whatsapp",
        call_id=f"{session}/1",
        uniqueid=session,
        contact_id=session,
        entered_at=ended_at - 65_000,
        answered_at=ended_at - 60_000,
        ended_at=ended_at,
        caller=caller,
        caller_hash=hash_,
    )


def test_a_chat_is_remembered_as_long_as_is_said() -> None:
    assert KEPT_AFTER_END_MS == REMEMBERED_DAYS * 24 * 60 * 60 * 1000


def test_every_number_of_the_schema_is_among_the_columns(client: Client) -> None:
    found = numbered_columns(client)
    assert Numbered(QueueCall.TABLE, "caller") in found
    assert Numbered(OutboundCall.TABLE, "callee") in found


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--caller", "12"], "a number of 8 digits or more"),
        (["--caller-hash", "xyz"], "16 hex digits"),
        (["--caller", "+5511900000001", "--key-file", "/nowhere"], "cannot be read"),
    ],
)
def test_what_is_wrong_is_told(
    server: ClickHouseServer, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(["forget", "--tenant", "masked", *words], {"CLICKHOUSE_URL": server.url}) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "5511900000001" not in error


def test_a_new_key_is_shown_and_what_it_means(
    server: ClickHouseServer, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = []
    for _ in range(2):
        assert main(["key", "rotate", "masked", "--json"], {"CLICKHOUSE_URL": server.url}) == 0
        told = json.loads(capsys.readouterr().out)
        keys.append(told["secrets"]["privacy_key"])
        assert "not linked" in told["notes"][1]
    assert keys[0] != keys[1]
