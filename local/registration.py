"""The demo's customers, by the commands a person would type: `python -m tenants add …` and on.

What boards need to know (targets, teams, limits of pauses, hours) is set in the same way.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from clickhouse_connect.driver.exceptions import ClickHouseError

from local.process import ChildFailedError
from local.stack import NEIGHBOUR, TENANT, Stack
from tenants.arguments import parser
from tenants.commands import Surroundings
from tenants.config import config_from
from tenants.connection import connect
from tenants.credentials import new_secret
from tenants.errors import NotPossibleError, TenantsError
from tenants.outcome import Outcome
from tenants.records import GrafanaOrganisation
from tenants.registry import Registry

_ADDED = {
    TENANT: "--name 'Demonstração' --time-zone America/Sao_Paulo --language pt-BR",
    NEIGHBOUR: "--name 'The Neighbour' --time-zone America/New_York --language en-US"
    " --answer-limit 30s --sl-target 70%",
}
_SETTINGS = (
    f"queue set {TENANT} suporte --name Suporte",
    f"queue set {TENANT} vendas --name Vendas --answer-limit 15s --sl-target 90%",
    f"queue set {TENANT} cobrança --name Cobrança --sl-variant with_flow_outs --sl-target 70%",
    f"queue set {TENANT} ouvidoria --name Ouvidoria --answer-limit 30s --short-abandon 10s",
    f"queue set {TENANT} retaguarda --name Retaguarda --answer-limit 40s --sl-variant over_offered",
    f"pause-limit set {TENANT} Almoço 60m",
    f"pause-limit set {TENANT} Banheiro 2m",
    f"pause-limit set {TENANT} Café 3m",
    f"pause-limit set {TENANT} Reunião 30m",
    f"pause-limit set {TENANT} '*' 10m",
    f"hours set {TENANT} mon-sun=00:00-24:00",
    f"queue set {NEIGHBOUR} suporte --name Support",
    f"pause-limit set {NEIGHBOUR} '*' 5m",
    f"hours set {NEIGHBOUR} mon-sat=07:00-22:00",
)
_TEAMS = ("Ipê", "Jatobá", "Peroba")


class Registered(NamedTuple):
    """What `add` shows once: whose reader, the key of the customer, and a token for each site."""

    reader: str
    reader_password: str
    privacy_key: str
    tokens: dict[str, str]


class Operator:
    """Runs commands of `python -m tenants` over one connection, in this process."""

    def __init__(self, around: Surroundings) -> None:
        """`around` is what the commands work on."""
        self._around = around
        self._parser = parser()

    def organisations(self) -> dict[str, int]:
        """The id of each customer's organisation in Grafana."""
        records = self._around.registry.records(GrafanaOrganisation)
        return {record.tenant_id: record.organisation_id for record in records}

    def run(self, command: str) -> Outcome:
        """As `python -m tenants COMMAND` would; raises what it would tell."""
        options = self._parser.parse_args(shlex.split(command))
        outcome: Outcome = options.run(self._around, options)
        return outcome


def tenants_environment(stack: Stack) -> dict[str, str]:
    """What `python -m tenants` needs to be told to work on this stack."""
    environment = {"CLICKHOUSE_URL": stack.clickhouse_url, "INGEST_PUBLIC_URL": stack.ingest_url}
    if stack.readers_file is not None:
        environment["CLICKHOUSE_READERS_FILE"] = str(stack.readers_file)
    if stack.grafana is not None:
        environment["GRAFANA_URL"] = stack.grafana.url
        environment["GRAFANA_ADMIN_PASSWORD"] = stack.grafana.password
    return environment


@contextmanager
def operator_of(stack: Stack) -> Iterator[Operator]:
    """An operator for the block. Raises ChildFailedError if a command of the block fails."""
    config = config_from(tenants_environment(stack))
    try:
        client = connect(config.clickhouse_url)
        try:
            yield Operator(Surroundings(config, client, Registry(client)))
        finally:
            client.close()
    except (TenantsError, ClickHouseError) as error:
        raise ChildFailedError(f"the customers cannot be registered: {error}") from error


def register(operator: Operator, tenant: str, sites: Sequence[str]) -> Registered:
    """The customer with its sites. What was shown in an earlier run is made anew."""
    first, *others = sites
    added = operator.run(f"add {tenant} --site {first} {_ADDED[tenant]}").secrets
    reader = added if "reader" in added else operator.run(f"reader rotate {tenant}").secrets
    tokens = {first: added.get("token", "")}
    for site in others:
        tokens[site] = operator.run(f"site add {tenant} {site}").secrets.get("token", "")
    for site in (site for site, token in tokens.items() if not token):
        rotated = operator.run(f"token rotate {tenant} {site} --overlap 0s --again")
        tokens[site] = rotated.secrets["token"]
    return Registered(
        added.get("reader", f"reader_{tenant}"),
        reader["reader_password"],
        added.get("privacy_key") or new_secret(),
        tokens,
    )


def let_readers_in(operator: Operator) -> str:
    """`sync`; why it was not possible, if the server in use does not allow it, else an empty text.

    On an embedded service it is always possible.
    """
    try:
        operator.run("sync")
    except NotPossibleError as error:
        return str(error)
    return ""


def reader_url(stack: Stack, registered: Registered) -> str:
    """The server's address as this customer's reader has it."""
    parts = urlsplit(stack.clickhouse_url)
    place = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{registered.reader}:{registered.reader_password}@{place}"


def set_for_boards(operator: Operator, agents: Mapping[str, Sequence[str]]) -> None:
    """Queues, pauses, hours, and of the agents of each site, in turn, the team."""
    for command in _SETTINGS:
        operator.run(command)
    for site, keys in agents.items():
        for place, key in enumerate(keys):
            team = _TEAMS[place % len(_TEAMS)]
            operator.run(f"agent set {TENANT} {site} {key} --team {team}")
