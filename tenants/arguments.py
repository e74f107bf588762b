"""The command line's form: commands, options, help. What they mean is in commands.py."""

import argparse
from collections.abc import Callable
from pathlib import Path

from connectors.channels import CHANNELS
from tenants import channels, commands, privacy
from tenants.values import LANGUAGES, SERVICE_LEVEL_VARIANTS

_EPILOG = """\
environment:
  CLICKHOUSE_URL           http(s)://user:password@host:port
  CLICKHOUSE_READERS_FILE  the file of readers of an embedded service; sync and verify write it
  CLICKHOUSE_OPERATORS     further users who see all tenants' rows, with commas between
  INGEST_PUBLIC_URL        where collectors post to, if --ingest-url is not given
  GRAFANA_URL              a Grafana for sync and verify; without it they leave Grafana alone
  GRAFANA_ADMIN_USER       its server administrator (admin if not set), and
  GRAFANA_ADMIN_PASSWORD   that one's password; each may end with _FILE and name a file instead
  GRAFANA_CLICKHOUSE_URL   where Grafana reaches ClickHouse, if not at CLICKHOUSE_URL

exit codes: 0 done, or nothing to do; 1 not possible, or not isolated;
            2 wrong arguments or settings; 130 interrupted
"""


class _Commands:
    """Adds commands of one level, each with the options that all have."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._places = parser.add_subparsers(required=True, metavar="command")

    def add(self, name: str, run: Callable[..., object], what: str) -> argparse.ArgumentParser:
        parser = self._places.add_parser(name, help=what, description=what)
        parser.add_argument("--json", action="store_true", help="answer as JSON")
        parser.set_defaults(run=run)
        return parser

    def group(self, name: str, what: str) -> "_Commands":
        return _Commands(self._places.add_parser(name, help=what, description=what))


def parser() -> argparse.ArgumentParser:
    """The parser; `options.run` becomes a function of commands.py."""
    top = argparse.ArgumentParser(
        prog="python -m tenants",
        description="The registry of tenants, and the readers that keep them apart.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    level = _Commands(top)
    _add_registration(level)
    _add_settings(level)
    _add_privacy(level)
    _add_channels(level)
    level.add("sync", commands.sync, "bring the server's readers, and Grafana, in line")
    verify = level.add("verify", commands.verify, "prove on the server that tenants are apart")
    verify.add_argument(
        "--passwords",
        type=Path,
        metavar="FILE",
        help='JSON {"tenant": "password"}: log in as these readers, not as passing users',
    )
    return top


def _add_registration(level: _Commands) -> None:
    add = level.add(
        "add", commands.add, "add a tenant with its first site, or change what is given"
    )
    add.add_argument("tenant")
    add.add_argument("--name", help="as people write it")
    add.add_argument("--time-zone", metavar="ZONE", help="IANA zone, such as America/Sao_Paulo")
    add.add_argument("--language", help=" or ".join(LANGUAGES))
    _add_targets(add)
    add.add_argument("--site", help="the first site if it is not to be pbx-01")
    add.add_argument("--ingest-url", metavar="URL", help="where its collectors post to")
    level.add("list", commands.list_tenants, "all tenants")
    _named(level.add("show", commands.show, "everything of one tenant but its secrets"))
    for name, run, what in (
        ("disable", commands.disable, "refuse the tokens of a tenant or site, and its reader"),
        ("enable", commands.enable, "accept them again"),
    ):
        _named(level.add(name, run, what)).add_argument("--site", help="only this one")
    site = level.group("site", "sites of a tenant").add(
        "add", commands.site_add, "add a site; its collector's settings are shown once"
    )
    _named(site, "site").add_argument("--ingest-url", metavar="URL", help="where it posts to")
    token = level.group("token", "tokens of collectors").add(
        "rotate", commands.token_rotate, "make a new token; older ones end after the overlap"
    )
    _named(token, "site")
    token.add_argument("--overlap", default="24h", help="how long older tokens are still accepted")
    token.add_argument("--again", action="store_true", help="even if an older one has yet to end")
    reader = level.group("reader", "the user who reads a tenant's rows").add(
        "rotate", commands.reader_rotate, "make a new password, valid from the next sync"
    )
    _named(reader)


def _add_settings(level: _Commands) -> None:
    queue = level.group("queue", "what holds for a queue").add(
        "set", commands.queue_set, "change what is given; `default` gives it back to the tenant"
    )
    _named(queue, "queue").add_argument("--name", help="as people are to see it")
    _add_targets(queue)
    agent = level.group("agent", "who agents are").add(
        "set", commands.agent_set, "tell an agent's person and team; an empty text forgets"
    )
    _named(agent, "site", "agent")
    agent.add_argument("--person")
    agent.add_argument("--team")
    pause = level.group("pause-limit", "how long pauses may last").add(
        "set", commands.pause_limit_set, "limit the pauses for a reason"
    )
    _named(pause)
    pause.add_argument("reason", help="as the source tells it; '*' for every other")
    pause.add_argument("limit", help="such as 15m or 1h30m; `none` lifts it")
    contact = level.group("contact", "whom alerts are told").add(
        "set", commands.contact_set, "replace what is given; without any, nobody is told"
    )
    _named(contact)
    contact.add_argument("--email", nargs="+", default=[], metavar="ADDRESS")
    contact.add_argument("--webhook", metavar="URL", help="is posted to, as Grafana's webhooks are")
    hours = level.group("hours", "when queues are open").add(
        "set", commands.hours_set, "set the week: mon-fri=08:00-12:00,13:00-18:00 sat=08:00-12:00"
    )
    _named(hours)
    hours.add_argument("week", nargs="+", help="days=times; `never`; `none` takes it back")
    hours.add_argument("--queue", help="one that has hours of its own")


def _add_privacy(level: _Commands) -> None:
    forget = level.add(
        "forget",
        privacy.forget,
        "take a caller out of all that is stored, and tell what goes by itself; without --yes only"
        " tell what there is",
    )
    forget.add_argument("--tenant", required=True, dest="of_tenant", help="whose caller it was")
    who = forget.add_mutually_exclusive_group(required=True)
    who.add_argument(
        "--caller", metavar="NUMBER", help="with or without country and area; - reads it from input"
    )
    who.add_argument("--caller-hash", metavar="HASH", help="as rows show it")
    forget.add_argument(
        "--key-file",
        type=Path,
        metavar="FILE",
        help="the tenant's keys, one a line; without them a number is found only where it is shown"
        " in clear",
    )
    forget.add_argument("--yes", action="store_true", help="do it")
    key = level.group("key", "the key that hashes a tenant's callers").add(
        "rotate", privacy.key_rotate, "make a new key, shown once; what it links, it links from now"
    )
    _named(key)


def _add_channels(level: _Commands) -> None:
    group = level.group("channel", "accounts of chat platforms")
    for connector, channel in CHANNELS.items():
        add = group.add(
            f"add-{connector}",
            channels.add,
            f"add an account of {channel.title}; the address of its webhook is shown once",
        )
        _named(add).set_defaults(connector=connector)
        add.add_argument("--account", default=channels.FIRST_ACCOUNT, help="(%(default)s)")
        add.add_argument(
            "--base-url", metavar="URL", default="", help="where its API is asked, if it is another"
        )
        add.add_argument("--ingest-url", metavar="URL", help="where its webhook posts to")
    rotate = group.add(
        "rotate", channels.rotate, "make a new address; older ones end after the overlap"
    )
    _named(rotate, "account").add_argument("--ingest-url", metavar="URL")
    rotate.add_argument("--overlap", default="24h", help="how long older ones are still accepted")


def _named(parser: argparse.ArgumentParser, *more: str) -> argparse.ArgumentParser:
    for name in ("tenant", *more):
        parser.add_argument(name)
    return parser


def _add_targets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--answer-limit", metavar="T", help="such as 20s: answered within it")
    parser.add_argument("--short-abandon", metavar="S", help="such as 5s: shorter waits are short")
    parser.add_argument(
        "--sl-variant", metavar="VARIANT", help=f"one of {', '.join(SERVICE_LEVEL_VARIANTS)}"
    )
    parser.add_argument("--sl-target", metavar="SHARE", help="such as 80%% of queue calls")
    parser.add_argument(
        "--waiting-limit", metavar="CALLERS", help="a queue where more wait is a bottleneck"
    )
    parser.add_argument(
        "--wait-limit", metavar="TIME", help="so is one where somebody waits longer, such as 2m"
    )
