"""The pipeline in its real processes, each as a `Part` that can be killed and comes back.

Addresses are fixed for a run, so that a part that was started again is where it was.
"""

import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ingest_api.auth import new_token, token_digest
from ingest_api.token_file import TokenEntry, add_token
from local import broker
from local.addresses import answers
from local.collector_settings import CollectorSettings, write_settings
from local.process import LOOPBACK, Child, free_port
from tests.chaos.parts import Part
from tests.chaos.plan import TENANT
from tests.support.apache_kafka import ApacheKafka

SESSION_TIMEOUT_S = 3
_FINISHED_WITHIN_S = 90.0
_PRIVACY_KEY = "made-up tenant key"
_MODULE = (sys.executable, "-m")

Words = Callable[[], Sequence[str]]
"""The command line of a worker, without the interpreter; asked at each start."""


def plain_worker() -> Sequence[str]:
    """The worker as it is run."""
    return ("streams", "worker")


class Stack:
    """Broker, ClickHouse, ingest and one worker; more workers and collectors come when asked for.

    `parts` are all there are, by name.
    """

    def __init__(self, directory: Path, sites: Sequence[str], broker_kind: str) -> None:
        """Starts nothing. `sites` get a token each."""
        self.directory = directory
        self.parts: dict[str, Part] = {}
        self.tokens = {site: new_token() for site in sites}
        self.ingest_port = free_port()
        self.metrics_urls: dict[str, str] = {}
        self._broker_kind = broker_kind
        self._clickhouse_port = free_port()
        self._password = secrets.token_urlsafe(16)
        self.bootstrap = broker_kind
        self.clickhouse_url = f"http://admin:{self._password}@{LOOPBACK}:{self._clickhouse_port}"

    def start(self, worker: Words = plain_worker) -> None:
        """Everything up and answering. Raises ChildFailedError, KafkaMissingError."""
        self.directory.mkdir(parents=True)
        self._start_broker()
        self._start_clickhouse()
        self.await_clickhouse()
        for name, words in (("topics", ["streams", "topics"]), ("migrate", ["streams", "migrate"])):
            self.launch(name, words).finish(_FINISHED_WITHIN_S)
        self._start_ingest()
        self.add_worker("worker", "worker", worker)
        self._wait("ingest", f"http://{LOOPBACK}:{self.ingest_port}/readyz")
        self._wait("worker", self.metrics_urls["worker"])

    def stop(self, but: str = "") -> None:
        """Ends every part, each before what it writes to; one may be left."""
        for part in reversed(list(self.parts.values())):
            if part.name != but:
                part.leave()

    def launch(
        self, name: str, words: Sequence[str], environment: dict[str, str] | None = None
    ) -> Child:
        """One of our programs as a child: `python -m` with these words."""
        settings = {
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "CLICKHOUSE_URL": self.clickhouse_url,
            "STREAMS_SESSION_TIMEOUT_S": str(SESSION_TIMEOUT_S),
            **(environment or {}),
        }
        return Child(name, [*_MODULE, *words], self._log(name), settings)

    # --- Parts ------------------------------------------------------------------------------------

    def add_worker(self, name: str, kind: str, words: Words) -> Part:
        """A worker that runs from now on."""
        port = free_port()
        self.metrics_urls[name] = f"http://{LOOPBACK}:{port}/metrics"
        environment = {"STREAMS_METRICS_PORT": str(port)}
        return self._add(Part(name, kind, lambda: self.launch(name, words(), environment)))

    def add_collector(
        self, site: str, ami_port: int, ami_secret: str, ingest_port: int, spool_megabytes: int
    ) -> Part:
        """The collector of one simulated PBX, which posts to `ingest_port`."""
        settings = CollectorSettings(
            site,
            self.directory / site,
            ami_port,
            "collector",
            ami_secret,
            f"http://{LOOPBACK}:{ingest_port}",
            self.tokens[site],
            _PRIVACY_KEY,
        )
        words = ["agent", "run", f"--config={write_settings(settings)}"]
        environment = {"COLLECTOR_SPOOL_MAX_MEGABYTES": str(spool_megabytes)}
        name = f"collector {site}"
        return self._add(Part(name, "collector", lambda: self.launch(name, words, environment)))

    def await_clickhouse(self) -> None:
        """Returns when ClickHouse answers."""
        self._wait("clickhouse", f"http://{LOOPBACK}:{self._clickhouse_port}/ping")

    def _add(self, part: Part) -> Part:
        part.start()
        self.parts[part.name] = part
        return part

    def _wait(self, name: str, url: str) -> None:
        self.parts[name].wait_until(lambda: answers(url))

    def _start_broker(self) -> None:
        if self._broker_kind == "apache":
            kafka = ApacheKafka(self.directory / "kafka")
            self.bootstrap = kafka.bootstrap
            self._add(Part("broker", "broker", kafka.launch))
        elif self._broker_kind == "embedded":
            port = free_port()
            self.bootstrap = f"{LOOPBACK}:{port}"
            log = self._log("broker")
            self._add(Part("broker", "embedded broker", lambda: broker.start(log, port)))
        if "broker" in self.parts:
            self.parts["broker"].wait_until(lambda: broker.answers(self.bootstrap))

    def _start_clickhouse(self) -> None:
        words = [
            "local.clickhouse",
            f"--path={self.directory.absolute() / 'clickhouse'}",
            f"--port={self._clickhouse_port}",
        ]
        environment = {"CLICKHOUSE_ADMIN_PASSWORD": self._password}
        self._add(
            Part("clickhouse", "clickhouse", lambda: self.launch("clickhouse", words, environment))
        )

    def _start_ingest(self) -> None:
        tokens = self.directory.absolute() / "tokens.json"
        for site, token in self.tokens.items():
            add_token(tokens, TokenEntry(sha256=token_digest(token), tenant=TENANT, site=site))
        words = ["ingest_api", "serve", f"--port={self.ingest_port}"]
        environment = {"INGEST_TOKENS_FILE": str(tokens)}
        self._add(Part("ingest", "ingest", lambda: self.launch("ingest", words, environment)))

    def _log(self, name: str) -> Path:
        return self.directory / "logs" / f"{name.replace(' ', '-')}.log"


@contextmanager
def running(stack: Stack, worker: Words = plain_worker) -> Iterator[Stack]:
    """The stack while the block runs; whatever happens, nothing of it is left behind."""
    try:
        stack.start(worker)
        yield stack
    finally:
        stack.stop()
