"""A customer's organisation in Grafana: itself, its preferences, its data source, its boards."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from grafana.alert_rules import HOME_BOARD
from grafana.alerting import FOLDER_UID
from grafana.data_source import DATA_SOURCE_UID, clickhouse_source
from grafana.language import Text, language_of
from tenants.grafana_api import GrafanaApi, segment
from tenants.grafana_boards import Board, revision_of
from tenants.grafana_changes import Changes, covers
from tenants.reader_access import boards_name
from tenants.records import Tenant

FOLDER_TITLE = Text("Central de atendimento", "Call centre")

DIGEST_SHOWN = 16
"""So many digits of the password's digest stand beside it: enough to know it again."""

WEEK_START = "monday"
ADMIN = "Admin"

_PAGE = 1000


class Place(NamedTuple):
    """Whose organisation it is, how to ask of it, and where changes are noted."""

    tenant: Tenant
    api: GrafanaApi
    changes: Changes

    def must(self, what: str, *, is_so_already: bool) -> bool:
        """`Changes.must`, with the customer's name before `what`."""
        return self.changes.must(
            f"grafana {self.tenant.tenant_id}: {what}", is_so_already=is_so_already
        )


def organisation_name(tenant: Tenant) -> str:
    """As Grafana shows it: unique, as the customer's own name is within it."""
    if tenant.display_name == tenant.tenant_id:
        return tenant.tenant_id
    return f"{tenant.display_name} ({tenant.tenant_id})"


def organisations(api: GrafanaApi) -> dict[int, str]:
    """The names of all organisations, by their ids."""
    found: dict[int, str] = {}
    page = 0
    while True:
        rows = api.get("/orgs", perpage=_PAGE, page=page)
        found |= {int(row["id"]): str(row["name"]) for row in rows}
        if len(rows) < _PAGE:
            return found
        page += 1


class Administrator(NamedTuple):
    """The user as whom we ask."""

    id: int
    login: str


def administrator(api: GrafanaApi) -> Administrator:
    """Who we are."""
    user = api.get("/user")
    return Administrator(int(user["id"]), str(user["login"]))


def join(api: GrafanaApi, organisation: int, me: Administrator) -> str:
    """Makes us administer the organisation, which alone lets us ask of it.

    The role we had in it before; empty if none.
    """
    members = api.get(f"/orgs/{organisation}/users")
    role = next((str(member["role"]) for member in members if member["userId"] == me.id), "")
    if not role:
        body = {"loginOrEmail": me.login, "role": ADMIN}
        api.post(f"/orgs/{organisation}/users", body)
    elif role != ADMIN:
        api.patch(f"/orgs/{organisation}/users/{me.id}", {"role": ADMIN})
    return role


def leave(api: GrafanaApi, organisation: int, me: Administrator, role: str) -> None:
    """Takes `join` back: the role we had before."""
    path = f"/orgs/{organisation}/users/{me.id}"
    if not role:
        api.delete(path)
    elif role != ADMIN:
        api.patch(path, {"role": role})


def data_source_digest(api: GrafanaApi) -> str:
    """The mark of the password that the organisation's data source has; empty if there is none."""
    source = api.find(f"/datasources/uid/{DATA_SOURCE_UID}")
    if source is None or not source.get("secureJsonFields", {}).get("password"):
        return ""
    return str((source.get("jsonData") or {}).get("passwordDigest", ""))


def data_source(tenant: Tenant, clickhouse_url: str, digest: str) -> dict[str, Any]:
    """What the data source is to be, but for its password."""
    place = urlsplit(clickhouse_url)
    is_secure = place.scheme == "https"
    source = clickhouse_source(
        host=place.hostname,
        port=place.port or (8443 if is_secure else 8123),
        is_secure=is_secure,
        user=boards_name(tenant.tenant_id),
    )
    source["jsonData"]["passwordDigest"] = digest[:DIGEST_SHOWN]
    return source


def sync_data_source(place: Place, wanted: dict[str, Any], password: str | None) -> None:
    """Makes or changes the data source; `password` is None if it has the right one."""
    path = f"/datasources/uid/{DATA_SOURCE_UID}"
    present = place.api.find(path)
    is_same = (
        present is not None
        and password is None
        and covers(present, wanted)
        # Whatever else is set there was set by somebody else: another host, headers, settings.
        and present["jsonData"].keys() == wanted["jsonData"].keys()
    )
    if not place.must("data source", is_so_already=is_same):
        return
    secrets = {} if password is None else {"secureJsonData": {"password": password}}
    if present is None:
        place.api.post("/datasources", wanted | secrets)
    else:
        place.api.put(path, wanted | secrets)


def sync_folder(place: Place) -> None:
    """The folder of boards and alerts, named in the customer's language."""
    title = FOLDER_TITLE.in_(language_of(place.tenant.language))
    path = f"/folders/{FOLDER_UID}"
    present = place.api.find(path)
    is_same = present is not None and present["title"] == title
    if not place.must(f"folder {title}", is_so_already=is_same):
        return
    if present is None:
        place.api.post("/folders", {"uid": FOLDER_UID, "title": title})
    else:
        place.api.put(path, {"title": title, "overwrite": True})


def sync_boards(place: Place, boards: Iterable[Board]) -> None:
    """Every board as committed, and none of ours that is no longer."""
    wanted = {board.uid: board for board in boards}
    for board in wanted.values():
        is_same = _is_same(place.api, board)
        if place.must(f"board {board.title}", is_so_already=is_same):
            body = {
                "dashboard": board.marked | {"id": None},
                "folderUid": FOLDER_UID,
                "message": board.message,
                "overwrite": True,
            }
            place.api.post("/dashboards/db", body)
    found = place.api.get("/search", type="dash-db", folderUIDs=FOLDER_UID, limit=_PAGE)
    for row in found:
        if row["uid"] not in wanted and revision_of(_board(place.api, row["uid"])):
            place.must(f"board {row['title']} removed", is_so_already=False)
            place.api.delete(f"/dashboards/uid/{segment(row['uid'])}")


def sync_preferences(place: Place) -> None:
    """Zone, language and first page of everybody who has not chosen otherwise."""
    wanted = {
        "timezone": place.tenant.time_zone,
        "language": place.tenant.language,
        "weekStart": WEEK_START,
        "homeDashboardUID": HOME_BOARD,
    }
    present = place.api.get("/org/preferences")
    if place.must("preferences", is_so_already=covers(present, wanted)):
        place.api.patch("/org/preferences", wanted)


def withdraw(place: Place) -> None:
    """Takes data source, boards and alert rules away; the organisation and its users stay."""
    source = place.api.find(f"/datasources/uid/{DATA_SOURCE_UID}")
    if place.must("data source removed", is_so_already=source is None):
        place.api.delete(f"/datasources/uid/{DATA_SOURCE_UID}")
    home = place.api.get("/org/preferences").get("homeDashboardUID", "")
    if place.must("first page taken back", is_so_already=home != HOME_BOARD):
        place.api.patch("/org/preferences", {"homeDashboardUID": ""})
    folder = place.api.find(f"/folders/{FOLDER_UID}")
    if place.must("folder removed with its boards and rules", is_so_already=folder is None):
        place.api.delete(f"/folders/{FOLDER_UID}", forceDeleteRules="true")


def _is_same(api: GrafanaApi, board: Board) -> bool:
    """Whether the board is as committed, and nobody saved it since `sync` did."""
    found = api.find(f"/dashboards/uid/{segment(board.uid)}")
    if (
        found is None
        or found["meta"].get("folderUid", "") != FOLDER_UID
        or revision_of(found["dashboard"]) != board.digest
    ):
        return False
    last = _last_version(api, board.uid)
    # Who saves a board by hand makes a second version, beside which our words do not stand. Beside
    # the first one Grafana tells words of its own, whatever was written there.
    return last.get("parentVersion") == 0 or last.get("message") == board.message


def _board(api: GrafanaApi, uid: str) -> Mapping[str, Any]:
    model: Mapping[str, Any] = api.get(f"/dashboards/uid/{segment(uid)}")["dashboard"]
    return model


def _last_version(api: GrafanaApi, uid: str) -> Mapping[str, Any]:
    """What the history says of the last saving; nothing if it says nothing."""
    found = api.find(f"/dashboards/uid/{segment(uid)}/versions", limit=1) or []
    # A list before version 11, an object since.
    versions = found if isinstance(found, list) else found.get("versions", [])
    return versions[0] if versions else {}
