"""`verify`: logs in as every enabled tenant's reader and tries what must not work.

It proves nothing that it does not try; it finds a server that lets readers see more than it should,
whatever the reason: a setting, a grant by hand, a table without a policy, `sync` not run.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from tenants.config import TenantsConfig
from tenants.errors import NotIsolatedError, NotPossibleError, WrongInputError
from tenants.grafana_verify import verify_grafana
from tenants.isolation_checks import Check, Expected, checks, without_policy
from tenants.outcome import Outcome
from tenants.probes import Login, probes_in_file, probes_on_server, user_without_policy
from tenants.reader_access import reader_name
from tenants.reader_request import Answer, ask
from tenants.records import Tenant
from tenants.registry import Registry
from tenants.schema_objects import read_objects

_MOST_TOLD = 20


def verify(
    client: Client, registry: Registry, config: TenantsConfig, passwords: Path | None
) -> Outcome:
    """Tries everything for every enabled tenant; the passwords are of a file, or of passing users.

    Raises NotIsolatedError naming what failed (never what was seen), NotPossibleError if there is
    no tenant to try for.
    """
    tenants = [tenant.tenant_id for tenant in registry.records(Tenant) if tenant.is_enabled]
    if not tenants:
        raise NotPossibleError("there is no enabled tenant, so nothing was verified")
    objects = read_objects(client)
    failures: list[str] = []
    tried = 0
    with _logins(client, registry, config, passwords, tenants) as logins:
        for tenant_id, login in logins.items():
            every = list(checks(tenant_id, objects))
            tried += len(every)
            failures += _failures(config.clickhouse_url, login, every)
    if config.readers_file is None:
        every = list(without_policy(objects))
        tried += len(every)
        with user_without_policy(client, objects.tenant_tables) as login:
            failures += _failures(config.clickhouse_url, login, every)
    where = ""
    if config.grafana is not None:
        asked = verify_grafana(registry, config.grafana, objects)
        tried += asked.tried
        failures += asked.failures
        where = ", in Grafana too"
    if failures:
        told = [*failures[:_MOST_TOLD], f"… {len(failures)} of {tried} statements in all"]
        raise NotIsolatedError("TENANTS ARE NOT APART:\n" + "\n".join(told))
    return Outcome(
        data={"isolated": True, "tenants": tenants, "statements": tried},
        text=f"{len(tenants)} tenants are apart{where}: {tried} statements showed nothing of"
        " another",
    )


@contextmanager
def _logins(
    client: Client,
    registry: Registry,
    config: TenantsConfig,
    passwords: Path | None,
    tenants: list[str],
) -> Iterator[Mapping[str, Login]]:
    if passwords is not None:
        yield _given_logins(passwords, tenants)
    elif config.readers_file is not None:
        with probes_in_file(config.readers_file, tenants) as logins:
            yield logins
    else:
        try:
            with probes_on_server(client, registry, tenants) as logins:
                yield logins
        except ClickHouseError as error:
            code = getattr(error, "code", None)
            raise NotPossibleError(
                f"no passing users could be made (code {code}): run `python -m tenants sync`"
                " first, or give --passwords"
            ) from error


def _given_logins(file: Path, tenants: list[str]) -> dict[str, Login]:
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
        return {tenant: Login(reader_name(tenant), str(given[tenant])) for tenant in tenants}
    except KeyError as error:
        raise WrongInputError(f"--passwords {file}: there is none of tenant {error}") from error
    except (OSError, ValueError, TypeError) as error:
        raise WrongInputError(
            f'--passwords {file} is no JSON such as {{"acme": "password"}}: {type(error).__name__}'
        ) from error


def _failures(address: str, login: Login, every: Iterable[Check]) -> list[str]:
    if not ask(address, login.user, f"{login.password}x", "SELECT 1", {}).is_login_refused:
        return [f"{login.user}: a wrong password is accepted"]
    if ask(address, login.user, login.password, "SELECT 1", {}).is_login_refused:
        return [f"{login.user}: cannot log in; run `python -m tenants sync`"]
    found = []
    for check in every:
        answer = ask(address, login.user, login.password, check.statement, check.keys)
        if not is_met(check.expected, answer):
            keys = "".join(f" [{name}={value}]" for name, value in check.keys.items())
            found.append(
                f"{login.user}: {check.statement}{keys}: {_came(answer)} instead of"
                f" {check.expected.value}"
            )
    return found


def is_met(expected: Expected, answer: Answer) -> bool:
    """Whether what came is what must come. A failure without ClickHouse's code refuses nothing."""
    is_refused = bool(answer.code) and not answer.is_thrown
    if expected is Expected.REFUSED:
        return is_refused
    if expected is Expected.ZERO_OR_REFUSED and is_refused:
        return True
    return answer.code is None and answer.text == ("1" if expected is Expected.ONE else "0")


def _came(answer: Answer) -> str:
    """What came, without any of its values."""
    if answer.is_thrown:
        return "another tenant's rows were looked at"
    return "an answer" if answer.code is None else f"a refusal (code {answer.code})"
