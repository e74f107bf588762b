"""How many requests may be under way, of all and of one tenant, so that none takes every place."""

from collections import Counter

from local.clickhouse.errors import RequestError
from local.clickhouse.users import User

MAX_REQUESTS = 64
MAX_REQUESTS_OF_READERS = 48
"""The rest is kept for the admin, whose requests are those of the stack's own programs."""

MAX_REQUESTS_OF_A_TENANT = 32
"""As `max_concurrent_queries_for_user` of readers on a real server (tenants/access_plan.py); here
a tenant's reader and its boards have them together."""


class Places:
    """The places of all requests, for one event loop."""

    def __init__(self) -> None:
        """All are free."""
        self._taken: Counter[str | None] = Counter()

    def take(self, user: User) -> None:
        """One for a request of this user, until `give_back`.

        Raises RequestError as ClickHouse does, if there is none, or the tenant has its share.
        """
        total = self._taken.total()
        if user.tenant is None:
            _require_free(total, MAX_REQUESTS, "")
        else:
            of_tenant = self._taken[user.tenant]
            _require_free(of_tenant, MAX_REQUESTS_OF_A_TENANT, f" for user {user.name}")
            _require_free(total - self._taken[None], MAX_REQUESTS_OF_READERS, "")
            _require_free(total, MAX_REQUESTS, "")
        self._taken[user.tenant] += 1

    def give_back(self, user: User) -> None:
        """The request is answered, however."""
        self._taken[user.tenant] -= 1
        if not self._taken[user.tenant]:
            del self._taken[user.tenant]


def _require_free(taken: int, maximum: int, whose: str) -> None:
    if taken >= maximum:
        raise RequestError(
            202,
            "TOO_MANY_SIMULTANEOUS_QUERIES",
            f"Too many simultaneous queries{whose}. Current: {taken}, maximum: {maximum}.",
        )
