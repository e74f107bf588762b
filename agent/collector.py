"""The running collector: three threads around two buffers.

    listener ── intake (memory) ──> spooler ── spool (disk) ──> deliverer

The listener reads AMI and must never wait for disk or network, since Asterisk cuts off clients that
do not read. The spooler commits to disk before anything is sent. The deliverer sends in order. A
thread that dies of an unforeseen error stops the others, and the process ends with that error: the
service manager starts it anew, and the spool has what was not sent.
"""

import json
import logging
import threading
import time
from typing import Callable, Dict, Optional

from agent.config import CollectorConfig
from agent.delivery import Delivery
from agent.errors import SpoolWriteError
from agent.ingest_client import IngestClient
from agent.intake import Intake
from agent.listener import Listener
from agent.spool import Spool
from agent.spooler import Spooler

INTAKE_MAX_EVENTS = 5000
_IDLE_WAIT_S = 1.0
_RETRY_S = 1.0
_STOP_WITHIN_S = 5.0

log = logging.getLogger("collector")


class Collector(object):
    """One collector for one PBX."""

    def __init__(self, config: CollectorConfig) -> None:
        """Opens the spool. Raises SpoolInUseError or SpoolWriteError if that fails."""
        client = IngestClient(config.ingest_url, config.ingest_token, config.ca_file)
        self._spool = Spool(config.spool_path, config.spool_max_bytes, int(time.time() * 1000))
        self._intake = Intake(INTAKE_MAX_EVENTS)
        self._listener = Listener(config, self._intake, self._spool.heard_ms)
        self._spooler = Spooler(self._intake, self._spool, self._counters)
        # What was dropped can only be made up for by asking what is the case now.
        self._delivery = Delivery(
            config.site, self._spool, client, gap_arrived=self._listener.want_lists
        )
        self._stop = threading.Event()
        self._error: Optional[BaseException] = None

    def run(self) -> None:
        """Runs until `stop` is called. Raises what a thread died of."""
        log.info("event=started spool=%s", self._spool.spool_id)
        listener = self._start("listener", self._listener.run)
        spooler = self._start("spooler", self._spooler.run)
        deliverer = self._start("deliverer", self._deliver)
        self._stop.wait()
        listener.join(_STOP_WITHIN_S)
        self._intake.close()
        spooler.join(_STOP_WITHIN_S)
        self._spool.wake()
        deliverer.join(_STOP_WITHIN_S)
        if not any(thread.is_alive() for thread in (spooler, deliverer)):
            self._spool.close()
        log.info("event=stopped spool_events=%d", self._spool.events)
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Ends `run` within some seconds; to be called from a signal handler or another thread."""
        self._stop.set()

    def _start(self, name: str, work: Callable[[threading.Event], None]) -> threading.Thread:
        # Daemons: one that hangs in a request must not keep the process from ending.
        thread = threading.Thread(target=self._watched, args=(work,), name=name, daemon=True)
        thread.start()
        return thread

    def _watched(self, work: Callable[[threading.Event], None]) -> None:
        try:
            work(self._stop)
        except BaseException as error:  # noqa: BLE001  # raised again by `run`
            self._error = error
            self._stop.set()

    def _deliver(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._spool.wait(_IDLE_WAIT_S)
            try:
                delay_s = self._delivery.step()
            except SpoolWriteError as error:
                log.warning("event=spool_not_written reason=%s", json.dumps(str(error)))
                delay_s = _RETRY_S
            if delay_s:
                stop.wait(delay_s)

    def _counters(self) -> Dict[str, int]:
        transcript = self._listener.transcript
        framing = transcript.framing
        return {
            "events_selected": transcript.counters.selected,
            "events_delivered": self._delivery.delivered_events,
            "events_refused": self._delivery.refused_events,
            "deliveries_failed": self._delivery.failed_attempts,
            "packets_forged": transcript.counters.forged,
            "unknown_lines": framing.unknown_lines,
            "parse_errors": framing.parse_errors,
            "latin1_packets": framing.latin1_packets,
            "oversized_lines": framing.oversized_lines,
            "oversized_packets": framing.oversized_packets,
            "broken_log_lines": self._listener.log_lines.broken_lines,
            "damaged_spools": self._spool.damaged_files,
            "reconnects": max(0, self._listener.logins - 1),
        }
