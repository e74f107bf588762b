"""A chat session from the webhook to its rows: real ingest, broker, worker and ClickHouse."""

import json
import os
import signal
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError

import pytest
from clickhouse_connect.driver.client import Client

from ingest_api.auth import new_token, token_digest
from ingest_api.contract.chat import decode_chat_event
from ingest_api.contract.topics import CHAT_EVENTS
from ingest_api.token_file import TokenEntry, add_token
from local.broker import running_broker
from local.process import Child
from streams.domain.interval import WINDOW_MS
from streams.storage.windows import window_differences
from streams.topics import create_topics
from tests.integration.stream_workers import PARTITIONS
from tests.integration.test_streams_clickhouse import settings
from tests.support import chat
from tests.support.clickhouse_server import running_clickhouse
from tests.support.ingest_process import RunningIngest, running_ingest
from tests.support.kafka_broker import read_messages

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

WITHIN_S = 90.0
POLL_S = 0.1
KEY = "made-up-key-of-acme-0123456789"


@dataclass
class Way:
    """The parts, and the addresses of one Helena and one Chatwoot account."""

    ingest: RunningIngest
    bootstrap: str
    clickhouse: Client
    secrets: dict[str, str]
    start: Callable[[], Child]
    worker: Child | None = None

    def work(self) -> Child:
        """The worker, started if there is none."""
        if self.worker is None:
            self.worker = self.start()
        return self.worker

    def kill(self) -> None:
        """Kill it at once."""
        os.kill(self.work().pid, signal.SIGKILL)
        self.work().stop()
        self.worker = None

    def post(self, body: Any, connector: str = "helena", secret: str = "") -> int:
        """The status of the answer."""
        address = f"{self.ingest.url}/v1/webhooks/{connector}/{secret or self.secrets[connector]}"
        request = urllib.request.Request(address, json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.clickhouse.query(query).result_rows]

    def wait_for(self, query: str, expected: list[tuple[Any, ...]]) -> None:
        """Until the query gives this."""
        deadline = time.monotonic() + WITHIN_S
        while (found := self.rows(query)) != expected:
            assert time.monotonic() < deadline, found
            time.sleep(POLL_S)


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    directory = tmp_path_factory.mktemp("chat")
    keys = directory / "keys.json"
    keys.write_text(json.dumps({chat.TENANT: {"key": KEY}}))
    secrets = {"helena": new_token(), "chatwoot": new_token()}
    for connector, secret in secrets.items():
        entry = TokenEntry(
            sha256=token_digest(secret),
            tenant=chat.TENANT,
            site=chat.ACCOUNT if connector == "helena" else connector,
            connector=connector,
        )
        add_token(directory / "tokens.json", entry)
    with (
        running_broker(directory / "broker.log") as bootstrap,
        running_clickhouse(directory / "clickhouse") as clickhouse,
    ):
        create_topics(bootstrap, PARTITIONS, 1)
        environment = settings(bootstrap, clickhouse.url)
        command = [sys.executable, "-m", "streams", "worker", "--chats"]

        def worker() -> Child:
            return Child("worker", command, directory / "worker.log", environment)

        with running_ingest(bootstrap, directory, [], chat_keys_file=keys) as ingest:
            client = clickhouse.connect()
            made = Way(ingest, bootstrap, client, secrets, worker)
            try:
                yield made
            finally:
                client.close()
                if made.worker is not None:
                    made.worker.stop()


def test_the_worked_example_comes_to_its_exact_values(way: Way) -> None:
    """Posted twice and in the wrong order, with a worker killed in the middle."""
    events = json.loads(chat.WORKED_EXAMPLE.read_text())
    way.work()
    assert [way.post(event) for event in (*events[2:], *events[2:])] == [202] * 4
    way.wait_for("SELECT outcome, is_estimated FROM callcentre.v_chats", [("answered", True)])
    way.kill()
    assert [way.post(event) for event in (*events, *events)] == [202] * 8
    way.work()
    way.wait_for(
        "SELECT outcome, status, wait_ms, first_response_ms, talk_ms, messages_out,"
        " toUnixTimestamp64Milli(entered_at), caller, length(caller_hash), agent_name,"
        " is_estimated FROM callcentre.v_chats",
        [
            (
                *("answered", "ended", 119_900, 149_900, 480_000, 1),
                *(chat.ms("13:00:00.1"), "…0001", 16, "Atendente 1", False),
            )
        ],
    )
    way.wait_for(
        "SELECT offered, answered, abandoned, open, answered_wait_ms, handled, talk_ms"
        " FROM callcentre.v_queue_windows WHERE channel = 'whatsapp'",
        [(1, 1, 0, 0, 119_900, 1, 480_000)],
    )
    way.wait_for(
        f"SELECT display_name FROM callcentre.v_queue_settings WHERE queue = '{chat.QUEUE}'",
        [("Suporte",)],
    )
    assert window_differences(way.clickhouse, 0, chat.ms("13:00:00") + WINDOW_MS) == []


def test_chatwoot_comes_the_same_way(way: Way) -> None:
    conversation = {
        "event": "conversation_created",
        "id": 7,
        "inbox_id": 3,
        "status": "open",
        "created_at": chat.ms("15:00:00") // 1000,
        "updated_at": chat.ms("15:00:00") / 1000,
        "meta": {"sender": {"phone_number": "+5511900000001"}, "assignee": None, "team": None},
    }
    assigned = {
        **conversation,
        "event": "conversation_updated",
        "updated_at": chat.ms("15:00:30") / 1000,
        "meta": {"assignee": {"id": 5, "name": "Bia"}, "team": None},
    }
    assert [way.post(body, "chatwoot") for body in (assigned, conversation)] == [202, 202]
    way.work()
    way.wait_for(
        "SELECT queue, outcome, wait_ms, agent_key FROM callcentre.v_chats WHERE site = 'chatwoot'",
        [("inbox-3", "answered", 30_000, "chatwoot/5")],
    )


def test_a_call_and_a_chat_of_one_person_have_one_hash(way: Way) -> None:
    from agent.redaction import Redaction  # noqa: PLC0415 - of the other side of the wire

    ((found,),) = way.rows(
        f"SELECT DISTINCT caller_hash FROM callcentre.v_chats WHERE site = '{chat.ACCOUNT}'"
    )
    assert found == Redaction("last4", KEY.encode()).hash("011900000001")


def test_neither_words_nor_numbers_reach_the_topic_and_the_secret_no_log(way: Way) -> None:
    body = chat.message_event("MESSAGE_RECEIVED", "16:00:00", "m-privacy")
    body["content"]["details"] = {"contact": "Cliente Exemplo"}
    assert way.post(body) == 202
    assert way.post(body, secret="wrong-" + way.secrets["helena"]) == 401
    assert way.post([1]) == 422
    values = [value for _, value in read_messages(way.bootstrap, CHAT_EVENTS)]
    everything = b"".join(values).decode()
    assert "m-privacy" in {decode_chat_event(value).fields.get("id") for value in values}
    for private in ("made-up words", "Cliente Exemplo", "dropped at ingest", "1900000001"):
        assert private not in everything
    logs = way.ingest.child.log.read_text()
    with urllib.request.urlopen(f"{way.ingest.url}/metrics", timeout=60) as answer:
        metrics = answer.read().decode()
    for secret in way.secrets.values():
        assert secret not in logs + metrics
        assert token_digest(secret) not in logs + metrics
