"""`python -m local.clickhouse.current_schema`: writes clickhouse/schema/current.sql anew.

Migrates an engine of its own, in memory, and tells what came of it.
"""

import sys

import clickhouse_connect

from streams.storage.current_schema import CURRENT_SCHEMA, current_schema
from streams.storage.migrate import migrate


def main() -> int:
    """Writes the file and names it."""
    client = clickhouse_connect.get_client(interface="chdb")
    try:
        migrate(client)
        CURRENT_SCHEMA.write_text(current_schema(client), encoding="utf-8")
    finally:
        client.close()
    print(CURRENT_SCHEMA)
    return 0


if __name__ == "__main__":
    sys.exit(main())
