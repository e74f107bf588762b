"""Stands in for a Grafana server: keeps state and answers as the documentation of its API says.

Strict, so that what passes here has a chance there: a route, a field or an organisation it does not
know is refused. It asks the ClickHouse of a data source for real, with that data source's login.

As a handler of `httpx.MockTransport` it needs no network; `serving` puts it behind a port.
"""

import base64
import copy
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import httpx

from grafana.data_source import PLUGIN_VERSION

ADMIN = "admin"
PASSWORD = "made-up-grafana-password"

DATA_SOURCE_FIELDS = {
    "name", "uid", "type", "access", "url", "isDefault", "jsonData", "secureJsonData", "readOnly",
}  # fmt: skip
RULE_FIELDS = {
    "uid", "title", "folderUID", "ruleGroup", "condition", "data", "for", "noDataState",
    "execErrState", "missingSeriesEvalsToResolve", "isPaused", "labels", "annotations", "orgID",
    "keepFiringFor", "id", "updated", "provenance",
}  # fmt: skip
ROUTE_FIELDS = {"receiver", "group_by", "object_matchers", "mute_time_intervals", "routes"}
DEFAULT_RECEIVER = "grafana-default-email"


class RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Call(NamedTuple):
    """One request, taken apart."""

    organisation: "Organisation"
    names: tuple[str, ...]
    query: dict[str, str]
    body: Any


@dataclass
class Board:
    model: dict[str, Any]
    folder: str
    messages: list[str] = field(default_factory=list)


@dataclass
class Organisation:
    id: int
    name: str
    members: dict[str, str] = field(default_factory=dict)
    preferences: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    folders: dict[str, dict[str, Any]] = field(default_factory=dict)
    boards: dict[str, Board] = field(default_factory=dict)
    groups: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    points: dict[str, dict[str, Any]] = field(default_factory=dict)
    timings: dict[str, dict[str, Any]] = field(default_factory=dict)
    policies: dict[str, Any] = field(default_factory=dict)

    def rules(self) -> dict[str, dict[str, Any]]:
        return {rule["uid"]: rule for group in self.groups.values() for rule in group["rules"]}


class GrafanaStandIn:
    """One server. `writes` are the requests that changed it, as `PUT /orgs/2`, in order."""

    def __init__(self, version: str = "12.3.1", plugin: str | None = PLUGIN_VERSION) -> None:
        self.version = version
        self.plugin = plugin
        self.administrators = {ADMIN}
        self.passwords = {ADMIN: PASSWORD}
        self.user_ids = {ADMIN: 1}
        self.writes: list[str] = []
        self._lock = threading.Lock()
        self.organisations: dict[int, Organisation] = {}
        self.add_organisation("Main Org.", ADMIN)

    def add_organisation(self, name: str, admin: str | None = None) -> Organisation:
        organisation = Organisation(max(self.organisations, default=0) + 1, name)
        if admin:
            organisation.members[admin] = "Admin"
        organisation.policies = default_policies()
        self.organisations[organisation.id] = organisation
        return organisation

    def named(self, name: str) -> Organisation:
        (found,) = (each for each in self.organisations.values() if each.name == name)
        return found

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        status, answer = self.answer(request.method, path, request.headers, request.content)
        return httpx.Response(status, json=answer)

    def answer(self, method: str, target: str, headers: Any, content: bytes) -> tuple[int, Any]:
        parts = urlsplit(target)
        if (method, parts.path) == ("GET", "/api/health"):
            # The one thing that anybody may ask.
            return 200, {"database": "ok", "version": self.version, "commit": "0"}
        with self._lock:
            try:
                login = self._login(headers.get("authorization", ""))
                handler, names, is_servers = self._route(method, parts.path)
                organisation = self._organisation(headers.get("x-grafana-org-id"), login)
                self._permit(login, is_servers=is_servers)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                body = json.loads(content) if content else None
                status, answer = handler(self, Call(organisation, names, query, body))
            except RefusedError as refused:
                return refused.status, {"message": refused.message}
            if method != "GET" and not parts.path.startswith("/api/ds/"):
                self.writes.append(f"{method} {parts.path.removeprefix('/api')}")
            return status, copy.deepcopy(answer)

    def _login(self, header: str) -> str:
        scheme, _, text = header.partition(" ")
        login, _, password = base64.b64decode(text).decode().partition(":")
        if scheme != "Basic" or self.passwords.get(login) != password:
            raise RefusedError(401, "Invalid username or password")
        return login

    def _organisation(self, header: str | None, login: str) -> Organisation:
        if header is None:
            return next(each for each in self.organisations.values() if login in each.members)
        organisation = self.organisations.get(int(header))
        if organisation is None or login not in organisation.members:
            raise RefusedError(403, "You'll need additional permissions to perform this action.")
        return organisation

    def _permit(self, login: str, *, is_servers: bool) -> None:
        if is_servers and login not in self.administrators:
            raise RefusedError(403, "You'll need additional permissions to perform this action.")

    @staticmethod
    def _route(method: str, path: str) -> tuple["Handler", tuple[str, ...], bool]:
        for route in ROUTES:
            found = re.fullmatch(route.pattern, path)
            if found and route.method == method:
                return route.handler, tuple(map(unquote, found.groups())), route.is_servers
        raise RefusedError(404, f"Not found: {method} {path}")


Handler = Callable[[GrafanaStandIn, Call], tuple[int, Any]]


class Route(NamedTuple):
    method: str
    pattern: str
    handler: Handler
    is_servers: bool


ROUTES: list[Route] = []


def route(method: str, path: str, *, is_servers: bool = False) -> Callable[[Handler], Handler]:
    """Registers what answers; `{}` in the path is a name."""

    def register(handler: Handler) -> Handler:
        pattern = "/api" + re.escape(path).replace(r"\{\}", "([^/]+)")
        ROUTES.append(Route(method, pattern, handler, is_servers))
        return handler

    return register


def only(body: Any, known: set[str]) -> dict[str, Any]:
    """The body, which has no field that is not known."""
    if not isinstance(body, dict) or body.keys() - known:
        raise RefusedError(400, f"bad request data: {sorted(set(body or ()) - known)}")
    return body


def there(found: Any, what: str) -> Any:
    if found is None:
        raise RefusedError(404, f"{what} not found")
    return found


def default_policies() -> dict[str, Any]:
    return {"receiver": DEFAULT_RECEIVER, "group_by": ["grafana_folder", "alertname"]}


@contextmanager
def serving(server: GrafanaStandIn) -> Iterator[str]:
    """The server behind a free port of this machine while the block runs; its address."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, answer = server.answer(self.command, self.path, self.headers, content)
            data = b"" if status == 204 else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.server_port}"
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
