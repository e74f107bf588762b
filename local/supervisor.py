"""Starts the whole pipeline in its real processes, and ends it in order.

Every child has its log in the state directory. While the pipeline comes up, a child that ends is a
failure to be shown; from then on it is started again (`Stack.look`). Whatever happens, no child is
left behind.
"""

import json
import re
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ingest_api.auth import new_token, token_digest
from ingest_api.token_file import TokenEntry, add_token
from local import broker
from local.addresses import answers, ask_clickhouse, bare
from local.collector_settings import CollectorSettings, write_settings
from local.process import LOOPBACK, Child, ChildFailedError, free_port
from local.stack import TENANT, Stack, StackPlan

AMI_USER = "collector"

_UP_WITHIN_S = 60.0

Progress = Callable[[str, str], None]
"""Told of each part that is up: its name, and where it is."""


@contextmanager
def running_stack(plan: StackPlan, progress: Progress) -> Iterator[Stack]:
    """The pipeline while the block runs, up to the first rows of every site in ClickHouse.

    Raises ChildFailedError or BrokerMissingError if it cannot be started; all is ended then.
    """
    plan.state.mkdir(parents=True, mode=0o700, exist_ok=True)
    stack = Stack()
    try:
        _Starter(plan, stack, progress).start()
        yield stack
    finally:
        stack.stop()


class _Starter:
    """Starts a stack's parts: what does not need each other at the same time."""

    def __init__(self, plan: StackPlan, stack: Stack, progress: Progress) -> None:
        self._plan = plan
        self._stack = stack
        self._progress = progress
        self._ami_secret = secrets.token_urlsafe(16)
        self._ami_ports: dict[str, int] = {}

    def start(self) -> None:
        if not self._plan.kafka_bootstrap:
            self._start_broker()
        if not self._plan.clickhouse_url:
            self._start_clickhouse()
        self._start_pbx()
        self._await_broker()
        self._make_topics()
        tokens = self._start_ingest()
        self._await_clickhouse()
        self._finish("migrate", ["streams", "migrate"], self._clickhouse_environment())
        self._progress("schema", "current")
        self._start_workers()
        self._await_ingest()
        self._await_pbx()
        self._await_workers()
        self._start_collectors(tokens)
        self._await_rows()

    # --- Broker -----------------------------------------------------------------------------------

    def _start_broker(self) -> None:
        port = free_port()
        child = broker.start(self._log("broker"), port)
        self._stack.children["broker"] = child
        self._stack.on_start["broker"] = self._broker_is_empty
        self._stack.kafka_bootstrap = f"{LOOPBACK}:{port}"

    def _await_broker(self) -> None:
        stack = self._stack
        if "broker" in stack.children:
            self._await_answer_of_broker()
            self._progress("broker", f"{stack.kafka_bootstrap} (embedded, in memory)")
        else:
            stack.kafka_bootstrap = self._plan.kafka_bootstrap
            if not broker.answers(stack.kafka_bootstrap):
                raise ChildFailedError(
                    f"no Kafka broker answers at KAFKA_BOOTSTRAP={stack.kafka_bootstrap}"
                )
            self._progress("broker", stack.kafka_bootstrap)

    def _broker_is_empty(self) -> None:
        """A broker in memory comes back without topics; the others wait for them."""
        self._await_answer_of_broker()
        self._make_topics()

    def _await_answer_of_broker(self) -> None:
        bootstrap = self._stack.kafka_bootstrap
        self._stack.children["broker"].wait_until(lambda: broker.answers(bootstrap), _UP_WITHIN_S)

    def _make_topics(self) -> None:
        self._finish("topics", ["streams", "topics"], self._kafka_environment())

    def _kafka_environment(self) -> dict[str, str]:
        return {"KAFKA_BOOTSTRAP": self._stack.kafka_bootstrap}

    # --- ClickHouse -------------------------------------------------------------------------------

    def _start_clickhouse(self) -> None:
        port = free_port()
        admin, reader = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        readers = self._plan.state / "readers.json"
        readers.touch(mode=0o600)
        readers.write_text(
            json.dumps({"readers": {TENANT: {"password": reader, "tenant": TENANT}}})
        )
        self._run(
            "clickhouse",
            [
                "local.clickhouse",
                f"--path={self._plan.state.absolute() / 'clickhouse'}",
                f"--port={port}",
                f"--user-file={readers.absolute()}",
            ],
            {"CLICKHOUSE_ADMIN_PASSWORD": admin},
        )
        self._stack.clickhouse_url = f"http://admin:{admin}@{LOOPBACK}:{port}"
        self._stack.reader_url = f"http://{TENANT}:{reader}@{LOOPBACK}:{port}"

    def _await_clickhouse(self) -> None:
        stack = self._stack
        child = stack.children.get("clickhouse")
        if child is not None:
            child.wait_until(lambda: answers(f"{bare(stack.clickhouse_url)}/ping"), _UP_WITHIN_S)
        else:
            stack.clickhouse_url = stack.reader_url = self._plan.clickhouse_url
        self._progress("ClickHouse", bare(stack.clickhouse_url))

    def _clickhouse_environment(self) -> dict[str, str]:
        return {"CLICKHOUSE_URL": self._stack.clickhouse_url}

    # --- Simulated PBXs ---------------------------------------------------------------------------

    def _start_pbx(self) -> None:
        plan = self._plan
        command = [
            "local",
            "pbx",
            "--port=0",
            "--truth-port=0",
            f"--truth-file={plan.state.absolute() / 'truth.jsonl'}",
            f"--user={AMI_USER}",
            f"--seed={plan.seed}",
            f"--speed={plan.speed}",
            f"--sites={plan.sites}",
            f"--asterisk={plan.asterisk}",
        ]
        if plan.duration_s is not None:
            command.append(f"--duration={plan.duration_s}")
        self._run("pbx", command, {"PBX_SECRET": self._ami_secret})

    def _await_pbx(self) -> None:
        child = self._stack.children["pbx"]
        child.wait_until(lambda: len(_addresses(child)) > self._plan.sites, _UP_WITHIN_S)
        addresses = _addresses(child)
        self._stack.truth_url = f"http://{addresses.pop('truth')}"
        self._ami_ports = {site: int(at.rpartition(":")[2]) for site, at in addresses.items()}
        self._stack.sites = sorted(self._ami_ports)
        for site in self._stack.sites:
            self._progress(
                site, f"AMI on {addresses[site]} (simulated, speed {self._plan.speed:g})"
            )

    # --- Ingest, streams, collectors --------------------------------------------------------------

    def _start_ingest(self) -> dict[str, str]:
        tokens_file = self._plan.state.absolute() / "tokens.json"
        tokens = {f"pbx-{site:02}": new_token() for site in range(1, self._plan.sites + 1)}
        for site, token in tokens.items():
            entry = TokenEntry(sha256=token_digest(token), tenant=TENANT, site=site)
            add_token(tokens_file, entry)
        port = free_port()
        self._stack.ingest_url = f"http://{LOOPBACK}:{port}"
        environment = self._kafka_environment() | {"INGEST_TOKENS_FILE": str(tokens_file)}
        self._run("ingest", ["ingest_api", "serve", f"--port={port}"], environment)
        return tokens

    def _await_ingest(self) -> None:
        url = self._stack.ingest_url
        self._stack.children["ingest"].wait_until(lambda: answers(f"{url}/readyz"), _UP_WITHIN_S)
        self._progress("ingest", f"{url}/docs")

    def _start_workers(self) -> None:
        for name in self._workers():
            port = free_port()
            self._stack.worker_metrics_urls.append(f"http://{LOOPBACK}:{port}/metrics")
            environment = self._kafka_environment() | self._clickhouse_environment()
            environment |= {"STREAMS_METRICS_PORT": str(port)}
            self._run(name, ["streams", "worker"], environment)

    def _await_workers(self) -> None:
        for name, url in zip(self._workers(), self._stack.worker_metrics_urls, strict=True):
            self._stack.children[name].wait_until(partial(answers, url), _UP_WITHIN_S)
            self._progress("streams", url)

    def _workers(self) -> list[str]:
        if self._plan.workers == 1:
            return ["worker"]
        return [f"worker {number}" for number in range(1, self._plan.workers + 1)]

    def _start_collectors(self, tokens: dict[str, str]) -> None:
        privacy_key = secrets.token_urlsafe(24)
        for site in self._stack.sites:
            settings = CollectorSettings(
                site,
                self._plan.state.absolute() / site,
                self._ami_ports[site],
                AMI_USER,
                self._ami_secret,
                self._stack.ingest_url,
                tokens[site],
                privacy_key,
            )
            path = write_settings(settings)
            self._run(f"collector {site}", ["agent", "run", f"--config={path}"], {})

    def _await_rows(self) -> None:
        query = (
            "SELECT uniqExact(site) FROM callcentre.v_site_status "  # noqa: S608 - a constant
            f"WHERE tenant_id = '{TENANT}' AND is_ami_connected FORMAT TabSeparated"
        )

        def are_there() -> bool:
            self._stack.check()
            return ask_clickhouse(self._stack.clickhouse_url, query).strip() == str(
                self._plan.sites
            )

        self._stack.children["ingest"].wait_until(are_there, _UP_WITHIN_S)
        self._progress("collectors", f"{self._plan.sites} connected; rows arrive in ClickHouse")

    # --- Children ---------------------------------------------------------------------------------

    def _run(self, name: str, module: list[str], environment: dict[str, str]) -> Child:
        command = [sys.executable, "-m", *module]
        child = Child(name, command, self._log(name), environment)
        self._stack.children[name] = child
        return child

    def _finish(self, name: str, module: list[str], environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", *module]
        with Child(name, command, self._log(name), environment) as child:
            child.finish(_UP_WITHIN_S)

    def _log(self, name: str) -> Path:
        return self._plan.state / "logs" / f"{name.replace(' ', '-')}.log"


def _addresses(pbx: Child) -> dict[str, str]:
    """What the PBX has announced: site → address, and `truth`."""
    text = pbx.log.read_text()
    found = dict(re.findall(r"^(\S+) AMI on (\S+)$", text, re.MULTILINE))
    found |= dict(re.findall(r"^(truth) on http://(\S+)$", text, re.MULTILINE))
    return found
