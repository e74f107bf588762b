"""`python -m ingest_api serve | poll | token`: runs the API, asks chat platforms, makes a token."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
import uvicorn

from ingest_api.app import create_app
from ingest_api.auth import TokenRegistry, new_token, token_digest
from ingest_api.config import RegistryPlace, config_from
from ingest_api.contract.limits import is_site_name
from ingest_api.contract.topics import CHAT_EVENTS, PBX_EVENTS
from ingest_api.errors import ConfigError
from ingest_api.http_head import BoundedHeadProtocol
from ingest_api.kafka_publisher import KafkaPublisher
from ingest_api.log_setup import set_up_logs
from ingest_api.polling import command as polling
from ingest_api.registry_tokens import RegistryTokens
from ingest_api.token_file import FileTokenRegistry, TokenEntry, add_token
from ingest_api.token_source import ClickHouseTokenSource

_KEEP_ALIVE_S = 75
_STOP_WITHIN_S = 5
# The loop, the publisher and kafka-python's sender hand messages to each other; with Python's
# default of 5 ms a busy loop makes the others wait that long at each hand-over.
_THREAD_SWITCH_S = 0.0005


def main(arguments: list[str]) -> int:
    """Run the command that `arguments` name; its exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "serve":
            _serve(options.host, options.port)
        elif options.command == "poll":
            set_up_logs()
            polling.run(polling.config_from(os.environ))
        else:
            _make_token(options.tenant, options.site, options.file)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest_api", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="run the API until it is told to stop")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8080)
    commands.add_parser(
        "poll",
        help="ask chat platforms for what their webhooks did not tell, until told to stop",
        description="Settings: KAFKA_BOOTSTRAP, INGEST_POLL_FILE, INGEST_POLL_CURSORS,"
        " INGEST_CHAT_KEYS_FILE, INGEST_POLL_SESSIONS_S, INGEST_POLL_AGENTS_S,"
        " INGEST_POLL_METRICS_HOST, INGEST_POLL_METRICS_PORT (docs/chat.md).",
    )
    token = commands.add_parser("token", help="make a token; it is shown once")
    token.add_argument("--tenant", required=True)
    token.add_argument("--site", required=True)
    token.add_argument("--file", type=Path, help="token file to add the entry to")
    return parser


def _serve(host: str, port: int) -> None:
    config = config_from(os.environ)
    set_up_logs()
    publisher, chat_publisher = (
        KafkaPublisher(config.kafka_bootstrap, topic, config.max_in_flight_bytes)
        for topic in (PBX_EVENTS, CHAT_EVENTS)
    )
    sys.setswitchinterval(_THREAD_SWITCH_S)
    with _open_tokens(config.tokens) as tokens:
        structlog.get_logger().info("starting", host=host, port=port)
        uvicorn.run(
            create_app(config, publisher, tokens, chat_publisher=chat_publisher),
            host=host,
            port=port,
            loop="uvloop",
            http=BoundedHeadProtocol,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            # Nobody asks for the client's address.
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_STOP_WITHIN_S,
        )


@contextmanager
def _open_tokens(place: Path | RegistryPlace) -> Iterator[TokenRegistry]:
    if isinstance(place, RegistryPlace):
        with RegistryTokens(ClickHouseTokenSource(place.clickhouse_url), place.copy) as tokens:
            yield tokens
    else:
        yield FileTokenRegistry(place)


def _make_token(tenant: str, site: str, file: Path | None) -> None:
    for option, name in (("--tenant", tenant), ("--site", site)):
        if not is_site_name(name):
            raise ConfigError(f"{option} must be letters, digits, dots, dashes; 64 at most")
    token = new_token()
    entry = TokenEntry(sha256=token_digest(token), tenant=tenant, site=site)
    if file is not None:
        add_token(file, entry)
    print(f"token: {token}")
    print(f"entry: {entry.model_dump_json()}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
