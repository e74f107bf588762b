"""The collector's command line: `run`, `check`, `replay`.

Exit codes: 0 well; 1 something is wrong outside (`check` found it, or the spool is in use);
2 wrong settings or arguments.
"""

import argparse
import json
import logging
import os
import signal
import sys
from typing import List, Optional

from agent import __version__, config
from agent.check import as_json, check, is_ok
from agent.collector import Collector
from agent.errors import CaptureError, ConfigError, SpoolInUseError, SpoolWriteError
from agent.replay import replay

EXIT_OK = 0
EXIT_TROUBLE = 1
EXIT_USAGE = 2


def main(arguments: Optional[List[str]] = None) -> int:
    """Runs one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="level=%(levelname)s logger=%(name)s %(message)s",
    )
    # The spool holds what the tenant entrusts to us.
    os.umask(0o077)
    try:
        path = options.config or config.DEFAULT_FILE
        settings = config.load(path, os.environ, is_required=options.config is not None)
        return int(options.command(settings, options))
    except (ConfigError, CaptureError) as error:
        print("collector: {}".format(error), file=sys.stderr)
        return EXIT_USAGE
    except (SpoolInUseError, SpoolWriteError) as error:
        print("collector: {}".format(error), file=sys.stderr)
        return EXIT_TROUBLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="collector", description="Sends an Asterisk's queue events to the ingest API."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", dest="command_name")
    commands.required = True
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--config", metavar="FILE", help="settings; default: {}".format(config.DEFAULT_FILE)
    )
    run = commands.add_parser("run", parents=[shared], help="run until stopped")
    run.set_defaults(command=_run)
    checking = commands.add_parser(
        "check", parents=[shared], help="test AMI, server, token and clock; say what is wrong"
    )
    checking.add_argument("--json", action="store_true", help="one JSON object on the output")
    checking.add_argument(
        "--listen",
        metavar="SECONDS",
        type=float,
        default=5.0,
        help="how long to listen for events of each class; default: 5",
    )
    checking.set_defaults(command=_check)
    replaying = commands.add_parser(
        "replay", parents=[shared], help="send a recorded capture with its own times"
    )
    replaying.add_argument("path", help="capture directory, or one .ami file with its .idx.jsonl")
    replaying.set_defaults(command=_replay)
    return parser


def _run(settings: config.CollectorConfig, _options: argparse.Namespace) -> int:
    collector = Collector(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: collector.stop())
    collector.run()
    return EXIT_OK


def _check(settings: config.CollectorConfig, options: argparse.Namespace) -> int:
    findings = []
    for finding in check(settings, options.listen):
        findings.append(finding)
        if not options.json:
            print("{:8}{}".format(finding.status, finding.sentence), flush=True)
    if options.json:
        print(json.dumps(as_json(findings), ensure_ascii=False))
    return EXIT_OK if is_ok(findings) else EXIT_TROUBLE


def _replay(settings: config.CollectorConfig, options: argparse.Namespace) -> int:
    def show(delivered_events: int) -> None:
        print("\r{} events delivered".format(delivered_events), end="", file=sys.stderr)

    total = replay(settings, options.path, show)
    print("\r{} events delivered: all".format(total), file=sys.stderr)
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
