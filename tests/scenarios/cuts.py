"""Recorded stories of which the collector missed a part: the connection was cut, and maybe back.

What it could see must be right as ever; of the rest nothing may be guessed.
"""

import functools
from dataclasses import dataclass
from typing import Any

from agent.event import Event
from agent.redaction import Redaction
from agent.transcript import Transcript
from streams.domain.facts import QueueCall
from tests.support.batches import Facts
from tests.support.captures import SETTLED_AFTER_MS, Chunk, Scenario, heartbeats, with_log
from tests.support.truth import expected_outcome

_SETTLED_MS = 2_100
"""So long after its last event a call is surely settled: an ending may be provisional for 2 s."""


@dataclass(frozen=True)
class Cut:
    """Nothing was heard from the packet `first` on up to the packet `back` (None: to the end)."""

    story: Scenario
    first: int
    back: int | None

    @property
    def lost_ms(self) -> int:
        return self._chunks[self.first - 1].received_ms

    @property
    def back_ms(self) -> int | None:
        return None if self.back is None else self._chunks[self.back].received_ms

    @property
    def is_log_clear(self) -> bool:
        """Whether no line is of the login's second: it may have come before or after it."""
        if self.back_ms is None:
            return False
        login = str(self.back_ms // 1000).encode()
        return all(not line.startswith(login) for line in self.story.read("queue_log").split(b"\n"))

    @property
    def _chunks(self) -> tuple[Chunk, ...]:
        (connection,) = self.story.connections
        return connection.chunks

    def events(self, *, log: bytes = b"") -> list[Event]:
        """What the collector makes of it; it says at once that the connection is lost."""
        before, login, after = _pieces_of(self.story)
        heard = [event for piece in before[: self.first] for event in piece]
        heard += _closed_lists(heard, self.lost_ms)
        heard.append(Event(self.lost_ms, "collector", "ami_lost", {"reason": "reset by peer"}))
        if self.back_ms is None or self.back is None:
            return heard + heartbeats(self.lost_ms, self.lost_ms + SETTLED_AFTER_MS)
        again = [login._replace(at_ms=self.back_ms)]
        again += [event for piece in after[self.back :] for event in piece]
        if log:
            again = with_log(again, log, self.lost_ms)
        heard += again
        return heard + heartbeats(heard[-1].at_ms, heard[-1].at_ms + SETTLED_AFTER_MS)


@functools.cache
def _pieces_of(story: Scenario) -> tuple[list[list[Event]], Event, list[list[Event]]]:
    """The events of each packet, and that of the login; the packets once more without the login."""
    (connection,) = story.connections
    transcript = Transcript(Redaction("last4", b"made-up tenant key"))
    transcript.connected(connection.first_ms)
    pieces = [transcript.feed(chunk.data, chunk.received_ms) for chunk in connection.chunks]
    (login,) = (e for piece in pieces for e in piece if e.name == "ami_connected")
    return pieces, login, [[e for e in piece if e is not login] for piece in pieces]


def _closed_lists(heard: list[Event], at_ms: int) -> list[Event]:
    """The ends of the lists that the cut left open."""
    open_lists: dict[str, int] = {}
    for event in heard:
        if event.name == "begin":
            open_lists[str(event.fields["list"])] = 0
        elif event.name == "end":
            open_lists.pop(str(event.fields["list"]), None)
    return [
        Event(at_ms, "snapshot", "end", {"list": name, "items": "0", "complete": "no"})
        for name in open_lists
    ]


def places_of_lists(story: Scenario) -> list[int]:
    """The packets at which answers to QueueStatus begin."""
    (connection,) = story.connections
    return [
        place
        for place, chunk in enumerate(connection.chunks)
        if b"Message: Queue status will follow" in chunk.data
    ]


def guesses(cut: Cut, facts: Facts, *, has_log: bool = False) -> list[str]:
    """What the facts say that could not be known, or wrongly; empty if nothing."""
    truth = cut.story.expected
    back_ms = cut.back_ms
    found: list[str] = []
    rest = list(facts.calls)
    for call in truth["calls"]:
        visits = [c for c in rest if (c.uniqueid, c.queue) == (call["uniqueid"], call["queue"])]
        visits.sort(key=lambda c: abs(c.entered_at - call["entered"] * 1000))
        if not visits:
            is_unseen = call["entered"] * 1000 + 1000 >= cut.lost_ms and (
                back_ms is None or call["left"] * 1000 <= back_ms + 1000
            )
            # Twice in one queue: without the log the second visit passes for the first.
            is_unseen |= any(c.uniqueid == call["uniqueid"] for c in facts.calls)
            if has_log or not is_unseen:
                found.append(f"{call['uniqueid']} in {call['queue']}: missing")
            continue
        visit = visits[0]
        rest.remove(visit)
        outcome = expected_outcome(truth, call)
        is_over_before = call["left"] * 1000 + 1000 + _SETTLED_MS < cut.lost_ms
        is_allowed = visit.outcome == outcome
        if not is_over_before and not has_log:
            is_allowed |= visit.outcome == "unknown" and visit.is_estimated
            is_allowed |= visit.outcome == "open" and back_ms is None
        if has_log and outcome == "transferred_away":
            is_allowed |= visit.outcome == "abandoned"
        if not is_allowed:
            found.append(
                f"{visit.call_id} in {visit.queue}: {visit.outcome}, but {outcome}"
                f"{' (estimated)' if visit.is_estimated else ''}"
            )
        elif visit.outcome == outcome:
            found += [
                f"{visit.call_id}: {text}"
                for text in _wrong_numbers(call, visit, is_over_before or has_log)
            ]
    found += [f"{c.call_id} in {c.queue}: no such visit ({c.outcome})" for c in rest]
    return found


def _wrong_numbers(call: dict[str, Any], visit: QueueCall, is_whole: bool) -> list[str]:
    found: list[str] = []
    slack = 1_000 if visit.is_estimated else 50
    if visit.wait_ms is None:
        if is_whole:
            found.append("wait is missing")
    elif abs(visit.wait_ms - call["wait_s"] * 1000) > 1_000 + slack:
        found.append(f"wait {visit.wait_ms}, not {call['wait_s']} s")
    if call["outcome"] == "answered" and visit.status == "ended":
        talk = visit.talk_ms + visit.hold_ms
        if is_whole and abs(talk - call["talk_s"] * 1000) > 2_000:
            found.append(f"talk {talk}, not {call['talk_s']} s")
        if is_whole and visit.agent_name != call["agent"]:
            found.append(f"agent {visit.agent_name!r}, not {call['agent']!r}")
        if is_whole and visit.ended_by != call["ended_by"]:
            found.append(f"ended by {visit.ended_by!r}, not {call['ended_by']!r}")
    return found
