"""Grafana's HTTP API, as far as `sync` and `verify` need it: values come back, or one sentence.

Basic authentication as the server's administrator; the organisation is named by a header with each
request, never by switching the administrator's own, so two runs do not disturb each other.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx

from grafana.data_source import PLUGIN
from tenants.config import GrafanaAccess
from tenants.errors import NotPossibleError

OLDEST_GRAFANA = (12, 3)
OLDEST_PLUGIN = (4, 0)

_TIMEOUT = httpx.Timeout(30, connect=5)
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
_MOST_TOLD = 300
_VERSION = re.compile(r"\d+")


class Refusal(NamedTuple):
    """How Grafana refused: its status, and its sentence."""

    status: int
    message: str


class GrafanaRefusedError(NotPossibleError):
    """Grafana answered with an error; whoever knows what was tried may say it better."""

    def __init__(self, text: str, refusal: Refusal) -> None:
        """`text` is the sentence for the operator."""
        super().__init__(text)
        self.refusal = refusal


class GrafanaApi:
    """What the server's administrator asks, of one organisation once `within` has named it."""

    def __init__(self, place: str, client: httpx.Client, organisation: int = 0) -> None:
        """`client` has the administrator's login; `organisation` 0 is the server as a whole."""
        self._place = place
        self._client = client
        self._organisation = organisation

    def within(self, organisation: int) -> "GrafanaApi":
        """The same, asking of this organisation; the administrator has to be its member."""
        return GrafanaApi(self._place, self._client, organisation)

    def find(self, path: str, **query: str | int) -> Any:
        """What is there; None if nothing is (404)."""
        try:
            return self._ask("GET", path, query=query)
        except GrafanaRefusedError as error:
            if error.refusal.status == _NOT_FOUND:
                return None
            raise

    def get(self, path: str, **query: str | int) -> Any:
        """What is there. Raises GrafanaRefusedError if nothing is."""
        return self._ask("GET", path, query=query)

    def post(self, path: str, body: Any, accepted: Collection[int] = ()) -> Any:
        """Makes something; Grafana's answer, with one of the `accepted` statuses of errors too."""
        return self._ask("POST", path, body, accepted=accepted)

    def put(self, path: str, body: Any) -> Any:
        """Replaces something; Grafana's answer."""
        return self._ask("PUT", path, body)

    def patch(self, path: str, body: Any) -> Any:
        """Changes something; Grafana's answer."""
        return self._ask("PATCH", path, body)

    def delete(self, path: str, **query: str | int) -> None:
        """Removes something."""
        self._ask("DELETE", path, query=query)

    def check(self) -> None:
        """Raises NotPossibleError unless this is a Grafana that will do, and we administer it."""
        version = str((self.find("/health") or {}).get("version", ""))
        if not version:
            raise NotPossibleError(f"{self._place} is no Grafana: set GRAFANA_URL to its address")
        if _numbers(version) < OLDEST_GRAFANA:
            oldest = ".".join(map(str, OLDEST_GRAFANA))
            raise NotPossibleError(f"Grafana {version} is too old: at least {oldest} is needed")
        try:
            self.get("/orgs", perpage=1)
        except GrafanaRefusedError as error:
            if error.refusal.status == _FORBIDDEN:
                raise NotPossibleError(
                    "GRAFANA_ADMIN_USER is no administrator of the server, who alone may make"
                    " organisations"
                ) from error
            raise
        plugin = self.find(f"/plugins/{PLUGIN}/settings")
        if plugin is None:
            raise NotPossibleError(
                f"Grafana has no plugin {PLUGIN}: install it (`grafana cli plugins install"
                f" {PLUGIN}`) and restart Grafana"
            )
        version = str(plugin["info"]["version"])
        if _numbers(version) < OLDEST_PLUGIN:
            oldest = ".".join(map(str, OLDEST_PLUGIN))
            raise NotPossibleError(f"{PLUGIN} {version} is too old: at least {oldest} is needed")

    def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str | int] | None = None,
        accepted: Collection[int] = (),
    ) -> Any:
        headers = {"X-Grafana-Org-Id": str(self._organisation)} if self._organisation else {}
        try:
            answer = self._client.request(method, path, json=body, params=query, headers=headers)
        except httpx.TimeoutException as error:
            raise NotPossibleError(f"Grafana at {self._place} did not answer in time") from error
        except httpx.TransportError as error:
            raise NotPossibleError(
                f"nobody answers at GRAFANA_URL={self._place}: {error}"
            ) from error
        if answer.is_error and answer.status_code not in accepted:
            raise self._error(method, path, answer)
        return _decoded(answer)

    def _error(self, method: str, path: str, answer: httpx.Response) -> GrafanaRefusedError:
        told = _decoded(answer)
        message = str(told.get("message", "")) if isinstance(told, dict) else ""
        refusal = Refusal(answer.status_code, message[:_MOST_TOLD])
        if answer.status_code == _UNAUTHORIZED:
            text = "Grafana refused GRAFANA_ADMIN_USER or GRAFANA_ADMIN_PASSWORD"
        else:
            why = refusal.message or answer.reason_phrase
            text = f"Grafana refused {method} {path} with {answer.status_code}: {why}"
        return GrafanaRefusedError(text, refusal)


@contextmanager
def connected(
    access: GrafanaAccess, transport: httpx.BaseTransport | None = None
) -> Iterator[GrafanaApi]:
    """Grafana's API for the block. Nothing is sent yet; `transport` stands in for the network."""
    with httpx.Client(
        base_url=f"{access.url}/api",
        auth=(access.user, access.password),
        timeout=_TIMEOUT,
        transport=transport,
    ) as client:
        yield GrafanaApi(access.url, client)


def segment(name: str) -> str:
    """A name as one segment of a path."""
    return quote(name, safe="")


def _decoded(answer: httpx.Response) -> Any:
    """The answer's value; None if it is no JSON, such as the page of a proxy."""
    try:
        return answer.json()
    except ValueError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    """The first two numbers of `12.3.1-pre`."""
    return tuple(map(int, _VERSION.findall(version)[:2]))
