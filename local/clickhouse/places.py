"""How many requests may be under way: of all, and of one reader, so that none takes every place."""

from collections import Counter

from local.clickhouse.errors import RequestError
from local.clickhouse.users import User

MAX_REQUESTS = 64
MAX_REQUESTS_OF_A_READER = 32
"""As `max_concurrent_queries_for_user` of readers on a real server (tenants/access_plan.py)."""


class Places:
    """The places of all requests, for one event loop."""

    def __init__(self) -> None:
        """All are free."""
        self._taken: Counter[str] = Counter()

    def take(self, user: User) -> None:
        """One for a request of this user, until `give_back`.

        Raises RequestError as ClickHouse does, if there is none, or the reader has its share.
        """
        if self._taken.total() >= MAX_REQUESTS:
            raise _too_many("Too many simultaneous queries.", MAX_REQUESTS)
        if user.tenant is not None and self._taken[user.name] >= MAX_REQUESTS_OF_A_READER:
            what = f"Too many simultaneous queries for user {user.name}."
            raise _too_many(what, MAX_REQUESTS_OF_A_READER)
        self._taken[user.name] += 1

    def give_back(self, user: User) -> None:
        """The request is answered, however."""
        self._taken[user.name] -= 1
        if not self._taken[user.name]:
            del self._taken[user.name]


def _too_many(what: str, maximum: int) -> RequestError:
    text = f"{what} Current: {maximum}, maximum: {maximum}."
    return RequestError(202, "TOO_MANY_SIMULTANEOUS_QUERIES", text)
