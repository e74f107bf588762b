"""Which secrets are too weak to start with: too short, too even, or what examples call theirs.

One rule for the servers; the collector, which shares no code with them, has its own.
"""

from urllib.parse import unquote, urlsplit

MIN_CHARACTERS = 16
_MIN_DIFFERENT = 8
_MIN_BESIDE_WORDS = 10
_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))

# What is left of an example's or a default's secret when these are taken out is not much.
_WORDS = (
    "callcentre",
    "change",
    "clickhouse",
    "default",
    "example",
    "grafana",
    "insecure",
    "passwd",
    "password",
    "placeholder",
    "qwerty",
    "secret",
    "senha",
    "admin",
    "kafka",
    "token",
    "test",
    "0123456789",
    "123456789",
    "12345678",
    "123456",
    "1234",
)


def weakness_of(secret: str) -> str:
    """What is wrong with a secret, as the end of a sentence that names it; empty if nothing is."""
    if len(secret) < MIN_CHARACTERS:
        return f"must have {MIN_CHARACTERS} characters or more"
    left = secret.lower()
    for word in _WORDS:
        left = left.replace(word, "")
    if len(left) < _MIN_BESIDE_WORDS or len(set(left)) < _MIN_DIFFERENT:
        return "looks like an example or a default: let chance make one, as `openssl rand -hex 24`"
    return ""


def weakness_in_url(url: str) -> str:
    """The same of the password in an address; nobody else reaches one on this machine's loopback.

    An address of wrong form has no weakness: whoever connects to it says what is wrong.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return ""
    is_beyond = host and not is_loopback(host)
    return weakness_of(unquote(parts.password or "")) if is_beyond else ""


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own, which nobody else reaches."""
    return host in _LOOPBACK
