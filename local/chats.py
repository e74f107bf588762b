"""The demo's chat account: connected as an operator would, played, asked and folded.

Some of the people who answer it sit at the telephone of the first site too.
"""

import json
import secrets
from collections.abc import Callable
from pathlib import Path

from local.addresses import answers
from local.pbx.plan import default_plan
from local.process import LOOPBACK, Child, free_port
from local.registration import Operator
from local.stack import CHAT_WORKER, TENANT, Stack, StackPlan
from local.whatsapp.centre import people
from local.whatsapp.command import ADDRESS_VARIABLE, TOKEN_VARIABLE

ACCOUNT = "whatsapp-01"
POLL_EVERY_S = 5

_UP_WITHIN_S = 60.0

Run = Callable[[str, list[str], dict[str, str]], Child]
"""Starts a child of the stack: its name, its module with arguments, what it is told."""


class ChatParts:
    """The parts of one account, in the order in which they can be started."""

    def __init__(self, plan: StackPlan, stack: Stack, run: Run) -> None:
        """Nothing is started yet."""
        self._plan = plan
        self._stack = stack
        self._run = run
        self._port = free_port()
        self._token = f"pn_{secrets.token_urlsafe(24)}"
        self._address = ""

    @property
    def keys_file(self) -> Path:
        """Where ingest finds the key by which numbers are hashed."""
        return self._plan.state.absolute() / "chat-keys.json"

    def connect(self, operator: Operator, privacy_key: str) -> None:
        """`channel add-helena`, and the files that it says are to be written."""
        base_url = f"http://{LOOPBACK}:{self._port}"
        shown = operator.run(
            f"channel add-helena {TENANT} --account {ACCOUNT} --base-url {base_url}"
        ).secrets
        if not shown:
            shown = operator.run(f"channel rotate {TENANT} {ACCOUNT} --overlap 0s").secrets
        self._address = shown["webhook_url"]
        polled = {
            "tenant": TENANT,
            "site": ACCOUNT,
            "connector": "helena",
            "base_url": base_url,
            "token": self._token,
        }
        _write_secretly(self.keys_file, {TENANT: {"key": privacy_key}})
        _write_secretly(self._poll_file, [polled])

    def start_worker(self, environment: dict[str, str]) -> None:
        """The worker that folds chats."""
        self._run(CHAT_WORKER, ["streams", "worker", "--chats"], environment)

    def start(self, kafka: dict[str, str]) -> str:
        """Play the account and ask it; its address when it answers."""
        plan = self._plan
        command = ["local", "whatsapp", f"--port={self._port}", f"--account={ACCOUNT}"]
        command += [f"--seed={plan.seed}", f"--speed={plan.speed}"]
        if plan.duration_s is not None:
            command.append(f"--duration={plan.duration_s}")
        told = {ADDRESS_VARIABLE: self._address, TOKEN_VARIABLE: self._token}
        whatsapp = self._run("whatsapp", command, told)
        url = f"http://{LOOPBACK}:{self._port}"
        whatsapp.wait_until(lambda: answers(f"{url}/totals"), _UP_WITHIN_S)
        self._stack.tenants[TENANT].chat_url = url
        asked = {
            "INGEST_POLL_FILE": str(self._poll_file),
            "INGEST_POLL_CURSORS": str(plan.state.absolute() / "poll-cursors.json"),
            "INGEST_CHAT_KEYS_FILE": str(self.keys_file),
            "INGEST_POLL_SESSIONS_S": str(POLL_EVERY_S),
            "INGEST_POLL_AGENTS_S": str(POLL_EVERY_S),
        }
        self._run("poller", ["ingest_api", "poll"], kafka | asked)
        return url

    def set_for_boards(self, operator: Operator) -> None:
        """Targets of chats, and who of the account is who at the telephone."""
        answerers = people(self._plan.seed)
        at_telephone = default_plan(1).agents
        for number, (agent, name) in enumerate(answerers.agents.items()):
            known = at_telephone[number].name if number < _BOTH else name
            operator.run(
                f"agent set {TENANT} {ACCOUNT} {ACCOUNT}/{agent} --person '{known}' --team Ipê"
            )
        for department in answerers.departments:
            operator.run(f"queue set {TENANT} {department} --answer-limit 2m --sl-target 80%")

    @property
    def _poll_file(self) -> Path:
        return self._plan.state.absolute() / "poll.json"


_BOTH = 2
"""So many of the people answer chats and calls."""


def _write_secretly(path: Path, content: object) -> None:
    path.touch(mode=0o600)
    path.write_text(json.dumps(content))
