"""Command line of the streams: `python -m streams …`.

Exit codes: 0 done, or stopped by a signal; 1 something failed, the last line says what; 2 wrong
arguments or configuration.
"""

import argparse
import os
import sys
from collections.abc import Mapping

from clickhouse_connect.driver.exceptions import ClickHouseError

from streams import dead_letter_list
from streams.config import clickhouse_url_from, config_from, topics_config_from
from streams.errors import ConfigError, StreamsError
from streams.rebuild import command as rebuild_command
from streams.storage.connection import connect
from streams.storage.errors import SchemaError
from streams.storage.migrate import migrate
from streams.topics import create_topics


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Run one command; its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m streams",
        description="Turn the events of the call centres into facts in ClickHouse.",
        epilog="Settings come from the environment: see streams/config.py.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    worker = commands.add_parser(
        "worker", help="work until stopped; start as many as there is load"
    )
    worker.add_argument("--chats", action="store_true", help="fold chat accounts, not sites")
    commands.add_parser("topics", help="make the Kafka topics that are missing")
    migration = commands.add_parser("migrate", help="bring ClickHouse to the current schema")
    migration.add_argument("--dry-run", action="store_true", help="only say what would be done")
    rebuild_command.add_parser(commands)
    dead_letter_list.add_parser(commands)
    options = parser.parse_args(arguments)
    try:
        if options.command == "worker":
            return _work(environment, is_for_chats=options.chats)
        if options.command == "topics":
            return _make_topics(environment)
        if options.command == "rebuild":
            return rebuild_command.run(options, environment)
        if options.command == "dead-letters":
            return dead_letter_list.run(options, environment)
        return _migrate(environment, is_dry_run=options.dry_run)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except (StreamsError, SchemaError, ClickHouseError) as error:
        print(error, file=sys.stderr)
        return 1


def _work(environment: Mapping[str, str], *, is_for_chats: bool) -> int:
    from streams.worker import run  # noqa: PLC0415 - Faust takes half a second to import

    return run(config_from(environment), is_for_chats=is_for_chats)


def _make_topics(environment: Mapping[str, str]) -> int:
    config = topics_config_from(environment)
    made = create_topics(config.kafka_bootstrap, config.partitions, config.replication)
    for topic in made:
        print(f"made {topic}")
    print(f"topics are there, with {config.partitions} partitions each")
    return 0


def _migrate(environment: Mapping[str, str], *, is_dry_run: bool) -> int:
    client = connect(clickhouse_url_from(environment))
    try:
        changes = migrate(client, is_dry_run=is_dry_run)
    finally:
        client.close()
    for change in changes:
        print(f"{'would apply' if is_dry_run else 'applied'} {change.kind} {change.file.name}")
    if not changes:
        print("the schema is current")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
