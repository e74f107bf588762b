"""`python -m bench --only boards`: every statement of the committed boards over many queue calls.

Asked as the largest customer's reader, over HTTP, as a browser with the page just opened asks them:
nothing chosen, the range the page begins with and thirty days. The calls are those of the queries
part; windows, agents' states and memberships are made of them here.
"""

# ruff: noqa: S608 - names and numbers of our own

import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from clickhouse_connect.driver.client import Client

from bench.figures import quantile
from bench.generated_calls import LARGEST, fill
from bench.servers import ClickHouse, clickhouse
from grafana.language import Language
from local.usage import usage_of
from streams.storage.connection import connect
from tests.support.board_queries import Range
from tests.support.boards import answer_to, board_files, initial_values, statements

_DAY_S = 86_400
_LIVE = "cc-now"

# A tenth of the customers at a time, so that no statement takes long.
_WINDOWS = tuple(
    "INSERT INTO callcentre.queue_windows SELECT *, 0 AS is_deleted"
    f" FROM callcentre.v_queue_windows_recounted WHERE startsWith(tenant_id, 'tenant-0{tenth}')"
    for tenth in range(10)
)
_TENANT = f"""
INSERT INTO callcentre.tenants
    (tenant_id, display_name, time_zone, language, answer_limit_s, short_abandon_s,
    service_level_variant, service_level_target, is_enabled, version)
VALUES
    ('{LARGEST}', 'Largest', 'America/Sao_Paulo', 'pt-BR', 20, 5, 'excluding_short', 0.8, true, 1)
"""
# Each conversation, and being available until the next one; the last one is still running.
_STATES = f"""
INSERT INTO callcentre.agent_states
    (tenant_id, site, channel, agent_key, agent_name, state, queue, call_id, started_at, ended_at,
    state_since, version)
SELECT
    tenant_id, site, channel, agent_key, agent_name, part.1, if(part.1 = 'talking', queue, ''),
    if(part.1 = 'talking', call_id, ''), part.2, part.3, part.2, 1
FROM
(
    SELECT
        *,
        arrayJoin([
            ('talking', answered_at, toNullable(least(ended_at, following))),
            ('available', least(ended_at, following), if(is_last, NULL, following))]) AS part
    FROM
    (
        SELECT
            tenant_id, site, channel, agent_key, agent_name, queue, call_id,
            assumeNotNull(answered_at) AS answered_at, assumeNotNull(ended_at) AS ended_at,
            leadInFrame(answered_at, 1, ended_at) OVER later AS following,
            row_number() OVER (PARTITION BY agent_key ORDER BY answered_at DESC) = 1 AS is_last
        FROM callcentre.v_queue_calls
        WHERE tenant_id = '{LARGEST}' AND outcome = 'answered'
        WINDOW later AS (PARTITION BY agent_key ORDER BY answered_at
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
    )
)
"""
# Fourteen changes a day of each agent in each of three queues, for ninety days.
_MEMBERSHIPS = f"""
INSERT INTO callcentre.agent_memberships
    (tenant_id, site, agent_key, agent_name, queue, started_at, ended_at, is_paused, version)
SELECT
    '{LARGEST}', 'pbx-00', concat('pjsip/', toString(2000 + number % 400)),
    concat('Agent ', toString(number % 400)), concat('queue-', toString(intDiv(number, 400) % 3)),
    now64(3) - toIntervalSecond(intDiv(number, 1200) * 6171) AS began,
    if(number < 1200, NULL, began + toIntervalSecond(6171)), number % 5 = 0, 1
FROM numbers(1200 * 14 * 90)
"""


class Asked(NamedTuple):
    """One statement: where it stands, over how many days, its times, and the engine's part of them.

    `times_ms` are the clock's, one per round; `cpu_ms` is processor time of the engine a round.
    """

    board: str
    where: str
    days: int
    times_ms: list[float]
    cpu_ms: float

    @property
    def p50_ms(self) -> float:
        """Half of the answers came by then."""
        return quantile(self.times_ms, 0.5)

    @property
    def p95_ms(self) -> float:
        """Nineteen of twenty answers came by then."""
        return quantile(self.times_ms, 0.95)

    @property
    def is_live(self) -> bool:
        """It is asked again every two seconds."""
        return self.board == _LIVE and not self.where.startswith("variable")


def measure(calls: int, rounds: int) -> list[Asked]:
    """Every statement that a customer's page sends, `rounds` times each over two ranges."""
    with tempfile.TemporaryDirectory() as name, clickhouse(Path(name), (LARGEST,)) as server:
        admin = connect(server.url)
        fill(admin, calls)
        complete(admin)
        admin.close()
        return _ask(server, rounds)


def complete(admin: Client) -> None:
    """Makes what the boards read besides the calls."""
    for statement in (_TENANT, *_WINDOWS, _STATES, _MEMBERSHIPS):
        admin.command(statement)


def _ask(server: ClickHouse, rounds: int) -> list[Asked]:
    url = server.reader_urls[LARGEST]
    now_s = int(time.time())
    asked = []
    for file in board_files():
        if file.language is not Language.PORTUGUESE or file.path.parent.name == "operator":
            continue
        uid = file.board["uid"]
        for days in (1,) if uid == _LIVE else (1, 30):
            within = Range(now_s - days * _DAY_S, now_s)
            values = initial_values(file.board, url, within)
            for where, sql in statements(file.board).items():
                times_ms = []
                used_s = _cpu_s(server)
                for _ in range(rounds):
                    began = time.perf_counter()
                    answer_to(url, sql, values, within)
                    times_ms.append((time.perf_counter() - began) * 1e3)
                cpu_ms = (_cpu_s(server) - used_s) / rounds * 1e3
                asked.append(Asked(uid, where, days, times_ms, cpu_ms))
    return asked


def _cpu_s(server: ClickHouse) -> float:
    usage = usage_of(server.process.pid)
    assert usage is not None
    return usage.cpu_s
