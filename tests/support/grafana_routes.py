"""Routes of the Grafana stand-in: organisations, people, data sources, folders and boards."""

import base64
import json
import urllib.request
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

from grafana.data_source import PLUGIN
from tests.support.grafana_server import (
    ADMIN,
    DATA_SOURCE_FIELDS,
    Board,
    Call,
    GrafanaStandIn,
    Organisation,
    RefusedError,
    only,
    route,
    there,
)


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
    rows = [
        # Of the first version Grafana tells words of its own, not those it was saved with.
        {"version": n + 1, "parentVersion": n, "message": text if n else "Initial save"}
        for n, text in enumerate(found.messages)
    ]
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
