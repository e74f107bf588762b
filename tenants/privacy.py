"""`forget` and `key rotate`: what concerns the callers of a customer, not the customer itself."""

import re
import sys
from argparse import Namespace
from pathlib import Path

from ingest_api.contract.secrets import MIN_CHARACTERS
from tenants import forget as forgetting
from tenants.commands import Surroundings
from tenants.credentials import new_secret
from tenants.errors import WrongInputError
from tenants.outcome import Outcome
from tenants.person import HASH_CHARACTERS, HASHED_DIGITS, Person, caller_hash, last_digits

FROM_INPUT = "-"
"""Written for the number: it is read from the first line of the input, and stands in no history."""

_EVERYWHERE = (
    "put it into the settings of the collectors of all sites, [privacy] key, and restart them;"
    " until the last one has it, calls of one caller at two sites are two callers'"
)
_OLD_KEY = (
    "calls from before are not linked with those from now on; keep the old key as long as rows"
    " from its time are kept, or `forget --caller` cannot find them by the number"
)

_HASH = re.compile(rf"[0-9a-f]{{{HASH_CHARACTERS}}}")


def forget(around: Surroundings, options: Namespace) -> Outcome:
    """`forget --tenant TENANT (--caller NUMBER [--key-file FILE] | --caller-hash HASH) [--yes]`."""
    person = _person(options)
    tenant_id = options.of_tenant
    return forgetting.forget(
        around.client, around.registry, tenant_id, person, is_dry=not options.yes
    )


def key_rotate(around: Surroundings, options: Namespace) -> Outcome:
    """`key rotate TENANT`. Nothing is stored: the key is the collectors' alone."""
    tenant_id = around.registry.tenant(options.tenant).tenant_id
    return Outcome(
        changes=(f"tenant {tenant_id}: new key made",),
        notes=(
            _EVERYWHERE,
            _OLD_KEY,
        ),
        secrets={"privacy_key": new_secret()},
    )


def _person(options: Namespace) -> Person:
    if options.caller_hash is not None:
        if not _HASH.fullmatch(options.caller_hash):
            raise WrongInputError(f"--caller-hash: {HASH_CHARACTERS} hex digits are needed")
        return Person({options.caller_hash})
    number = options.caller
    if number == FROM_INPUT:
        number = sys.stdin.readline()
    digits = last_digits(number)
    if len(digits) < HASHED_DIGITS:
        raise WrongInputError(f"--caller: a number of {HASHED_DIGITS} digits or more is needed")
    keys = _keys(options.key_file) if options.key_file else []
    return Person({caller_hash(number, key) for key in keys}, digits)


def _keys(file: Path) -> list[str]:
    try:
        keys = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise WrongInputError(f"--key-file {file} cannot be read: {error}") from error
    keys = [key for key in keys if key]
    if not keys or any(len(key) < MIN_CHARACTERS for key in keys):
        raise WrongInputError(
            f"--key-file {file}: one key a line, of {MIN_CHARACTERS} characters or more"
        )
    return keys
