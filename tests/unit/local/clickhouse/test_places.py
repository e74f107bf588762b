"""A place for each request under way: shares of tenants, and what is kept for the admin."""

import pytest

from local.clickhouse.errors import RequestError
from local.clickhouse.places import (
    MAX_REQUESTS,
    MAX_REQUESTS_OF_A_TENANT,
    MAX_REQUESTS_OF_READERS,
    Places,
)
from local.clickhouse.users import ADMIN, User

ADMIN_USER = User(ADMIN, None)


def taken(places: Places, users: list[User]) -> int:
    """How many places these get, in this order."""
    count = 0
    for user in users:
        try:
            places.take(user)
        except RequestError:
            continue
        count += 1
    return count


def test_a_tenants_users_have_one_share_together() -> None:
    users = [User("reader", "acme"), User("boards", "acme")] * MAX_REQUESTS
    places = Places()
    assert taken(places, users) == MAX_REQUESTS_OF_A_TENANT
    assert taken(places, [User("other", "rival")]) == 1


def test_readers_of_all_tenants_leave_places_for_the_admin() -> None:
    readers = [User(f"reader{number}", f"tenant{number}") for number in range(2 * MAX_REQUESTS)]
    places = Places()
    assert taken(places, readers) == MAX_REQUESTS_OF_READERS
    kept = MAX_REQUESTS - MAX_REQUESTS_OF_READERS
    assert taken(places, [ADMIN_USER] * MAX_REQUESTS) == kept > 0


def test_what_was_given_back_is_free_again() -> None:
    user = User("reader", "acme")
    places = Places()
    taken(places, [user] * MAX_REQUESTS)
    for _ in range(MAX_REQUESTS_OF_A_TENANT):
        places.give_back(user)
    assert taken(places, [ADMIN_USER] * MAX_REQUESTS) == MAX_REQUESTS
    with pytest.raises(RequestError, match="Current: 64, maximum: 64"):
        places.take(user)
