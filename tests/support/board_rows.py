"""A ClickHouse as a call centre fills it, with known truth, for the boards to be asked over.

All times hang on one moment, `now`, so that "now" and "today" have something to show whenever the
tests run; the customer's zone is one where it is about noon, so that all of it is of today.

- `pbx-01`: a recorded shift of 116 queue calls that ended ten minutes ago; what it must come to
  stands in `captures/22.10.1/shift_20261/expected.yaml`.
- `pbx-02`: queue `vendas` at this moment, by a story: two callers wait, one talks, one agent is
  available, one is on a pause that is over its limit.
- `helena`: six chats, and callers who gave up, with what became of them.
- `fixed`: calls at edges of hours, days and zones, on dates that never move.
- `outra`: another customer, with queues of the same names, whose rows nobody here may see.
- `escapes`: a customer whose queues, people and teams have names with quotes and backslashes.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from clickhouse_connect.driver.client import Client

from agent.event import Event
from streams.domain.facts import CoverageGap, Fact, OutboundCall, QueueCall, StaleWindow
from streams.domain.interval import window_start
from streams.storage.writer import ClickHouseFactWriter
from tenants.hours import Interval
from tenants.records import Agent, BusinessHours, PauseLimit, QueueSettings, Record, Site, Tenant
from tenants.registry import Registry
from tests.support.batches import batch_of, batches_of, fold, published
from tests.support.captures import events_of, scenario
from tests.support.clickhouse_server import ClickHouseServer, Reader, running_clickhouse
from tests.support.facts import queue_call
from tests.support.stored_facts import Inserts
from tests.support.stories import Story, ms

CUSTOMER, OTHER, ESCAPES = "acme", "outra", "escapes"
HARD_NAMES = ("a\\", "a\\b", "a'b", "\\'", "\\\\")
"""Of a queue, a person and a team each, of `ESCAPES`; the person answered one chat of the queue."""
PASSWORD = "made-up-reader-password"
SHIFT = "22.10.1/shift_20261"
NOON = 12


class Filled(NamedTuple):
    """A filled service. `now_s` is the moment it was filled for, `url` the customer's reader."""

    server: ClickHouseServer
    url: str
    now_s: int
    zone: str
    shift_start_s: int


@contextmanager
def filled_clickhouse(directory: Path) -> Iterator[Filled]:
    """The service with all of the above in it."""
    now_s = int(time.time())
    zone = zone_at_noon(now_s)
    readers = {name: Reader(PASSWORD, name) for name in (CUSTOMER, OTHER, ESCAPES)}
    with running_clickhouse(directory, readers) as server:
        client = server.connect()
        register(client, zone)
        shift, shift_start_s = recorded_shift((now_s - 600) * 1000)
        facts = [*shift, *moment(now_s), *chats(now_s), *followed_up(now_s), *gaps(now_s)]
        facts += [*on_fixed_dates(), *others_rows(now_s), *hard_names(now_s)]
        # Every row lies there twice, merged with nothing: what is read must not depend on it.
        client.command("SYSTEM STOP MERGES")
        for _ in range(2):
            write(server, facts)
        client.close()
        url = server.url_of(CUSTOMER, PASSWORD)
        yield Filled(server, url, now_s, zone, shift_start_s)


def write(server: ClickHouseServer, facts: list[Fact]) -> None:
    """Writes facts as the streams do."""
    writer = ClickHouseFactWriter(server.connect, Inserts())
    writer.write(facts, [])
    writer.close()


def zone_at_noon(now_s: int) -> str:
    """A zone in which it is between noon and one o'clock."""
    ahead = NOON - datetime.fromtimestamp(now_s, UTC).hour
    # POSIX counts the other way: Etc/GMT+3 is three hours behind.
    return f"Etc/GMT{-ahead:+d}"


def register(client: Client, zone: str) -> None:
    """The customers, and what they have set."""
    registry = Registry(client)
    records: list[Record] = [
        Tenant(CUSTOMER, "Acme", zone, "pt-BR"),
        Tenant(OTHER, "Outra", "Asia/Tokyo", "en-US"),
        Tenant(ESCAPES, "Escapes", zone, "en-US"),
        Site(ESCAPES, "helena"),
        *(QueueSettings(ESCAPES, name) for name in HARD_NAMES),
        *(Agent(ESCAPES, "helena", f"key of {name}", name, name) for name in HARD_NAMES),
        *(Site(CUSTOMER, site) for site in ("pbx-01", "pbx-02", "helena")),
        QueueSettings(CUSTOMER, "support", "Suporte", 5, 2, "answered_and_abandoned", 0.9),
        QueueSettings(CUSTOMER, "billing", "", 5, None, "over_offered"),
        QueueSettings(CUSTOMER, "vendas", "Vendas", longest_wait_limit_s=90),
        PauseLimit(CUSTOMER, "*", 900),
        BusinessHours(CUSTOMER, "", (Interval(2, 540, 720), Interval(2, 780, 1080))),
        Agent(CUSTOMER, "pbx-02", "pbx-02/PJSIP/201", "Ana Lima", "Comercial"),
    ]
    for record in records:
        registry.put(record)


def recorded_shift(end_ms: int) -> tuple[list[Fact], int]:
    """The facts of the recorded shift, moved so that its last event is at `end_ms`; its start."""
    events = events_of(scenario(SHIFT).connections)
    moved = moved_to(end_ms, events)
    return fold(batches_of(moved)), moved[0].at_ms // 1000


def moved_to(end_ms: int, events: list[Event]) -> list[Event]:
    """The same events at another time: the last one at `end_ms`."""
    by_ms = end_ms - events[-1].at_ms
    return [event._replace(at_ms=event.at_ms + by_ms) for event in events]


def moment(now_s: int) -> list[Fact]:
    """Queue `vendas` at this moment."""
    at = [(now_s - ago) * 1000 for ago in range(2_001)]
    story = Story(site="pbx-02").started(at[2000])
    for number, name in (("201", "Ana"), ("202", "Bia"), ("203", "Caio")):
        story.added(at[1990], "vendas", f"PJSIP/{number}", name)
    story.pause(at[1000], "vendas", "PJSIP/202", "Almoço", "Bia")
    story.join(at[150], "1.1", "vendas", caller_hash="aa00000000000001")
    story.connect(at[140], "1.1", "vendas", "PJSIP/203", "Caio", hold_s=10, leg="1.9")
    story.join(at[100], "1.2", "vendas", caller_hash="aa00000000000002")
    story.join(at[10], "1.3", "vendas", caller_hash="aa00000000000003")
    return fold(story.batches(at[1]))


def chats(now_s: int) -> list[Fact]:
    """Six chats of the last two hours: four answered, one abandoned, one left to the robot."""
    made: list[QueueCall] = []
    for number, (outcome, wait_s, first_response_s) in enumerate(
        [
            ("answered", 10, 30),
            ("answered", 20, 50),
            ("answered", 30, 70),
            ("answered", 100, None),
            ("abandoned", 40, None),
            ("bot_only", None, None),
        ]
    ):
        entered_at = (now_s - 7_000 + 600 * number) * 1000
        is_answered = outcome == "answered"
        wait_ms = None if wait_s is None else wait_s * 1000
        made.append(
            queue_call(
                site="helena",
                channel="whatsapp",
                queue="chat",
                call_id=f"s{number}/1",
                uniqueid=f"s{number}",
                contact_id=f"s{number}",
                entered_at=entered_at,
                outcome=outcome,
                answered_at=entered_at + (wait_ms or 0) if is_answered else None,
                ended_at=entered_at + 600_000,
                wait_ms=wait_ms,
                talk_ms=500_000 if is_answered else 0,
                hold_ms=0,
                wrap_up_ms=0,
                agent_key="ana@example.com" if is_answered else "",
                agent_name="Ana" if is_answered else "",
                ended_by="agent" if is_answered else "",
                missed_offers=0,
                caller_hash=f"cc0000000000000{number}",
                first_response_at=None
                if first_response_s is None
                else entered_at + first_response_s * 1000,
                messages_in=4,
                messages_out=6,
            )
        )
    return with_windows(made)


FOLLOWED_UP = {
    "served": "served_later",
    "reached": "reached",
    "in_vain": "not_reached",
    "again": "tried_again",
    "alone": "to_call_back",
    "twice": "abandoned_again",
    "withheld": "withheld",
    "too_late": "to_call_back",
}
"""Callers who gave up two days ago in queue `retorno`, by what became of each."""


def followed_up(now_s: int) -> list[Fact]:
    """Those callers. `twice` has a second row: the one that is to be called back."""
    start = now_s - 2 * 86_400
    calls: list[QueueCall] = []
    outbound: list[Fact] = []

    def visit(who: str, after_s: int, outcome: str) -> None:
        entered_at = (start + after_s) * 1000
        is_answered = outcome == "answered"
        calls.append(
            queue_call(
                queue="retorno",
                call_id=f"{who}-{after_s}/1",
                uniqueid=f"{who}-{after_s}",
                contact_id=f"{who}-{after_s}",
                entered_at=entered_at,
                outcome=outcome,
                answered_at=entered_at + 30_000 if is_answered else None,
                ended_at=entered_at + 30_000,
                wait_ms=30_000,
                talk_ms=0,
                hold_ms=0,
                wrap_up_ms=0,
                agent_key="PJSIP/1001" if is_answered else "",
                agent_name="Ana" if is_answered else "",
                ended_by="",
                missed_offers=0,
                caller=f"…{who}",
                caller_hash="" if who == "withheld" else f"hash-{who}",
            )
        )

    def call_back(who: str, after_s: int, *, is_answered: bool) -> None:
        at = (start + after_s) * 1000
        outbound.append(
            OutboundCall(
                CUSTOMER,
                "pbx-01",
                "PJSIP/1001",
                "Ana",
                f"out-{who}-{after_s}",
                f"…{who}",
                f"hash-{who}",
                at,
                at + 5_000 if is_answered else None,
                at + 60_000,
                False,
                1,
            )
        )

    for place, who in enumerate(FOLLOWED_UP):
        visit(who, 60 * place, "abandoned")
    visit("served", 3_600, "answered")
    call_back("reached", 3_000, is_answered=False)
    call_back("reached", 3_600, is_answered=True)
    call_back("in_vain", 3_600, is_answered=False)
    visit("again", 3_600, "timed_out")
    visit("twice", 3_600, "abandoned")
    call_back("too_late", 86_400 + 3_600, is_answered=True)
    return [*with_windows(calls), *outbound]


def gaps(now_s: int) -> list[Fact]:
    """Two that overlap, 90 s together; they lie in the last hour."""
    at = (now_s - 1_800) * 1000
    return [
        CoverageGap(CUSTOMER, "pbx-01", at, "ami_lost", at + 60_000, 0, 0, 1),
        CoverageGap(CUSTOMER, "pbx-01", at + 30_000, "spool_full", at + 90_000, 1, 9, 1),
    ]


FIXED = (
    # Half an hour before and after midnight in São Paulo: both of the 11th in UTC.
    ("midnight", "2026-03-11T02:30:00+00:00"),
    ("midnight", "2026-03-11T03:30:00+00:00"),
    # The hour that happens twice in New York.
    ("autumn", "2026-11-01T05:30:00+00:00"),
    ("autumn", "2026-11-01T06:30:00+00:00"),
    # At the very edge of two hours.
    ("edge", "2026-03-10T14:00:00+00:00"),
    # Three of the twelve quarters of the three hours from 12:00.
    ("sparse", "2026-03-10T12:05:00+00:00"),
    ("sparse", "2026-03-10T13:20:00+00:00"),
    ("sparse", "2026-03-10T14:59:59+00:00"),
    # The same hours seven days before.
    ("sparse", "2026-03-03T12:06:00+00:00"),
    ("sparse", "2026-03-03T12:07:00+00:00"),
)
"""Queue and moment of entry of calls that were answered after five seconds."""


def on_fixed_dates() -> list[Fact]:
    """Those calls, with their windows."""
    calls = [
        queue_call(
            site="fixed",
            queue=queue,
            call_id=f"{number}.7/1",
            uniqueid=f"{number}.7",
            entered_at=ms(moment),
            answered_at=ms(moment) + 5_000,
            ended_at=ms(moment) + 65_000,
        )
        for number, (queue, moment) in enumerate(FIXED)
    ]
    return with_windows(calls)


def others_rows(now_s: int) -> list[Fact]:
    """Another recorded story, of the other customer."""
    events = events_of(scenario("18.26.4/n_bottleneck").connections)
    moved = moved_to((now_s - 500) * 1000, events)
    return fold([batch_of(published(moved), tenant=OTHER)])


def hard_names(now_s: int) -> list[Fact]:
    """A chat in each queue of `ESCAPES`, answered by the person of the same name."""
    return with_windows(
        [
            queue_call(
                tenant_id=ESCAPES,
                site="helena",
                channel="whatsapp",
                queue=name,
                call_id=f"e{number}/1",
                uniqueid=f"e{number}",
                contact_id=f"e{number}",
                entered_at=(now_s - 1_800) * 1000,
                answered_at=(now_s - 1_790) * 1000,
                ended_at=(now_s - 1_200) * 1000,
                wait_ms=10_000,
                agent_key=f"key of {name}",
                agent_name=name,
            )
            for number, name in enumerate(HARD_NAMES)
        ]
    )


def with_windows(calls: list[QueueCall]) -> list[Fact]:
    """The calls, and word to sum their windows over what is stored."""
    keys = {
        (call.tenant_id, call.site, call.channel, call.queue, window_start(call.entered_at))
        for call in calls
    }
    return [*calls, *(StaleWindow(*key, 1) for key in sorted(keys))]
