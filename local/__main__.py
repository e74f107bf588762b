"""`python -m local COMMAND …`: the parts of the pipeline on one machine.

Each command is a module with `main(arguments) -> exit code`, loaded only when it is asked for.
"""

import argparse
import importlib
import sys

COMMANDS = {
    "demo": ("local.demo", "the whole pipeline, with simulated call centres and a live wallboard"),
    "wallboard": ("local.wallboard.command", "the live wallboard alone"),
    "pbx": ("local.pbx.command", "simulated PBXs that speak AMI and know the truth"),
    "whatsapp": ("local.whatsapp.command", "a simulated Helena account that knows the truth"),
    "broker": ("local.broker", "the embedded Kafka broker"),
    "clickhouse": ("local.clickhouse.__main__", "the embedded ClickHouse"),
    "fold": ("local.fold", "what captures of an Asterisk count as, without any service"),
}


def main(arguments: list[str]) -> int:
    """Run the command that `arguments` begin with; its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m local", description="The whole pipeline on one machine without containers."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (_, summary) in COMMANDS.items():
        # The command's own parser answers --help.
        commands.add_parser(name, help=summary, add_help=False)
    command = parser.parse_args(arguments[:1]).command
    module = importlib.import_module(COMMANDS[command][0])
    code: int = module.main(arguments[1:])
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
