"""`python -m tests.support.bare_reader PATH TENANT`: a reader before whom no gate stands.

As on a real server: role, grants, row policies and limits, and no look at the statements. Opens the
store of a service that was stopped. Reads a JSON array of pairs from stdin, whether the admin asks
and the statement, and writes an array of what came of each: the answer, or ClickHouse's error.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from local.clickhouse.engine import Engine, Session
from local.clickhouse.execution import run_statement
from local.clickhouse.users import User
from streams.storage.schema_files import read_schema

_READS_WITHIN_S = 240


def outcomes(store: Path, tenant: str, asked: Sequence[tuple[bool, str]]) -> list[str]:
    """What came of each statement: asked by the admin where True, else by the tenant's reader."""
    command = (sys.executable, "-m", "tests.support.bare_reader", str(store), tenant)
    done = subprocess.run(
        command,
        input=json.dumps(asked).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=_READS_WITHIN_S,
    )
    texts: list[str] = json.loads(done.stdout)
    return texts


def main(path: Path, tenant: str) -> None:
    """Answers what stdin asks."""
    sessions = {
        is_admin: Session(User("x", None if is_admin else tenant), "", {}, {}, is_read_only=False)
        for is_admin in (True, False)
    }
    with closing(Engine(path, read_schema())) as engine:
        answers = [
            _outcome(engine, sessions[is_admin], statement)
            for is_admin, statement in json.load(sys.stdin)
        ]
    json.dump(answers, sys.stdout)


def _outcome(engine: Engine, session: Session, statement: str) -> str:
    try:
        return run_statement(engine, session, statement, "TabSeparated", {}).data.decode("latin-1")
    except RuntimeError as error:
        return str(error)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
