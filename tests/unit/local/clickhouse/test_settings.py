"""Keys of a URL: control, parameters, settings; what carries the isolation is not settable."""

import pytest

from local.clickhouse.errors import RequestError
from local.clickhouse.settings import request_options
from local.clickhouse.users import User

ADMIN = User("admin", None)
READER = User("acme", "acme")


@pytest.mark.parametrize("user", [ADMIN, READER])
def test_keys_are_sorted(user: User) -> None:
    keys = {"query": "SELECT 1", "database": "d", "param_a": "1", "max_threads": "2", "user": "u"}
    assert request_options(user, keys) == ({"a": "1"}, {"max_threads": "2"})


@pytest.mark.parametrize("user", [ADMIN, READER])
@pytest.mark.parametrize("name", ["log_comment", "role"])
def test_nobody_sets_what_carries_the_isolation(user: User, name: str) -> None:
    with pytest.raises(RequestError, match="ACCESS_DENIED"):
        request_options(user, {name: "*"})


@pytest.mark.parametrize("user", [ADMIN, READER])
@pytest.mark.parametrize("name", ["a=1, b", "a b", "", "1a", "a'"])
def test_a_key_that_is_no_name_is_refused(user: User, name: str) -> None:
    with pytest.raises(RequestError, match="BAD_ARGUMENTS"):
        request_options(user, {name: "1"})


def test_the_admin_sets_what_a_reader_may_not() -> None:
    assert request_options(ADMIN, {"max_insert_threads": "2"}).settings == {
        "max_insert_threads": "2"
    }
    with pytest.raises(RequestError, match="READONLY"):
        request_options(READER, {"max_insert_threads": "2"})


def test_a_readers_readonly_is_dropped_because_it_holds_anyway() -> None:
    assert request_options(READER, {"readonly": "0"}).settings == {}
    with pytest.raises(RequestError, match="ACCESS_DENIED"):
        request_options(ADMIN, {"readonly": "1"})
