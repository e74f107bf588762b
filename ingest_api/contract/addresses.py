"""Addresses of servers as settings and command lines give them, taken apart."""

from urllib.parse import SplitResult, urlsplit

_NO_ADDRESS = urlsplit("")


def parts_of(address: str) -> SplitResult:
    """The parts of an http or https address with a host; all empty for everything else.

    `urlsplit` itself fails at some texts at once, and at others when the port is asked for.
    """
    try:
        parts = urlsplit(address)
        is_address = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return _NO_ADDRESS
    return parts if is_address else _NO_ADDRESS
