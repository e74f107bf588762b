"""What people write on the command line, as values: checked here, once, with an error that helps.

All functions raise WrongInputError. Names of the registry's own choices stand here too.
"""

import difflib
import re
from collections.abc import Collection

from ingest_api.contract.addresses import parts_of
from ingest_api.contract.limits import MAX_QUEUE_CHARACTERS, is_site_name
from ingest_api.contract.secrets import is_loopback
from tenants.errors import WrongInputError

LANGUAGES = ("pt-BR", "en-US")
"""Languages the boards are written in, as Grafana names them."""

SERVICE_LEVEL_VARIANTS = (
    "excluding_short",
    "answered_and_abandoned",
    "with_flow_outs",
    "over_offered",
    "over_answered",
    "left_within",
    "late_abandons",
)
"""The variants of docs/kpi.md, as their functions are named after `service_level_`."""

MAX_LIMIT_S = 24 * 3600
MAX_WAITING = 10_000
MAX_CONTACT_ADDRESSES = 20
MAX_TEXT_CHARACTERS = 128

_DURATION = re.compile(r"(?:(\d{1,5})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?", re.ASCII)
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)%", re.ASCII)
_MAIL_ADDRESS = re.compile(r"[^@\s;,<>\"]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,}")


def name_of(text: str, what: str) -> str:
    """The name of a customer or site, `what` says which: the form Kafka keys and tokens need."""
    if not is_site_name(text):
        raise WrongInputError(
            f"{what} {text!r}: a name has 1 to 64 letters, digits, dots, hyphens and underscores,"
            " and begins with a letter or digit"
        )
    return text


def text_of(text: str, what: str) -> str:
    """A text that boards show or the source tells: not empty, one line, 128 characters at most."""
    if not text.strip() or len(text) > min(MAX_TEXT_CHARACTERS, MAX_QUEUE_CHARACTERS):
        raise WrongInputError(f"{what}: 1 to {MAX_TEXT_CHARACTERS} characters are needed")
    if not text.isprintable():
        raise WrongInputError(f"{what}: line breaks and control characters cannot be shown")
    return text


def time_zone_of(text: str, known: Collection[str]) -> str:
    """An IANA zone that the server knows (`known`); names the nearest ones if it does not."""
    if text in known:
        return text
    near = difflib.get_close_matches(text, known, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(near)}?" if near else "use a name such as America/Sao_Paulo"
    raise WrongInputError(f"time zone {text!r} is unknown: {hint}")


def one_of(text: str, choices: Collection[str], what: str) -> str:
    """One of the choices, as it is written there."""
    if text not in choices:
        raise WrongInputError(f"{what} {text!r} is unknown: use one of {', '.join(choices)}")
    return text


def seconds_of(text: str, what: str, least: int = 1) -> int:
    """A duration in whole seconds, written `90`, `90s`, `15m` or `1h30m`; a day at most."""
    parts = _DURATION.fullmatch(text)
    if text.isascii() and text.isdecimal():
        seconds = int(text)
    elif text and parts:
        hours, minutes, rest = (int(part or 0) for part in parts.groups())
        seconds = 3600 * hours + 60 * minutes + rest
    else:
        raise WrongInputError(f"{what} {text!r}: write seconds, or 90s, 15m, 1h30m")
    if not least <= seconds <= MAX_LIMIT_S:
        raise WrongInputError(f"{what} {text!r}: it must be from {least} s to 24 hours")
    return seconds


def count_of(text: str, what: str) -> int:
    """A number of callers, from 1 to 10,000."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MAX_WAITING):
        raise WrongInputError(f"{what} {text!r}: write a number from 1 to {MAX_WAITING}")
    return int(text)


def mail_addresses_of(texts: Collection[str]) -> tuple[str, ...]:
    """Mail addresses in order, each once; 20 at most."""
    for text in texts:
        if not _MAIL_ADDRESS.fullmatch(text):
            raise WrongInputError(f"mail address {text!r}: write it as name@example.com")
    if len(texts) > MAX_CONTACT_ADDRESSES:
        raise WrongInputError(f"{MAX_CONTACT_ADDRESSES} mail addresses at most")
    return tuple(sorted(set(texts)))


def webhook_url_of(text: str) -> str:
    """The address that alerts are posted to: https, or http on this machine only."""
    return _address_of(text, "the address of the webhook", "https://hooks.example.com/…")


def share_of(text: str, what: str) -> float:
    """A share 0..1, written as a percentage (`80%`), above 0 and at most 100 %."""
    found = _SHARE.fullmatch(text)
    percent = float(found[1]) if found else 0.0
    if not 0 < percent <= 100:  # noqa: PLR2004 - per cent
        raise WrongInputError(f"{what} {text!r}: write a percentage up to 100, such as 80%")
    return round(percent / 100, 6)


def ingest_url_of(text: str) -> str:
    """The address collectors post to: https, or http on this machine only, as they demand."""
    if parts_of(text).query:
        raise WrongInputError("the ingest address must look like https://ingest.example.com")
    return _address_of(text, "the ingest address", "https://ingest.example.com")


def base_url_of(text: str, what: str) -> str:
    """The address of a platform's API, without a path: https, or http on this machine only."""
    url = _address_of(text, what, "https://api.wts.chat")
    if parts_of(url).path.strip("/"):
        raise WrongInputError(f"{what} {text!r}: leave the path out")
    return url.rstrip("/")


def written_seconds(seconds: int) -> str:
    """A duration as `seconds_of` reads it: `1h30m`, `20s`; `0s` for none."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{value}{unit}" for value, unit in parts if value) or "0s"


def written_share(share: float) -> str:
    """A share as `share_of` reads it: `80%`."""
    return f"{round(100 * share, 4):g}%"


def _address_of(text: str, what: str, example: str) -> str:
    parts = parts_of(text)
    if not parts.hostname or parts.username or not text.isprintable():
        raise WrongInputError(f"{what} must look like {example}")
    if parts.scheme != "https" and not is_loopback(parts.hostname):
        raise WrongInputError(f"{what} must be https; http is for this machine only")
    return text
