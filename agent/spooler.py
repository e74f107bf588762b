"""Moves events from the intake to the spool, and adds the collector's own."""

import json
import logging
import threading
import time
from typing import Callable, Dict, List

from agent import __version__
from agent.errors import SpoolWriteError
from agent.event import Event, Fields
from agent.intake import Intake
from agent.open_calls import OpenCalls
from agent.spool import Spool

# An event that comes after a pause is committed at once; under load a commit, and the batch that it
# becomes, carries what has gathered.
COMMIT_EVERY_S = 0.2
MAX_COMMIT_EVENTS = 1000
HEARTBEAT_BUSY_S = 2.0
HEARTBEAT_IDLE_S = 10.0
RETRY_S = 1.0

log = logging.getLogger("collector.spool")


class Spooler(object):
    """The only writer of new events into one spool."""

    def __init__(
        self, intake: Intake, spool: Spool, counters: Callable[[], Dict[str, int]]
    ) -> None:
        """`counters` gives what a heartbeat tells beside the spool's own figures."""
        self._intake = intake
        self._spool = spool
        self._counters = counters
        self._open_calls = OpenCalls()
        self._heartbeat_due_s = 0.0
        self._committed_s = 0.0
        self._failed_writes = 0

    def run(self, stop: threading.Event) -> None:
        """Spools until `stop` is set and the intake is closed and empty."""
        self._store([_own_event("started", {"version": __version__})], stop)
        self._heartbeat_due_s = time.monotonic() + HEARTBEAT_BUSY_S
        while True:
            wait_s = max(0.0, self._heartbeat_due_s - time.monotonic())
            has_events = self._intake.wait(wait_s)
            if has_events and not stop.is_set():
                self._gather()
            events = self._intake.take(MAX_COMMIT_EVENTS)
            for event in events:
                self._open_calls.see(event)
            # Time must not run ahead of events that still wait in the intake.
            if len(events) < MAX_COMMIT_EVENTS:
                events += self._heartbeat_if_due()
            self._store(events, stop)
            if not events and self._intake.is_closed:
                return

    def _gather(self) -> None:
        since_s = time.monotonic() - self._committed_s
        time.sleep(max(0.0, COMMIT_EVERY_S - since_s))

    def _heartbeat_if_due(self) -> List[Event]:
        now_s = time.monotonic()
        pace_s = HEARTBEAT_BUSY_S if self._open_calls else HEARTBEAT_IDLE_S
        self._heartbeat_due_s = min(self._heartbeat_due_s, now_s + pace_s)
        if now_s < self._heartbeat_due_s or self._intake.is_closed:
            return []
        self._heartbeat_due_s = now_s + pace_s
        fields: Fields = {name: str(count) for name, count in self._counters().items()}
        fields["spool_events"] = str(self._spool.events)
        fields["spool_bytes"] = str(self._spool.size_bytes)
        for reason, count in self._spool.dropped.items():
            fields["events_dropped_" + reason] = str(count)
        fields["spool_age_ms"] = str(self._spool_age_ms())
        fields["spool_writes_failed"] = str(self._failed_writes)
        fields["intake_events"] = str(len(self._intake))
        fields["open_calls"] = str(len(self._open_calls))
        return [_own_event("heartbeat", fields)]

    def _spool_age_ms(self) -> int:
        try:
            oldest_ms = self._spool.oldest_ms()
        except SpoolWriteError:
            # The next append fails as well, and tells it.
            return 0
        return 0 if oldest_ms is None else max(0, int(time.time() * 1000) - oldest_ms)

    def _store(self, events: List[Event], stop: threading.Event) -> None:
        is_told = False
        while events:
            try:
                self._spool.append(events)
                break
            except SpoolWriteError as error:
                self._failed_writes += 1
                if not is_told:
                    log.warning("event=spool_not_written reason=%s", json.dumps(str(error)))
                    is_told = True
            if stop.is_set():
                log.critical("event=dropped reason=stopped_before_written count=%d", len(events))
                return
            # While there is room in memory nothing has to go.
            if self._intake.is_full:
                self._make_room(events)
            stop.wait(RETRY_S)
        self._committed_s = time.monotonic()

    def _make_room(self, events: List[Event]) -> None:
        try:
            self._spool.make_room(events)
        except SpoolWriteError as error:
            log.warning("event=spool_not_written reason=%s", json.dumps(str(error)))


def _own_event(name: str, fields: Fields) -> Event:
    return Event(int(time.time() * 1000), "collector", name, fields)
