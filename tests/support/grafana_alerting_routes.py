"""The routes of the Grafana stand-in for alert rules, contact points, mute timings and policies."""

import re
from typing import Any

from tests.support.grafana_server import (
    DEFAULT_RECEIVER,
    ROUTE_FIELDS,
    RULE_FIELDS,
    Call,
    GrafanaStandIn,
    Organisation,
    RefusedError,
    default_policies,
    only,
    route,
    there,
)

API = "/v1/provisioning"
GROUP = f"{API}/folder/{{}}/rule-groups/{{}}"
DURATION = re.compile(r"0s|([1-9]\d*h)?([1-9]\d*m)?([1-9]\d*s)?")
STATES = {"OK", "Alerting", "NoData", "KeepLast", "Error"}


def checked_rule(organisation: Organisation, rule: Any) -> dict[str, Any]:
    only(rule, RULE_FIELDS)
    annotations = rule.get("annotations", {})
    is_whole = (
        rule["title"]
        and rule["condition"] in {each["refId"] for each in rule["data"]}
        and DURATION.fullmatch(rule["for"])
        and rule["noDataState"] in STATES - {"Error"}
        and rule["execErrState"] in STATES - {"NoData"}
        and ("__dashboardUid__" in annotations) == ("__panelId__" in annotations)
        and all(each["model"]["refId"] == each["refId"] for each in rule["data"])
    )
    if not is_whole:
        raise RefusedError(400, "invalid alert rule")
    if rule["folderUID"] not in organisation.folders:
        raise RefusedError(400, "folder does not exist")
    others = (each for uid, each in organisation.rules().items() if uid != rule["uid"])
    if any(
        (each["folderUID"], each["title"]) == (rule["folderUID"], rule["title"]) for each in others
    ):
        raise RefusedError(
            400, "a conflicting alert rule is found: rule title under the same folder"
        )
    # What the model of a query says of its kind is what Grafana keeps.
    data = [
        {**each, "queryType": each["model"].get("queryType", each["queryType"])}
        for each in rule["data"]
    ]
    return {
        **rule, "data": data, "id": 1, "orgID": organisation.id, "provenance": "api",
        "keep_firing_for": "0s", "updated": "2026-01-01T00:00:00Z",
        "notification_settings": None, "record": None,
    }  # fmt: skip


@route("GET", GROUP)
def rule_group(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    folder, name = call.names
    return 200, there(call.organisation.groups.get((folder, name)), "rule group")


@route("PUT", GROUP)
def put_rule_group(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    body = only(call.body, {"title", "folderUid", "interval", "rules"})
    folder, name = call.names
    for rule in body["rules"]:
        if rule.get("uid") and rule["uid"] not in call.organisation.rules():
            raise RefusedError(
                404, f"failed to update rule with UID {rule['uid']}: could not find alert rule"
            )
    if body["interval"] % 10:
        raise RefusedError(400, "interval should be a multiple of 10 seconds")
    rules = [checked_rule(call.organisation, rule) for rule in body["rules"]]
    group = {"title": name, "folderUid": folder, "interval": body["interval"], "rules": rules}
    call.organisation.groups[folder, name] = group
    return 200, body


@route("GET", f"{API}/alert-rules/{{}}")
def rule(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    return 200, there(call.organisation.rules().get(call.names[0]), "rule")


@route("POST", f"{API}/alert-rules")
def add_rule(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    made = checked_rule(call.organisation, call.body)
    if made["uid"] in call.organisation.rules():
        raise RefusedError(409, "a conflicting alert rule is found")
    key = (made["folderUID"], made["ruleGroup"])
    empty = {"title": key[1], "folderUid": key[0], "interval": 60, "rules": []}
    call.organisation.groups.setdefault(key, empty)["rules"].append(made)
    return 201, made


@route("GET", f"{API}/contact-points")
def contact_points(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    default = {
        "uid": "", "name": DEFAULT_RECEIVER, "type": "email",
        "settings": {"addresses": "<example@email.com>"}, "disableResolveMessage": False,
    }  # fmt: skip
    return 200, [default, *call.organisation.points.values()]


def checked_point(body: Any) -> dict[str, Any]:
    only(body, {"uid", "name", "type", "settings", "disableResolveMessage"})
    if body["type"] == "email" and not body["settings"].get("addresses"):
        raise RefusedError(400, "could not find addresses in settings")
    if body["type"] == "webhook" and not body["settings"].get("url"):
        raise RefusedError(400, "required field 'url' is not specified")
    return {**body, "provenance": "api"}


@route("POST", f"{API}/contact-points")
def add_contact_point(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    made = checked_point(call.body)
    if made["uid"] in call.organisation.points:
        raise RefusedError(500, "receiver configuration with UID already exists")
    call.organisation.points[made["uid"]] = made
    return 202, made


@route("PUT", f"{API}/contact-points/{{}}")
def change_contact_point(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    there(call.organisation.points.get(call.names[0]), "contact point")
    call.organisation.points[call.names[0]] = checked_point(call.body)
    return 202, {"message": "contactpoint updated"}


@route("DELETE", f"{API}/contact-points/{{}}")
def remove_contact_point(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    organisation = call.organisation
    gone = there(organisation.points.get(call.names[0]), "contact point")
    is_last = sum(each["name"] == gone["name"] for each in organisation.points.values()) == 1
    if is_last and gone["name"] in named(organisation.policies, "receiver"):
        raise RefusedError(409, f"contact point {gone['name']} is in use by a notification policy")
    del organisation.points[call.names[0]]
    return 202, {"message": "contactpoint deleted"}


def checked_timing(body: Any) -> dict[str, Any]:
    only(body, {"name", "time_intervals"})
    for interval in body["time_intervals"]:
        only(interval, {"times", "weekdays", "location"})
        for times in interval["times"]:
            only(times, {"start_time", "end_time"})
            if times["start_time"] >= times["end_time"]:
                raise RefusedError(400, "start time cannot be equal or greater than end time")
    return {**body, "provenance": "api", "version": "0"}


@route("GET", f"{API}/mute-timings")
def mute_timings(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    return 200, list(call.organisation.timings.values())


@route("POST", f"{API}/mute-timings")
def add_mute_timing(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    made = checked_timing(call.body)
    if made["name"] in call.organisation.timings:
        raise RefusedError(400, "a time interval with this name already exists")
    call.organisation.timings[made["name"]] = made
    return 201, made


@route("PUT", f"{API}/mute-timings/{{}}")
def change_mute_timing(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    there(call.organisation.timings.get(call.names[0]), "mute timing")
    call.organisation.timings[call.names[0]] = checked_timing(call.body)
    return 202, call.organisation.timings[call.names[0]]


@route("DELETE", f"{API}/mute-timings/{{}}")
def remove_mute_timing(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    if call.names[0] in named(call.organisation.policies, "mute_time_intervals"):
        raise RefusedError(409, "time interval is used by a notification policy")
    there(call.organisation.timings.pop(call.names[0], None), "mute timing")
    return 204, None


@route("GET", f"{API}/policies")
def policies(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    return 200, call.organisation.policies


@route("PUT", f"{API}/policies")
def put_policies(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    tree, organisation = only(call.body, ROUTE_FIELDS), call.organisation
    if "mute_time_intervals" in tree or "object_matchers" in tree:
        raise RefusedError(400, "root route must not have any matchers or mute time intervals")
    for child in tree["routes"]:
        only(child, ROUTE_FIELDS)
    points = {DEFAULT_RECEIVER, *(each["name"] for each in organisation.points.values())}
    if unknown := named(tree, "receiver") - points:
        raise RefusedError(400, f"receiver {unknown} does not exist")
    if unknown := named(tree, "mute_time_intervals") - organisation.timings.keys():
        raise RefusedError(400, f"undefined time interval {unknown}")
    organisation.policies = {**tree, "provenance": "api"}
    return 202, {"message": "policies updated"}


@route("DELETE", f"{API}/policies")
def reset_policies(_: GrafanaStandIn, call: Call) -> tuple[int, Any]:
    call.organisation.policies = default_policies()
    return 202, call.organisation.policies


def named(tree: dict[str, Any], field: str) -> set[str]:
    """What a tree of policies names anywhere in this field."""
    value = tree.get(field, [])
    own = {value} if isinstance(value, str) else set(value)
    return own.union(*(named(child, field) for child in tree.get("routes", ())))
