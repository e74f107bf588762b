"""`python -m ingest_api poll`: one process that asks for all accounts of a file."""

import asyncio
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from prometheus_client import start_http_server

from connectors.pollers import POLLERS
from ingest_api.config import bootstrap_from, number_from, optional_file_from, required_from
from ingest_api.contract.topics import CHAT_EVENTS
from ingest_api.intake import wall_clock_ms
from ingest_api.kafka_publisher import KafkaPublisher
from ingest_api.masking import read_maskings
from ingest_api.polling.accounts import read_accounts
from ingest_api.polling.cursors import Cursors
from ingest_api.polling.rounds import Intervals, Rounds

BACK_AT_FIRST_MS = 24 * 60 * 60 * 1000
"""So far back is read of an account that was never read."""

_LOOPBACK = "127.0.0.1"
_MAX_IN_FLIGHT_BYTES = 16 * 1024 * 1024

_log = structlog.get_logger()


@dataclass(frozen=True)
class PollConfig:
    """What the process is told; see `config_from`."""

    kafka_bootstrap: str
    accounts_file: Path
    cursors_file: Path
    chat_keys_file: Path | None
    intervals: Intervals
    metrics_host: str
    metrics_port: int


def config_from(environment: Mapping[str, str]) -> PollConfig:
    """The configuration in environment variables. Raises ConfigError naming the wrong one."""
    default = Intervals()
    return PollConfig(
        kafka_bootstrap=bootstrap_from(environment),
        accounts_file=Path(required_from(environment, "INGEST_POLL_FILE")),
        cursors_file=Path(required_from(environment, "INGEST_POLL_CURSORS")),
        chat_keys_file=optional_file_from(environment, "INGEST_CHAT_KEYS_FILE"),
        intervals=Intervals(
            number_from(environment, "INGEST_POLL_SESSIONS_S", default.sessions_s, (1, 3_600)),
            number_from(environment, "INGEST_POLL_AGENTS_S", default.agents_s, (1, 3_600)),
        ),
        metrics_host=environment.get("INGEST_POLL_METRICS_HOST", "").strip() or _LOOPBACK,
        metrics_port=int(number_from(environment, "INGEST_POLL_METRICS_PORT", 0, (0, 65_535))),
    )


def run(config: PollConfig) -> None:
    """Ask until a signal comes. Raises ConfigError if a file cannot be used."""
    accounts = read_accounts(config.accounts_file)
    maskings = read_maskings(config.chat_keys_file)
    cursors = Cursors(config.cursors_file)
    _log.info("polling", accounts=len(accounts))

    async def poll() -> None:
        publisher = KafkaPublisher(config.kafka_bootstrap, CHAT_EVENTS, _MAX_IN_FLIGHT_BYTES)
        # Before anything is scraped: an account that is not told of counts as taken out.
        rounds = [
            Rounds(
                account,
                POLLERS[account.connector](
                    account.base_url,
                    account.token,
                    cursors.of(account.identity, wall_clock_ms() - BACK_AT_FIRST_MS),
                ),
                publisher=publisher,
                maskings=maskings,
                cursors=cursors,
                now_ms=wall_clock_ms,
            )
            for account in accounts
        ]
        if config.metrics_port:
            start_http_server(config.metrics_port, config.metrics_host)
        await publisher.start()
        tasks = [asyncio.create_task(each.run(config.intervals)) for each in rounds]
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stopped.set)
        await stopped.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await publisher.close()

    asyncio.run(poll())
