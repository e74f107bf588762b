"""Command line of the registry: `python -m tenants …`.

Exit codes: 0 done, or nothing to do; 1 not possible, or not isolated, the last line says what;
2 wrong arguments or settings; 130 interrupted.
"""

import os
import sys
from collections.abc import Mapping

from clickhouse_connect.driver.exceptions import ClickHouseError

from tenants.arguments import parser
from tenants.commands import Surroundings
from tenants.config import config_from
from tenants.connection import connect, refused_by_server
from tenants.errors import TenantsError, WrongInputError
from tenants.outcome import as_json, as_text
from tenants.registry import Registry


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Run one command; its exit code."""
    options = parser().parse_args(arguments)
    try:
        config = config_from(environment)
        client = connect(config.clickhouse_url)
        try:
            outcome = options.run(Surroundings(config, client, Registry(client)), options)
        finally:
            client.close()
    except WrongInputError as error:
        print(error, file=sys.stderr)
        return 2
    except TenantsError as error:
        print(error, file=sys.stderr)
        return 1
    except ClickHouseError as error:
        print(refused_by_server(error, config.clickhouse_url), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: run it again, it goes on from where it was", file=sys.stderr)
        return 130
    print(as_json(outcome) if options.json else as_text(outcome))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
