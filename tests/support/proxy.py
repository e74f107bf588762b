"""The TLS proxy of the deployment, run here with its own Caddyfile on loopback."""

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from local.process import LOOPBACK, Child, free_port
from tests.support.compose import DEPLOY, environment, made_up_values
from tests.support.programs import program

_CADDYFILE = DEPLOY / "caddy" / "Caddyfile"
_UP_WITHIN_S = 60.0


class Answer(NamedTuple):
    """What came back."""

    status: int
    text: str
    headers: Mapping[str, str]


class RunningProxy(NamedTuple):
    """A proxy with a certificate authority of its own; `port` is that of HTTPS."""

    port: int
    authority: Path

    def ask(
        self,
        host: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
    ) -> Answer:
        """GET, or POST of a body, at one of its names; the certificate is verified."""
        trusting = ssl.create_default_context(cafile=str(self.authority))
        trusting.maximum_version = newest
        with (
            closing(socket.create_connection((LOOPBACK, self.port), timeout=30)) as plain,
            closing(trusting.wrap_socket(plain, server_hostname=host)) as secured,
        ):
            connection = http.client.HTTPConnection(host)
            connection.sock = secured
            connection.request("GET" if body is None else "POST", path, body, dict(headers or {}))
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
            return Answer(answer.status, text, {k.lower(): v for k, v in answer.getheaders()})


@contextmanager
def running_proxy(
    directory: Path, *, ingest: int, grafana: int, clickhouse: int
) -> Iterator[RunningProxy]:
    """Caddy before programs at these loopback ports, once it answers with its certificates."""
    https, admin = free_port(), free_port()
    text = _CADDYFILE.read_text()
    for theirs, ours in (
        ("admin localhost:2019", f"admin {LOOPBACK}:{admin}"),
        ("\tskip_install_trust\n", f"\tskip_install_trust\n\thttps_port {https}\n"),
        ("\tskip_install_trust\n", f"\tskip_install_trust\n\thttp_port {free_port()}\n"),
        ("name ingest\n\t\t\t\tport 8080", f"name localhost\n\t\t\t\tport {ingest}"),
        ("grafana:3000", f"{LOOPBACK}:{grafana}"),
        ("clickhouse:8123", f"{LOOPBACK}:{clickhouse}"),
    ):
        assert theirs in text, theirs
        text = text.replace(theirs, ours)
    caddyfile = directory / "Caddyfile"
    caddyfile.write_text(text)
    kept = directory / "kept"
    values = environment("proxy", made_up_values())
    surroundings = values | {"XDG_DATA_HOME": str(kept), "XDG_CONFIG_HOME": str(kept)}
    command = [*(program("caddy"), "run"), *("--config", str(caddyfile), "--adapter", "caddyfile")]
    proxy = RunningProxy(https, kept / "caddy" / "pki" / "authorities" / "local" / "root.crt")
    with Child("proxy", command, directory / "proxy.log", surroundings) as child:
        child.wait_until(lambda: _answers(proxy, values["INGEST_HOST"]), _UP_WITHIN_S)
        yield proxy


def _answers(proxy: RunningProxy, host: str) -> bool:
    try:
        return proxy.ask(host, "/").status == http.client.NOT_FOUND
    except OSError:
        return False
