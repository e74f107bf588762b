"""Chats in ClickHouse: windows from queue calls, who waits, and people of both channels."""

import time
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from streams.domain.chat_agents import apply_to_agent, new_agent
from streams.domain.chat_events import TICKS_PER_MS, AgentSighting
from streams.domain.facts import AgentState, QueueCall
from streams.domain.interval import WINDOW_MS
from streams.storage.windows import window_differences
from streams.storage.writer import ClickHouseFactWriter
from tests.support import chat
from tests.support.chat import AGENT, BOT, QUEUE, Told, message_event, ms, session_event
from tests.support.clickhouse_server import ClickHouseServer
from tests.support.facts import agent_state, queue_call
from tests.support.stored_facts import NoRetries

pytestmark = pytest.mark.integration

MINUTE_MS = 60_000
WHATSAPP = {"channel": "whatsapp", "site": "wa"}


@pytest.fixture
def client(server: ClickHouseServer) -> Iterator[Client]:
    connected = server.connect()
    for table in ("queue_calls", "queue_windows", "agent_states", "agents_now", "agents_registry"):
        connected.command(f"TRUNCATE TABLE callcentre.{table}")
    yield connected
    connected.close()


@pytest.fixture
def writer(server: ClickHouseServer) -> Iterator[ClickHouseFactWriter]:
    opened = ClickHouseFactWriter(server.connect, NoRetries())
    yield opened
    opened.close()


def talking(number: int, begin: int, end: int | None, agent: str = "wa/bia") -> QueueCall:
    return queue_call(
        **WHATSAPP,
        call_id=f"{number}/1",
        uniqueid=str(number),
        entered_at=begin,
        answered_at=begin,
        ended_at=end,
        status="talking" if end is None else "ended",
        agent_key=agent,
        agent_name="Bia",
    )


def called(begin: int, end: int, state: str = "talking") -> AgentState:
    return agent_state(
        site="pbx-01",
        agent_key="pbx-01/PJSIP/2000",
        agent_name="Beatriz",
        state=state,
        started_at=begin,
        ended_at=end,
    )


def be_one_person(client: Client) -> None:
    client.command(
        "INSERT INTO callcentre.agents_registry (tenant_id, site, agent_key, person, team, version)"
        " VALUES ('acme', 'wa', 'wa/bia', 'Beatriz Souza', 'Ipê', 1),"
        " ('acme', 'pbx-01', 'pbx-01/PJSIP/2000', 'Beatriz Souza', 'Ipê', 1)"
    )


def test_windows_follow_the_queue_calls_also_when_one_is_taken_back(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    told = Told()
    for event in (
        session_event("SESSION_UPDATE", "13:16:00", status="PENDING", botId=BOT),
        session_event("SESSION_NEW", "13:00:00", status="STARTED", botId=BOT),
        session_event("SESSION_UPDATE", "13:17:00", status="IN_PROGRESS", userId=AGENT),
    ):
        writer.write(told.take(chat.passed(event, received_at=ms("14:00:00"))), [])
        assert window_differences(client, 0, ms("14:00:00")) == []
    windows = "SELECT queue, toUnixTimestamp64Milli(window_start), offered, answered, open"
    assert client.query(f"{windows} FROM callcentre.v_queue_windows").result_rows == [
        (QUEUE, ms("13:15:00"), 1, 1, 0)
    ]


def test_card_table_and_series_say_the_same(client: Client, writer: ClickHouseFactWriter) -> None:
    """One session of 600 s at one agent, nine of 60 s at another: 114.0 s."""
    begin = ms("10:00:00")
    told = Told()
    for number in range(10):
        waits = 600 if number == 0 else 60
        agent = "a1" if number == 0 else "a2"
        start = f"10:{number * 3:02}:00"
        new = session_event("SESSION_NEW", start, id=f"s{number}", startAt=start)
        assigned = session_event(
            "SESSION_UPDATE",
            start,
            id=f"s{number}",
            startAt=start,
            status="IN_PROGRESS",
            userId=agent,
        )
        assigned["content"]["updatedAt"] = chat.told_ms(ms(start) + waits * 1000)
        told.tell(new, assigned)
    writer.write(told.facts, [])
    mean = "kpi_mean_wait_answered(sum(answered_wait_ms), sum(answered))"
    (card,) = client.query(f"SELECT {mean} FROM callcentre.v_queue_windows").result_rows
    (table,) = client.query(
        "SELECT kpi_mean_wait_answered(sum(waits), sum(calls)) FROM (SELECT agent_key,"
        " sum(wait_ms) AS waits, count() AS calls FROM callcentre.v_chats GROUP BY agent_key)"
    ).result_rows
    series = client.query(
        "SELECT window_start, sum(answered_wait_ms), sum(answered) FROM callcentre.v_queue_windows"
        " GROUP BY window_start ORDER BY window_start"
    ).result_rows
    assert (card[0], table[0]) == (114.0, 114.0)
    assert sum(row[1] for row in series) / sum(row[2] for row in series) / 1000 == 114.0
    assert window_differences(client, begin, begin + 4 * WINDOW_MS) == []


def test_a_chat_waits_until_a_person_has_written(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    """Assigned and never answered stays inside waiting now."""
    now = int(time.time() * 1000)
    answered = {"first_response_at": now - MINUTE_MS, "call_id": "2/1", "uniqueid": "2"}
    writer.write(
        [
            talking(1, now - 5 * MINUTE_MS, None),
            queue_call(**{**_fields(talking(2, now - 2 * MINUTE_MS, None)), **answered}),
        ],
        [],
    )
    assert client.query(
        "SELECT waiting, waiting_assigned, talking FROM callcentre.v_queues_now"
    ).result_rows == [(1, 1, 1)]
    assert client.query(
        "SELECT call_id, is_assigned FROM callcentre.v_waiting_calls"
    ).result_rows == [("1/1", True)]
    assert client.query(
        "SELECT call_id FROM callcentre.v_chats_now WHERE is_waiting_for_response"
    ).result_rows == [("1/1",)]


def _fields(call: QueueCall) -> dict[str, object]:
    return {name: getattr(call, name) for name in call.__struct_fields__}


def test_who_answers_both_channels_appears_once(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    now = int(time.time() * 1000)
    agent = new_agent("acme", "wa", "bia")
    sighting = AgentSighting("bia", "Bia", is_available=True, at_ticks=(now - 1) * TICKS_PER_MS)
    writer.write(
        [
            *apply_to_agent(agent, sighting, now),
            talking(1, now - 5 * MINUTE_MS, None),
            talking(2, now - 4 * MINUTE_MS, None),
            agent_state(
                site="pbx-01", agent_key="pbx-01/PJSIP/2000", state="available", started_at=now - 9
            ),
        ],
        [],
    )
    be_one_person(client)
    assert client.query(
        "SELECT person, team, channels, voice_state, is_chat_available, chats_open,"
        " chats_waiting_for_response, is_busy FROM callcentre.v_people_now"
    ).result_rows == [
        ("Beatriz Souza", "Ipê", ["voice", "whatsapp"], "available", True, 2, 2, True)
    ]


def test_who_has_several_telephones_is_at_the_busiest(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    now = int(time.time() * 1000)
    states = {
        "PJSIP/1": "paused",
        "PJSIP/2": "talking",
        "PJSIP/3": "available",
        "PJSIP/4": "ringing",
    }
    writer.write(
        [
            agent_state(agent_key=key, agent_name="Ana", state=state, started_at=now - 9)
            for key, state in states.items()
        ],
        [],
    )
    assert client.query(
        "SELECT person, voice_state, is_busy FROM callcentre.v_people_now"
    ).result_rows == [("Ana", "talking", True)]


def test_time_with_several_conversations_is_counted_once(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    """The example of docs/kpi.md, "Several conversations at a time"."""
    day_ms = 24 * 60 * MINUTE_MS
    begin = int(time.time() * 1000) // day_ms * day_ms - day_ms
    at = [begin + minute * MINUTE_MS for minute in range(61)]
    writer.write(
        [
            called(at[0], at[10]),
            called(at[10], at[60], "available"),
            talking(1, at[5], at[25]),
            talking(2, at[20], at[40]),
        ],
        [],
    )
    be_one_person(client)
    rows = client.query(
        "SELECT person, sum(conversation_ms), sum(busy_ms), sum(available_ms), sum(logged_in_ms),"
        " count(), kpi_mean_concurrency(sum(conversation_ms), sum(busy_ms)),"
        " round(kpi_occupancy(sum(busy_ms), sum(available_ms)), 4)"
        " FROM callcentre.v_people_load GROUP BY person"
    ).result_rows
    minutes = [value * MINUTE_MS for value in (50, 40, 20, 60)]
    assert rows == [("Beatriz Souza", *minutes, 4, 1.25, 0.6667)]


def test_messages_and_times_of_a_chat_stand_beside_it(
    client: Client, writer: ClickHouseFactWriter
) -> None:
    told = Told().tell(
        session_event("SESSION_NEW", "13:00:00"),
        message_event("MESSAGE_RECEIVED", "13:00:00", "m1"),
        session_event("SESSION_UPDATE", "13:01:00", status="IN_PROGRESS", userId=AGENT),
        message_event("MESSAGE_SENT", "13:02:00", "m2", userId=AGENT),
        message_event("MESSAGE_UPDATED", "13:02:30", "m2", status="READ", written="13:02:00"),
        session_event(
            "SESSION_COMPLETE", "13:09:00", status="COMPLETED", userId=AGENT, endAt="13:09:00"
        ),
    )
    writer.write(told.facts, [])
    assert client.query(
        "SELECT wait_ms, first_response_ms, first_response_after_answer_ms, resolution_ms,"
        " messages_in, messages_out, messages_read FROM callcentre.v_chats"
    ).result_rows == [(60_000, 120_000, 60_000, 540_000, 1, 1, 1)]
