"""Keeps a connection to AMI and puts what it hears into the intake. Never ends by itself."""

import json
import logging
import random
import secrets
import threading
import time
from typing import List

from agent.ami.connection import READ_BYTES, Connection
from agent.ami.session import DIALPLAN_CLASS, EVENT_CLASSES, Session
from agent.backoff import Backoff
from agent.config import CollectorConfig
from agent.errors import AmiLostError, AmiRefusedError
from agent.event import Event
from agent.intake import Intake
from agent.queue_log import QueueLogLines
from agent.queue_log_file import LOG_OVERLAP_S, lines_since, mark
from agent.queues_file import read_queues
from agent.redaction import Redaction
from agent.transcript import Transcript, queue_config

FIRST_RETRY_S = 0.5
MOST_RETRY_S = 30.0
REFUSED_RETRY_S = 60.0
_READ_TIMEOUT_S = 0.25
# Asterisk sends the events of one happening within a millisecond, but one by one, and each waking
# costs more than reading them. Times of receipt are late by no more than this.
_GATHER_S = 0.04
# When events come all the time, the spooler gathers for longer than this anyway.
_GATHER_BUSY_S = 0.1
_BUSY_WITHIN_S = 0.25

log = logging.getLogger("collector.ami")


class Listener(object):
    """One PBX's manager interface, over any number of connections."""

    def __init__(self, config: CollectorConfig, intake: Intake, heard_ms: int) -> None:
        """`heard_ms` is when AMI was last heard before this start; 0 if it never was."""
        self._ami = config.ami
        self._intake = intake
        self._heard_ms = heard_ms
        # Nobody who can inject text into the stream can guess an ActionID.
        self._action_prefix = secrets.token_hex(8)
        redaction = Redaction(config.numbers, config.privacy_key)
        self.transcript = Transcript(redaction, self._action_prefix)
        self.log_lines = QueueLogLines(redaction)
        self._queue_log_path = config.queue_log_path
        self._queues_path = config.queues_path
        self._backoff = Backoff(FIRST_RETRY_S, MOST_RETRY_S)
        self._last_trouble = ""
        self._wants_lists = threading.Event()
        self.logins = 0

    def run(self, stop: threading.Event) -> None:
        """Connects and listens, again and again, until `stop` is set."""
        while not stop.is_set():
            stop.wait(self._listen_once(stop))

    def want_lists(self) -> None:
        """Events were dropped: ask Asterisk anew what is the case. From any thread."""
        self._wants_lists.set()

    def _listen_once(self, stop: threading.Event) -> float:
        """One connection from its opening to its end. Returns the seconds to wait after it."""
        try:
            connection = Connection(self._ami.host, self._ami.port)
        except AmiLostError as error:
            return self._failed(str(error))
        reason = "collector stopped"
        delay_s = 0.0
        try:
            self._converse(connection, stop)
        except AmiRefusedError as error:
            reason = "login refused: {}".format(error)
            self._failed(reason)
            delay_s = REFUSED_RETRY_S * random.uniform(0.5, 1.0)  # noqa: S311
        except AmiLostError as error:
            reason = str(error)
            delay_s = self._failed(reason)
        finally:
            connection.close()
            self._intake.put(self.transcript.lost(_now_ms(), reason))
        return delay_s

    def _converse(self, connection: Connection, stop: threading.Event) -> None:
        classes = EVENT_CLASSES
        if self._ami.reads_dialplan:
            classes += "," + DIALPLAN_CLASS
        session = Session(
            self._ami.user, self._ami.secret, classes, self._action_prefix, time.monotonic()
        )
        self._intake.put(self.transcript.connected(_now_ms()))
        gather_s, heard_s = _GATHER_S, 0.0
        while not stop.is_set():
            data = connection.read(_READ_TIMEOUT_S, gather_s)
            now_s = time.monotonic()
            answers = b""
            if data:
                gather_s = _GATHER_BUSY_S if now_s - heard_s < _BUSY_WITHIN_S else _GATHER_S
                # What fills the buffer left something behind.
                gather_s = 0.0 if len(data) == READ_BYTES else gather_s
                heard_s = now_s
                session.heard(now_s)
                for packet, events in self.transcript.feed_packets(data, _now_ms()):
                    answers += session.receive(packet, now_s)
                    if events:
                        self._take(events, session.may_ask_config)
            if self._wants_lists.is_set():
                self._wants_lists.clear()
                session.want_snapshot(now_s)
            answers += session.tick(now_s)
            if answers:
                connection.send(answers)

    def _take(self, events: List[Event], may_ask_config: bool) -> None:
        for event in events:
            if event.kind == "ami":
                self._heard_ms = max(self._heard_ms, event.at_ms)
            elif event.name == "ami_connected":
                events = self._connected(event)
            elif event.fields.get("list") == "QueueStatus" and event.name == "begin":
                queues = [] if may_ask_config else read_queues(self._queues_path)
                self._intake.put(queue_config(queues, event.at_ms))
        self._intake.put(events)

    def _connected(self, event: Event) -> List[Event]:
        """`ami_connected`, which now tells whether the log's lines of the time unheard follow.

        The login's answer gives this one event, so the lines are put in right behind it.
        """
        self.logins += 1
        self._backoff.reset()
        self._last_trouble = ""
        log.info("event=ami_connected asterisk=%s", json.dumps(event.fields["asterisk"]))
        end = mark(self._queue_log_path) if self._heard_ms else None
        if end is None:
            return [event]
        event.fields["log"] = "read"
        self._intake.put([event])
        for line in lines_since(end, self._heard_ms // 1000 - LOG_OVERLAP_S):
            told = self.log_lines.feed_line(line)
            if told is not None:
                self._heard_ms = max(self._heard_ms, told.at_ms)
                self._intake.put([told])
        return []

    def _failed(self, trouble: str) -> float:
        if trouble != self._last_trouble:
            log.warning("event=ami_unavailable reason=%s", json.dumps(trouble))
            self._last_trouble = trouble
        return self._backoff.next_s()


def _now_ms() -> int:
    return int(time.time() * 1000)
