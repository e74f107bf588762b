"""Starts the whole pipeline in its real processes, and ends it in order.

Every child has its log in the state directory. While the pipeline comes up, a child that ends is a
failure to be shown; from then on it is started again (`Stack.look`). Whatever happens, no child is
left behind.
"""

import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from kafka.errors import KafkaError

from local import broker, grafana_run, registration
from local.addresses import answers, ask_clickhouse, bare
from local.chats import ChatParts
from local.earlier_run import what_is_in_the_way
from local.grafana import GrafanaPlan
from local.phones import PhoneParts
from local.process import LOOPBACK, Child, ChildFailedError, free_port
from local.stack import CHAT_WORKER, TENANT, Stack, StackPlan

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
        self._registered: dict[str, registration.Registered] = {}
        self._chats = ChatParts(plan, stack, self._run)
        self._phones = PhoneParts(plan, stack, self._run)

    def start(self) -> None:
        if not self._plan.kafka_bootstrap:
            self._start_broker()
        if not self._plan.clickhouse_url:
            self._start_clickhouse()
        self._phones.start()
        self._await_broker()
        self._make_topics()
        self._await_clickhouse()
        self._finish("migrate", ["streams", "migrate"], self._clickhouse_environment())
        self._progress("schema", "current")
        if self._plan.clickhouse_url:
            self._refuse_to_mix_runs()
        boards = self._start_grafana()
        self._start_workers()
        for site, where in self._phones.await_up():
            self._progress(site, where)
        self._register()
        self._await_ingest()
        self._await_workers()
        for tenant, registered in self._registered.items():
            self._phones.start_collectors(tenant, registered)
        self._start_chats()
        self._set_for_boards()
        self._await_rows()
        if boards is not None:
            grafana_run.fill(self._stack, boards, self._progress)

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
        admin = secrets.token_urlsafe(16)
        readers = self._stack.readers_file = self._plan.state.absolute() / "readers.json"
        readers.touch(mode=0o600)
        readers.write_text('{"readers": {}}')
        self._run(
            "clickhouse",
            [
                "local.clickhouse",
                f"--path={self._plan.state.absolute() / 'clickhouse'}",
                f"--port={port}",
                f"--user-file={readers}",
            ],
            {"CLICKHOUSE_ADMIN_PASSWORD": admin},
        )
        self._stack.clickhouse_url = f"http://admin:{admin}@{LOOPBACK}:{port}"

    def _await_clickhouse(self) -> None:
        stack = self._stack
        child = stack.children.get("clickhouse")
        if child is not None:
            child.wait_until(lambda: answers(f"{bare(stack.clickhouse_url)}/ping"), _UP_WITHIN_S)
        else:
            stack.clickhouse_url = self._plan.clickhouse_url
        self._progress("ClickHouse", bare(stack.clickhouse_url))

    def _clickhouse_environment(self) -> dict[str, str]:
        return {"CLICKHOUSE_URL": self._stack.clickhouse_url}

    def _refuse_to_mix_runs(self) -> None:
        stack = self._stack
        kafka, clickhouse = stack.kafka_bootstrap, stack.clickhouse_url
        try:
            trouble = what_is_in_the_way(kafka, clickhouse, stack.tenants)
        except (OSError, KafkaError) as error:
            raise ChildFailedError(f"what an earlier run left cannot be told: {error}") from error
        if trouble:
            raise ChildFailedError(trouble)

    # --- Customers and ingest ---------------------------------------------------------------------

    def _register(self) -> None:
        """From `tenants add` on; ingest comes up as soon as there are tokens."""
        stack = self._stack
        port = free_port()
        stack.ingest_url = f"http://{LOOPBACK}:{port}"
        with registration.operator_of(stack) as operator:
            for tenant, running in stack.tenants.items():
                registered = registration.register(operator, tenant, running.sites)
                self._registered[tenant] = registered
            self._chats.connect(operator, self._registered[TENANT].privacy_key)
            self._start_ingest(port)
            trouble = registration.let_readers_in(operator)
            for tenant, running in stack.tenants.items():
                url = registration.reader_url(stack, self._registered[tenant])
                running.reader_url = stack.clickhouse_url if trouble else url
        if trouble:
            self._progress("customers", f"NOT kept apart, boards read as the operator: {trouble}")
        self._progress("customers", ", ".join(f"{name} added" for name in stack.tenants))

    def _set_for_boards(self) -> None:
        """While the first rows are on their way: settings hold for the past too."""
        with registration.operator_of(self._stack) as operator:
            registration.set_for_boards(operator, self._phones.agents())
            self._chats.set_for_boards(operator)
        self._progress("settings", "targets, teams, limits of pauses, hours")

    def _start_ingest(self, port: int) -> None:
        copy = self._plan.state.absolute() / "tokens-copy.json"
        environment = self._kafka_environment() | self._clickhouse_environment()
        environment |= {"INGEST_TOKENS_COPY": str(copy), "INGEST_TOKENS_FILE": ""}
        environment |= {"INGEST_CHAT_KEYS_FILE": str(self._chats.keys_file)}
        self._run("ingest", ["ingest_api", "serve", f"--port={port}"], environment)

    def _await_ingest(self) -> None:
        url = self._stack.ingest_url
        self._stack.children["ingest"].wait_until(lambda: answers(f"{url}/readyz"), _UP_WITHIN_S)
        self._progress("ingest", f"{url}/docs")

    def _start_workers(self) -> None:
        for name in self._workers():
            self._run(name, ["streams", "worker"], self._worker_environment(name))
        self._chats.start_worker(self._worker_environment(CHAT_WORKER))

    def _worker_environment(self, name: str) -> dict[str, str]:
        """For one more worker, which tells its metrics on a port of its own."""
        port = free_port()
        self._stack.worker_metrics_urls[name] = f"http://{LOOPBACK}:{port}/metrics"
        environment = self._kafka_environment() | self._clickhouse_environment()
        return environment | {"STREAMS_METRICS_PORT": str(port)}

    def _start_chats(self) -> None:
        url = self._chats.start(self._kafka_environment())
        self._progress("whatsapp", f"Helena on {url} (simulated, speed {self._plan.speed:g})")

    def _await_workers(self) -> None:
        for name, url in self._stack.worker_metrics_urls.items():
            self._stack.children[name].wait_until(partial(answers, url), _UP_WITHIN_S)
            self._progress("streams", url)

    def _workers(self) -> list[str]:
        if self._plan.workers == 1:
            return ["worker"]
        return [f"worker {number}" for number in range(1, self._plan.workers + 1)]

    def _await_rows(self) -> None:
        names = ", ".join(f"'{tenant}'" for tenant in self._stack.tenants)
        sites = sum(len(running.sites) for running in self._stack.tenants.values())
        query = (
            "SELECT count() FROM callcentre.v_site_status "  # noqa: S608 - constants
            f"WHERE tenant_id IN ({names}) AND is_ami_connected FORMAT TabSeparated"
        )

        def are_there() -> bool:
            self._stack.check()
            return ask_clickhouse(self._stack.clickhouse_url, query).strip() == str(sites)

        self._stack.children["ingest"].wait_until(are_there, _UP_WITHIN_S)
        self._progress("collectors", f"{sites} connected; rows arrive in ClickHouse")

    def _start_grafana(self) -> GrafanaPlan | None:
        state = self._plan.state.absolute() / "grafana"
        return grafana_run.start(self._stack, state, self._log("grafana"), self._progress)

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
