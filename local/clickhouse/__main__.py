"""`python -m local.clickhouse --path DIRECTORY --port PORT [--user-file FILE]`.

The admin's password comes from the environment (CLICKHOUSE_ADMIN_PASSWORD) or from the file named
by `--admin-password-file`; there is no default. Stops on SIGTERM and SIGINT.
"""

import argparse
import os
import socket
import sys
from contextlib import closing
from pathlib import Path

import uvicorn

from local.clickhouse.app import Service, create_app
from local.clickhouse.engine import Engine
from local.clickhouse.errors import StartError
from local.clickhouse.unread import ReadWithinProtocol
from local.clickhouse.users import Users
from local.stopping import until_stopped
from streams.storage.schema_files import read_schema

LOOPBACK = "127.0.0.1"
GRACE_S = 5
PASSWORD_VARIABLE = "CLICKHOUSE_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable


def main(arguments: list[str]) -> int:
    """Runs the service until it is told to stop; 1 and one sentence if it cannot start."""
    options = _parse(arguments)
    try:
        with until_stopped():
            serve(options.path, options.port, _users(options))
    except StartError as error:
        print(f"clickhouse: {error}", file=sys.stderr)
        return 1
    return 0


def serve(path: Path, port: int, users: Users) -> None:
    """Serves the data path on the loopback interface; port 0 takes a free one.

    Prints one line with the address when clients may connect. Raises StartError if the path or the
    port is in use.
    """
    with (
        _listen(port) as listener,
        closing(Engine(path, read_schema())) as engine,
        closing(Service(engine, users)) as service,
    ):
        print(f"clickhouse: http://{LOOPBACK}:{listener.getsockname()[1]}", flush=True)
        configuration = uvicorn.Config(
            create_app(service),
            log_level="warning",
            access_log=False,
            http=ReadWithinProtocol,
            lifespan="off",
            timeout_graceful_shutdown=GRACE_S,
        )
        uvicorn.Server(configuration).run(sockets=[listener])


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local.clickhouse",
        description="ClickHouse's HTTP interface over the embedded engine, on the loopback only.",
    )
    parser.add_argument("--path", type=Path, required=True, help="directory of the data")
    parser.add_argument("--port", type=int, required=True, help="TCP port; 0 for a free one")
    parser.add_argument("--user-file", type=Path, help="JSON file with the readers")
    parser.add_argument(
        "--admin-password-file", type=Path, help=f"instead of the variable {PASSWORD_VARIABLE}"
    )
    return parser.parse_args(arguments)


def _users(options: argparse.Namespace) -> Users:
    try:
        if options.admin_password_file is not None:
            password = options.admin_password_file.read_text(encoding="utf-8").strip()
        else:
            password = os.environ.get(PASSWORD_VARIABLE, "")
        if not password:
            raise StartError(f"set {PASSWORD_VARIABLE} or give --admin-password-file")
        return Users(password, options.user_file)
    except (OSError, ValueError) as error:
        raise StartError(str(error)) from error


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        # From here on clients may connect; they are answered when the engine is up.
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise StartError(f"port {port} cannot be used: {error.strerror}") from error
    return listener


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
