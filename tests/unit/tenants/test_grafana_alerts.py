import json
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import alerting as sdk

from tenants.grafana_alerts import closed_times, contact_points, mute_timings, policy_tree
from tenants.grafana_changes import Changes, covers
from tenants.hours import week_of
from tenants.records import AlertContacts, BusinessHours

ZONE = "America/Sao_Paulo"


def closed(*week: str) -> dict[str, str]:
    """The closed stretches by day, as `00:00-08:00 18:00-24:00`."""
    return {
        interval["weekdays"][0]: " ".join(
            f"{times['start_time']}-{times['end_time']}" for times in interval["times"]
        )
        for interval in closed_times(week_of(week), ZONE)
    }


def test_what_is_not_open_is_closed() -> None:
    times = closed("mon-fri=08:00-12:00,13:00-18:00", "sat=00:00-12:00", "sun=12:00-24:00")
    assert times["monday"] == "00:00-08:00 12:00-13:00 18:00-24:00"
    assert times["saturday"] == "12:00-24:00"
    assert times["sunday"] == "00:00-12:00"


def test_always_open_is_never_closed() -> None:
    assert closed("mon-sun=00:00-24:00") == {}


def test_never_open_is_closed_all_week() -> None:
    assert set(closed().values()) == {"00:00-24:00"}
    assert len(closed()) == 7


def test_a_night_shift_is_closed_by_day() -> None:
    times = closed("mon-fri=22:00-06:00")
    assert times["monday"] == "00:00-22:00"
    assert times["tuesday"] == "06:00-22:00"
    assert times["saturday"] == "06:00-24:00"


def test_every_closed_stretch_is_of_the_customers_zone() -> None:
    hours = [BusinessHours("acme", "", week_of(["mon-fri=08:00-18:00"]))]
    (timing,) = mute_timings(hours, ZONE)
    assert {each["location"] for each in timing["time_intervals"]} == {ZONE}


def test_a_queue_with_hours_of_its_own_goes_by_them_and_all_else_by_the_rest() -> None:
    hours = [
        BusinessHours("acme", "", week_of(["mon-fri=08:00-18:00"])),
        BusinessHours("acme", "always", week_of(["mon-sun=00:00-24:00"])),
        BusinessHours("acme", "cobrança/1", week_of(["mon-fri=18:00-24:00"])),
    ]
    names = [timing["name"] for timing in mute_timings(hours, ZONE)]
    assert names == ["call-centre-closed", "call-centre-closed-cobran-a-1-a8e61658"]
    tree = policy_tree("managers", hours)
    assert [
        (route["object_matchers"], route.get("mute_time_intervals")) for route in tree["routes"]
    ] == [
        ([["queue", "=", "always"]], None),
        ([["queue", "=", "cobrança/1"]], ["call-centre-closed-cobran-a-1-a8e61658"]),
        ([["source", "=", "call-centre"]], ["call-centre-closed"]),
    ]
    known = json.loads(json.dumps(sdk.NotificationPolicy.from_json(tree), cls=JSONEncoder))
    assert known == tree


def test_contacts_are_one_contact_point_of_several_kinds() -> None:
    points = contact_points(
        [
            AlertContacts("acme", "email", ("a@example.com", "b@example.com")),
            AlertContacts("acme", "webhook", ("https://hooks.example.com/x",)),
        ]
    )
    assert {point["name"] for point in points} == {"call-centre-managers"}
    assert [point["settings"] for point in points] == [
        {"addresses": "a@example.com;b@example.com", "singleEmail": True},
        {"url": "https://hooks.example.com/x", "httpMethod": "POST"},
    ]
    for point in points:
        assert json.loads(json.dumps(sdk.ContactPoint.from_json(point), cls=JSONEncoder)) == point


@pytest.mark.parametrize(
    ("present", "wanted", "is_covered"),
    [
        ({"a": 1, "more": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 2}, False),
        ({}, {"a": None}, True),
        (None, {"a": 1}, False),
        ({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}]}, True),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({"a": "1"}, {"a": [1]}, False),
    ],
)
def test_more_fields_are_the_same_more_items_are_not(
    present: Any, wanted: Any, is_covered: bool
) -> None:
    assert covers(present, wanted) is is_covered


def test_changes_are_told_and_the_rest_is_counted() -> None:
    changes = Changes()
    assert changes.must("made a", is_so_already=False)
    assert not changes.must("made b", is_so_already=True)
    assert (changes.told, changes.unchanged) == (["made a"], 1)
