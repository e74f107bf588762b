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
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import httpx

ADMIN = "admin"
PASSWORD = "made-up-grafana-password"
PLUGIN = "grafana-clickhouse-datasource"

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

    def __init__(self, version: str = "12.3.1", plugin: str | None = "4.20.0") -> None:
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


@route("GET", "/plugins/{}/settings")
def plugin_settings(server: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    if call.names != (PLUGIN,) or server.plugin is None:
        raise RefusedError(404, "Plugin not found, no installed plugin with that id")
    return 200, {"id": PLUGIN, "enabled": True, "info": {"version": server.plugin}}


@route("GET", "/user")
def user(_: GrafanaStandIn, __: Call) -> tuple[int, Any]:
    return 200, {"id": 1, "login": ADMIN, "isGrafanaAdmin": True}


@route("POST", "/admin/users", is_servers=True)
def add_user(server: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    body = only(call.body, {"name", "login", "password", "OrgId"})
    if body["login"] in server.passwords:
        raise RefusedError(412, f"User with email '' or username '{body['login']}' already exists")
    server.passwords[body["login"]] = body["password"]
    server.user_ids[body["login"]] = len(server.user_ids) + 1
    server.organisations[body["OrgId"]].members[body["login"]] = "Viewer"
    return 200, {"id": server.user_ids[body["login"]], "message": "User created"}


# --- Organisations --------------------------------------------------------------------------------


@route("GET", "/orgs", is_servers=True)
def list_organisations(server: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    per_page, page = int(call.query.get("perpage", 1000)), int(call.query.get("page", 0))
    rows = [{"id": each.id, "name": each.name} for each in server.organisations.values()]
    return 200, rows[page * per_page : (page + 1) * per_page]


@route("POST", "/orgs", is_servers=True)
def add_organisation(server: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    name = only(call.body, {"name"})["name"]
    if any(each.name == name for each in server.organisations.values()):
        raise RefusedError(409, "Organization name taken")
    made = server.add_organisation(name, ADMIN)
    return 200, {"message": "Organization created", "orgId": made.id}


@route("PUT", "/orgs/{}", is_servers=True)
def rename_organisation(server: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    organisation = there(server.organisations.get(int(call.names[0])), "Organization")
    organisation.name = only(call.body, {"name"})["name"]
    return 200, {"message": "Organization updated"}


@route("DELETE", "/orgs/{}", is_servers=True)
def remove_organisation(server: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    there(server.organisations.pop(int(call.names[0]), None), "Organization")
    return 200, {"message": "Organization deleted"}


@route("GET", "/orgs/{}/users", is_servers=True)
def list_members(server: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    organisation = there(server.organisations.get(int(call.names[0])), "Organization")
    return 200, [
        {"orgId": organisation.id, "userId": server.user_ids[login], "login": login, "role": role}
        for login, role in organisation.members.items()
    ]


@route("GET", "/org/users")
def own_members(server: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    return list_members(server, call._replace(names=(str(call.organisation.id),)))


@route("POST", "/orgs/{}/users", is_servers=True)
def add_member(server: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    organisation = there(server.organisations.get(int(call.names[0])), "Organization")
    body = only(call.body, {"loginOrEmail", "role"})
    if body["loginOrEmail"] in organisation.members:
        raise RefusedError(409, "User is already member of this organization")
    organisation.members[body["loginOrEmail"]] = body["role"]
    return 200, {"message": "User added to organization"}


@route("PATCH", "/orgs/{}/users/{}", is_servers=True)
def change_member(server: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    organisation = there(server.organisations.get(int(call.names[0])), "Organization")
    logins = {number: login for login, number in server.user_ids.items()}
    organisation.members[logins[int(call.names[1])]] = only(call.body, {"role"})["role"]
    return 200, {"message": "Organization user updated"}


@route("DELETE", "/orgs/{}/users/{}", is_servers=True)
def remove_member(server: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    organisation = there(server.organisations.get(int(call.names[0])), "Organization")
    logins = {number: login for login, number in server.user_ids.items()}
    del organisation.members[logins[int(call.names[1])]]
    return 200, {"message": "User removed from organization"}


@route("GET", "/org/preferences")
def preferences(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    return 200, {name: value for name, value in call.organisation.preferences.items() if value}


@route("PATCH", "/org/preferences")
def change_preferences(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    body = only(call.body, {"timezone", "language", "weekStart", "homeDashboardUID", "theme"})
    home = body.get("homeDashboardUID")
    if home and home not in call.organisation.boards:
        raise RefusedError(404, "Dashboard not found")
    call.organisation.preferences |= body
    return 200, {"message": "Preferences updated"}


# --- Data sources ---------------------------------------------------------------------------------


def shown_source(organisation: Organisation, uid: str) -> dict[str, Any]:
    fields = dict.fromkeys(organisation.secrets[uid], True)
    return organisation.sources[uid] | {"orgId": organisation.id, "secureJsonFields": fields}


@route("GET", "/datasources")
def list_sources(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    return 200, [shown_source(call.organisation, uid) for uid in call.organisation.sources]


@route("GET", "/datasources/uid/{}")
def source(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    there(call.organisation.sources.get(call.names[0]), "Data source")
    return 200, shown_source(call.organisation, call.names[0])


@route("POST", "/datasources")
def add_source(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    body, sources = only(call.body, DATA_SOURCE_FIELDS), call.organisation.sources
    if body["uid"] in sources or any(each["name"] == body["name"] for each in sources.values()):
        raise RefusedError(409, "data source with the same name already exists")
    call.organisation.secrets[body["uid"]] = body.pop("secureJsonData", {})
    sources[body["uid"]] = {"readOnly": False, "version": 1, "url": ""} | body
    return 200, {"message": "Datasource added", "name": body["name"]}


@route("PUT", "/datasources/uid/{}")
def change_source(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    body, sources = only(call.body, DATA_SOURCE_FIELDS), call.organisation.sources
    old = there(sources.get(call.names[0]), "Data source")
    if old["readOnly"]:
        raise RefusedError(403, "Cannot update read-only data source")
    # Secrets that are not given stay.
    call.organisation.secrets[body["uid"]] |= body.pop("secureJsonData", {})
    sources[body["uid"]] = {"readOnly": False, "version": old["version"] + 1, "url": ""} | body
    return 200, {"message": "Datasource updated", "name": body["name"]}


@route("DELETE", "/datasources/uid/{}")
def remove_source(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    there(call.organisation.sources.pop(call.names[0], None), "Data source")
    del call.organisation.secrets[call.names[0]]
    return 200, {"message": "Data source deleted"}


@route("POST", "/ds/query")
def run_queries(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    body = only(call.body, {"queries", "from", "to"})
    results = {each["refId"]: _result(call.organisation, each) for each in body["queries"]}
    is_failed = any("error" in result for result in results.values())
    return (400 if is_failed else 200), {"results": results}


def _result(organisation: Organisation, query: dict[str, Any]) -> dict[str, Any]:
    there(organisation.sources.get(query["datasource"]["uid"]), "Data source")
    settings = organisation.sources[query["datasource"]["uid"]]["jsonData"]
    secret = organisation.secrets[query["datasource"]["uid"]].get("password", "")
    keys = {
        "database": settings["defaultDatabase"],
        "default_format": "JSONCompact",
        "max_execution_time": settings["queryTimeout"],
    }
    url = f"http://{settings['host']}:{settings['port']}/?{urlencode(keys)}"
    login = base64.b64encode(f"{settings['username']}:{secret}".encode()).decode()
    request = urllib.request.Request(
        url, query["rawSql"].encode(), {"Authorization": f"Basic {login}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as asked:
            answer = json.load(asked)
    except HTTPError as error:
        text = error.read(200).decode("utf-8", "replace")
        return {"status": 400, "error": text, "errorSource": "downstream"}
    fields = [{"name": column["name"], "type": "number"} for column in answer["meta"]]
    columns = [list(column) for column in zip(*answer["data"], strict=True)]
    frame = {"schema": {"refId": query["refId"], "fields": fields}, "data": {"values": columns}}
    return {"status": 200, "frames": [frame]}


# --- Folders and boards ---------------------------------------------------------------------------


@route("GET", "/folders/{}")
def folder(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    return 200, there(call.organisation.folders.get(call.names[0]), "folder")


@route("POST", "/folders")
def add_folder(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    body = only(call.body, {"uid", "title", "parentUid"})
    if body["uid"] in call.organisation.folders:
        raise RefusedError(409, "a folder with the same UID already exists")
    call.organisation.folders[body["uid"]] = body | {"version": 1}
    return 200, call.organisation.folders[body["uid"]]


@route("PUT", "/folders/{}")
def change_folder(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    body = only(call.body, {"title", "version", "overwrite"})
    old = there(call.organisation.folders.get(call.names[0]), "folder")
    if not body.get("overwrite") and body.get("version") != old["version"]:
        raise RefusedError(412, "the folder has been changed by someone else")
    old |= {"title": body["title"], "version": old["version"] + 1}
    return 200, old


@route("DELETE", "/folders/{}")
def remove_folder(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    organisation, uid = call.organisation, call.names[0]
    groups = [key for key in organisation.groups if key[0] == uid]
    if groups and call.query.get("forceDeleteRules") != "true":
        raise RefusedError(400, "folder cannot be deleted: folder contains alert rules")
    there(organisation.folders.pop(uid, None), "folder")
    for key in groups:
        del organisation.groups[key]
    organisation.boards = {
        name: board for name, board in organisation.boards.items() if board.folder != uid
    }
    return 200, {"message": "Folder deleted"}


@route("GET", "/dashboards/uid/{}")
def board(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    found = there(call.organisation.boards.get(call.names[0]), "Dashboard")
    return 200, {"dashboard": found.model, "meta": {"folderUid": found.folder}}


@route("GET", "/dashboards/uid/{}/versions")
def board_versions(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    found = there(call.organisation.boards.get(call.names[0]), "Dashboard")
    rows = [{"version": n + 1, "message": text} for n, text in enumerate(found.messages)]
    return 200, {"continueToken": "", "versions": rows[::-1][: int(call.query.get("limit", 50))]}


@route("POST", "/dashboards/db")
def save_board(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    body = only(call.body, {"dashboard", "folderUid", "message", "overwrite"})
    model = body["dashboard"]
    old = call.organisation.boards.get(model["uid"])
    if model.get("id") is not None:
        raise RefusedError(404, "Dashboard not found")
    if body["folderUid"] and body["folderUid"] not in call.organisation.folders:
        raise RefusedError(400, "folder not found")
    if old and not body.get("overwrite"):
        raise RefusedError(412, "The dashboard has been changed by someone else")
    messages = [*(old.messages if old else ()), body.get("message", "")]
    model = model | {"version": len(messages), "id": len(call.organisation.boards) + 1}
    call.organisation.boards[model["uid"]] = Board(model, body["folderUid"], messages)
    return 200, {"status": "success", "uid": model["uid"], "version": len(messages)}


@route("DELETE", "/dashboards/uid/{}")
def remove_board(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    found = there(call.organisation.boards.pop(call.names[0], None), "Dashboard")
    return 200, {"message": f"Dashboard {found.model['title']} deleted"}


@route("GET", "/search")
def search(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    assert call.query["type"] == "dash-db"
    return 200, [
        {"uid": uid, "title": each.model["title"], "folderUid": each.folder}
        for uid, each in call.organisation.boards.items()
        if each.folder == call.query["folderUIDs"]
    ]


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
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.server_port}"
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
