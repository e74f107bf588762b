"""The ingest API in a process of its own, as it is run."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from ingest_api.auth import SiteIdentity, new_token, token_digest
from ingest_api.token_file import TokenEntry, add_token
from local.process import LOOPBACK, Child, free_port

_ANSWERS_WITHIN_S = 60.0


class RunningIngest(NamedTuple):
    """A running ingest API: where it listens, its process, and a token per site."""

    url: str
    port: int
    child: Child
    tokens: dict[SiteIdentity, str]

    def resident_bytes(self) -> int:
        """Memory of the process, now."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024


@contextmanager
def running_ingest(
    bootstrap: str,
    folder: Path,
    sites: list[SiteIdentity],
    *,
    requests_per_second: int = 1_000_000,
    max_in_flight_bytes: int = 64 * 1024 * 1024,
    chat_keys_file: Path | None = None,
) -> Iterator[RunningIngest]:
    """Started with a token file for `sites`; answers to /healthz when the block begins.

    Tokens that are in the folder's `tokens.json` already are kept.
    """
    port = free_port()
    token_file = folder / "tokens.json"
    tokens = {site: new_token() for site in sites}
    for site, token in tokens.items():
        add_token(
            token_file,
            TokenEntry(sha256=token_digest(token), tenant=site.tenant, site=site.site),
        )
    environment = {
        "KAFKA_BOOTSTRAP": bootstrap,
        "INGEST_TOKENS_FILE": str(token_file),
        "INGEST_REQUESTS_PER_SECOND": str(requests_per_second),
        "INGEST_MAX_IN_FLIGHT_BYTES": str(max_in_flight_bytes),
    }
    if chat_keys_file is not None:
        environment["INGEST_CHAT_KEYS_FILE"] = str(chat_keys_file)
    command = [sys.executable, "-m", "ingest_api", "serve", "--port", str(port)]
    with Child("ingest", command, folder / "ingest.log", environment) as child:
        url = f"http://{LOOPBACK}:{port}"
        child.wait_until(lambda: _answers(f"{url}/healthz"), _ANSWERS_WITHIN_S)
        yield RunningIngest(url, port, child, tokens)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (HTTPError, URLError, OSError):
        return False
