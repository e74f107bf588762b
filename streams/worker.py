"""The Faust worker's entry point: everything connected, started, and ended with an exit code."""

import gc
import logging
import sys
from typing import NoReturn

import faust
import structlog
from prometheus_client import start_http_server

from streams.app import create_app, create_chat_app
from streams.config import StreamsConfig
from streams.metrics import InsertMetrics
from streams.storage.connection import connect
from streams.storage.writer import ClickHouseFactWriter
from streams.topics import check_topics

GC_THRESHOLDS = (20_000, 20, 20)
"""So many new objects until the young ones are looked at, so many looks until those that stayed."""


def run(config: StreamsConfig, *, is_for_chats: bool) -> NoReturn:
    """Work until a signal or an error that waiting does not mend; ends the process.

    Raises TopicsError if the topics are not there.
    """
    check_topics(config.topics.kafka_bootstrap, config.topics.partitions)
    writer = ClickHouseFactWriter(lambda: connect(config.clickhouse_url), InsertMetrics())
    make = create_chat_app if is_for_chats else create_app
    run_app(make(config, writer), config)


def run_app(app: faust.App, config: StreamsConfig) -> NoReturn:
    """Run this app as the process's only one; ends the process."""
    configure_logging(config.log_level)
    if config.metrics_port:
        start_http_server(config.metrics_port, config.metrics_host)
    worker = faust.Worker(
        app, loglevel=config.log_level, quiet=True, override_logging=False, redirect_stdouts=False
    )
    worker.spinner = None  # it draws on stdout, terminal or not
    _spare_the_program()
    worker.execute_from_commandline()


def _spare_the_program() -> None:
    """Let the garbage collector look for cycles in what comes and goes, not in all that is loaded.

    What there is by now stays to the end, and hardly anything a fold makes can be in a cycle: a
    look at the whole program would take a twentieth of a worker's time (docs/adr/0021).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def configure_logging(level: str) -> None:
    """One JSON object per line on stderr, our own events and the libraries' alike."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # The libraries tell of every step, and their debug lines cost a twelfth of the worker's time
    # even when nobody reads them.
    for library in ("aiokafka", "faust", "kafka", "mode"):
        logging.getLogger(library).setLevel(logging.WARNING)
