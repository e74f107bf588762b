"""`python -m streams rebuild`: what it is told, what it shows, and its exit code."""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping

import msgspec
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from streams.config import clickhouse_url_from
from streams.domain.interval import window_start
from streams.domain.version import FOLD_REVISION
from streams.errors import RebuildError
from streams.processors.dead_letters import reason_of
from streams.processors.ports import SiteFold
from streams.rebuild.moments import moment_text, parse_moment
from streams.rebuild.settling import Settled
from streams.rebuild.site_rebuild import SiteRebuild, SiteReport
from streams.rebuild.staging import open_staging
from streams.storage.connection import connect

PROGRESS_EVERY_S = 2.0

_SITES = """
SELECT DISTINCT site FROM callcentre.event_batches
WHERE tenant_id = {tenant:String} ORDER BY site
"""


class Report(msgspec.Struct, frozen=True):
    """What `--json` prints. `since` is the moment from which rows were rebuilt, RFC 3339."""

    tenant: str
    since: str
    fold_revision: int
    is_dry_run: bool
    sites: list[SiteReport]
    failed: dict[str, str]


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command's arguments to the command line."""
    parser = commands.add_parser(
        "rebuild",
        help="fold the stored raw events anew",
        description="Fold the stored raw events of a tenant anew with today's rules, and bring the "
        "tables in step with that. The workers go on meanwhile. Doing it twice changes nothing.",
        epilog="See docs/runbooks/rebuild.md.",
    )
    parser.add_argument("--tenant", required=True, help="whose events")
    parser.add_argument("--site", help="only this one of the tenant's sites")
    parser.add_argument(
        "--from",
        dest="since",
        required=True,
        type=_moment,
        metavar="TIME",
        help="rebuild rows of this moment and later: a date or an ISO 8601 moment, UTC unless it "
        "names a zone; rounded down to a quarter of an hour",
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Do it; the exit code. Raises ConfigError, RebuildError and what clickhouse-connect raises."""
    client = connect(clickhouse_url_from(environment))
    try:
        report = rebuild(
            client,
            options.tenant,
            options.site,
            options.since,
            is_dry_run=options.dry_run,
        )
    finally:
        client.close()
    if options.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(report)).decode() + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(report))
    return 1 if report.failed else 0


def rebuild(
    client: Client,
    tenant: str,
    site: str | None,
    since: int,
    *,
    is_dry_run: bool = False,
    fold: SiteFold | None = None,
) -> Report:
    """Rebuild one site, or all of the tenant that have stored events, one after the other.

    A site that fails is named in the report, and the others go on. `fold` is today's unless a test
    brings another. Raises RebuildError if there is no such tenant or site, and what
    clickhouse-connect raises.
    """
    known = [name for (name,) in client.query(_SITES, parameters={"tenant": tenant}).result_rows]
    if not known:
        raise RebuildError(f"no events of a tenant {tenant!r} are stored")
    if site is not None and site not in known:
        raise RebuildError(
            f"no events of a site {site!r} are stored; {tenant} has {', '.join(known)}"
        )
    since = window_start(since)
    _say(f"{tenant}: rows from {moment_text(since)} on, by fold revision {FOLD_REVISION}")
    sites = known if site is None else [site]
    done: list[SiteReport] = []
    failed: dict[str, str] = {}
    with open_staging(client) as staging:
        for number, name in enumerate(sites, 1):
            work = SiteRebuild(client, staging, tenant, name, fold or SiteFold())
            progress = _Progress(f"{name} ({number} of {len(sites)})")
            try:
                done.append(work.run(since, progress, is_dry_run=is_dry_run))
            except (RebuildError, ClickHouseError) as error:
                failed[name] = str(error)
            except Exception as error:  # noqa: BLE001 - whatever it is, the other sites go on
                failed[name] = reason_of(error)
    return Report(tenant, moment_text(since), FOLD_REVISION, is_dry_run, done, failed)


class _Progress:
    """Says how far a site is, now and then, and at its end."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._said_at = float("-inf")

    def __call__(self, folded: int, amount: int) -> None:
        now = time.monotonic()
        if folded < amount and now - self._said_at < PROGRESS_EVERY_S:
            return
        self._said_at = now
        share = 100 if folded >= amount else 100 * folded // amount
        _say(f"{self._site}: {folded:,} of {amount:,} events, {share} %")


def _lines(report: Report) -> Iterator[str]:
    """The report for people."""
    would = "would be " if report.is_dry_run else ""
    for site in report.sites:
        total = sum(site.tables.values(), Settled())
        yield f"{site.site}: {site.events:,} events folded"
        for table, settled in site.tables.items():
            if settled.written or settled.taken_back:
                yield (
                    f"  {table}: {settled.written:,} rows {would}written, "
                    f"{settled.taken_back:,} {would}taken back"
                )
        if not (total.written or total.taken_back):
            yield "  every row is as today's rules make it"
        for broken in site.broken:
            yield (
                f"  events {broken.first_sequence} to {broken.last_sequence} cannot be folded: "
                f"{broken.reason}; their time stays a coverage gap"
            )
        if total.unfollowed:
            yield (
                f"  {total.unfollowed} of these rows are still open and the workers do not know "
                "them: rebuild again when they are over"
            )
    for name, reason in report.failed.items():
        yield f"{name}: FAILED: {reason}"


def _moment(text: str) -> int:
    try:
        return parse_moment(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a date nor an ISO 8601 moment"
        ) from None


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
