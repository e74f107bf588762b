"""A customer's alerting in Grafana: rules, whom they are told, and when not.

Everything is written with the API's provenance, so people see it and cannot change it in Grafana;
what is to change is changed in the registry. The notification policies of an organisation are one
tree, which is replaced as a whole.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from grafana.alert_rules import SOURCE
from grafana.alerting import FOLDER_UID, rule_groups
from grafana.language import language_of
from tenants.credentials import digest
from tenants.grafana_api import segment
from tenants.grafana_changes import covers
from tenants.grafana_organisation import Place
from tenants.hours import DAY_MINUTES, Interval
from tenants.records import EVERY_QUEUE, AlertContacts, BusinessHours

RECEIVER = "call-centre-managers"
CLOSED = "call-centre-closed"
"""How our contact points and mute timings are named, or begin."""

_PROVISIONING = "/v1/provisioning"
_POINTS = f"{_PROVISIONING}/contact-points"
_TIMINGS = f"{_PROVISIONING}/mute-timings"
_POLICIES = f"{_PROVISIONING}/policies"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Telling(NamedTuple):
    """Whom the customer's alerts are told, and its business hours."""

    contacts: Sequence[AlertContacts]
    hours: Sequence[BusinessHours]


def sync_rules(place: Place) -> None:
    """Every rule as committed, in the customer's language and zone."""
    for group in rule_groups(language_of(place.tenant.language), place.tenant.time_zone):
        path = f"{_PROVISIONING}/folder/{FOLDER_UID}/rule-groups/{segment(group['title'])}"
        present = place.api.find(path)
        if not place.must(f"alert rules {group['title']}", is_so_already=covers(present, group)):
            continue
        there = {rule["uid"] for rule in present["rules"]} if present else set()
        for rule in group["rules"]:
            # A group cannot bring in a rule by a uid that is not there yet.
            if rule["uid"] not in there and _rule(place, rule["uid"]) is None:
                place.api.post(f"{_PROVISIONING}/alert-rules", rule)
        place.api.put(path, group)


def sync_telling(place: Place, telling: Telling) -> None:
    """Contact points, mute timings and policies, in the order in which they name each other."""
    points = {point["uid"]: point for point in contact_points(telling.contacts)}
    timings = {
        timing["name"]: timing for timing in mute_timings(telling.hours, place.tenant.time_zone)
    }
    _sync_points(place, points)
    _sync_timings(place, timings)
    present = place.api.get(_POLICIES)
    if not points and _receivers(present) & {RECEIVER}:
        # Nobody is told any more: the organisation's own default comes back, whatever it is.
        place.api.delete(_POLICIES)
        present = place.api.get(_POLICIES)
    receiver = RECEIVER if points else str(present["receiver"])
    wanted = policy_tree(receiver, telling.hours)
    if place.must("notification policies", is_so_already=covers(present, wanted)):
        place.api.put(_POLICIES, wanted)
    _remove_stale(place, points, timings)


def withdraw_telling(place: Place) -> None:
    """Takes policies, contact points and mute timings of ours away."""
    present = place.api.get(_POLICIES)
    is_ours = present.get("provenance") == "api"
    if place.must("notification policies taken back", is_so_already=not is_ours):
        place.api.delete(_POLICIES)
    _remove_stale(place, {}, {})


def contact_points(contacts: Sequence[AlertContacts]) -> list[dict[str, Any]]:
    """Grafana's contact points, one for each kind, under one name; none for nobody."""
    return [
        {
            "uid": f"{RECEIVER}-{each.kind}",
            "name": RECEIVER,
            "type": each.kind,
            "settings": (
                {"addresses": ";".join(each.addresses), "singleEmail": True}
                if each.kind == "email"
                else {"url": each.addresses[0], "httpMethod": "POST"}
            ),
            "disableResolveMessage": False,
        }
        for each in contacts
    ]


def mute_timings(hours: Sequence[BusinessHours], zone: str) -> list[dict[str, Any]]:
    """When each set of hours is closed, as Grafana wants it: the rest of the week, day by day."""
    return [
        {"name": _closed(each.queue), "time_intervals": closed_times(each.intervals, zone)}
        for each in hours
        if closed_times(each.intervals, zone)
    ]


def closed_times(open_times: Sequence[Interval], zone: str) -> list[dict[str, Any]]:
    """The days' closed stretches; empty if it is always open, all days if never."""
    found = []
    for weekday, name in enumerate(_WEEKDAYS, start=1):
        edges = [0]
        for interval in sorted(open_times):
            if interval.weekday == weekday:
                edges += (interval.opens_minute, interval.closes_minute)
        edges.append(DAY_MINUTES)
        times = [
            {"start_time": _clock(start), "end_time": _clock(end)}
            for start, end in zip(edges[::2], edges[1::2], strict=True)
            if start < end
        ]
        if times:
            found.append({"times": times, "weekdays": [name], "location": zone})
    return found


def policy_tree(receiver: str, hours: Sequence[BusinessHours]) -> dict[str, Any]:
    """Who is told, and when not: a queue with hours of its own goes by them, all else by the rest.

    Grafana takes no mute timing at the root, so our rules have a branch of their own.
    """
    muted = {each.queue: _closed(each.queue) for each in hours if closed_times(each.intervals, "")}
    with_own = [each.queue for each in hours if each.queue != EVERY_QUEUE]
    return {
        "receiver": receiver,
        "group_by": ["grafana_folder", "alertname"],
        "routes": [
            *(_route(receiver, ("queue", queue), muted.get(queue)) for queue in sorted(with_own)),
            _route(receiver, ("source", SOURCE), muted.get(EVERY_QUEUE)),
        ],
    }


def _route(receiver: str, label: tuple[str, str], muted_by: str | None) -> dict[str, Any]:
    name, value = label
    route: dict[str, Any] = {"receiver": receiver, "object_matchers": [[name, "=", value]]}
    return route | {"mute_time_intervals": [muted_by]} if muted_by else route


def _closed(queue: str) -> str:
    """A name that can stand in a path, and is the queue's alone."""
    if queue == EVERY_QUEUE:
        return CLOSED
    plain = re.sub(r"[^A-Za-z0-9_-]", "-", queue)
    return f"{CLOSED}-{plain}" if plain == queue else f"{CLOSED}-{plain}-{digest(queue)[:8]}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _rule(place: Place, uid: str) -> Any:
    return place.api.find(f"{_PROVISIONING}/alert-rules/{segment(uid)}")


def _receivers(tree: Mapping[str, Any]) -> set[str]:
    found = {str(tree.get("receiver", ""))}
    return found.union(*(_receivers(route) for route in tree.get("routes") or ()))


def _sync_points(place: Place, wanted: Mapping[str, Any]) -> None:
    present = {point["uid"]: point for point in place.api.get(_POINTS)}
    for uid, point in wanted.items():
        _put(place, f"contact by {point['type']}", (_POINTS, uid), present.get(uid), point)


def _sync_timings(place: Place, wanted: Mapping[str, Any]) -> None:
    present = {timing["name"]: timing for timing in place.api.get(_TIMINGS)}
    for name, timing in wanted.items():
        _put(place, f"mute timing {name}", (_TIMINGS, name), present.get(name), timing)


def _put(place: Place, what: str, where: tuple[str, str], present: Any, wanted: Any) -> None:
    """Makes or changes what lies in a collection, `where`, under a key."""
    collection, key = where
    if not place.must(what, is_so_already=covers(present, wanted)):
        return
    if present is None:
        place.api.post(collection, wanted)
    else:
        place.api.put(f"{collection}/{segment(key)}", wanted)


def _remove_stale(place: Place, points: Mapping[str, Any], timings: Mapping[str, Any]) -> None:
    for point in place.api.get(_POINTS):
        if point["name"] == RECEIVER and point["uid"] not in points:
            place.must(f"contact by {point['type']} removed", is_so_already=False)
            place.api.delete(f"{_POINTS}/{segment(point['uid'])}")
    for timing in place.api.get(_TIMINGS):
        if timing["name"].startswith(CLOSED) and timing["name"] not in timings:
            place.must(f"mute timing {timing['name']} removed", is_so_already=False)
            place.api.delete(f"{_TIMINGS}/{segment(timing['name'])}")
