import secrets

import pytest

from ingest_api.contract.secrets import weakness_in_url, weakness_of


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "short",
        "fifteen-letters",
        "a" * 40,
        "abababababababababab",
        "changeme-changeme-changeme",
        "ClickHouse-Password-123",
        "my-secret-password-1234",
        "example-token-example-token",
        "0123456789012345678901234567",
    ],
)
def test_short_even_and_default_looking_secrets_are_weak(secret: str) -> None:
    weakness = weakness_of(secret)
    assert weakness
    assert not secret or secret not in weakness


def test_what_chance_makes_is_never_weak() -> None:
    for _ in range(1_000):
        assert weakness_of(secrets.token_urlsafe(24)) == ""
        assert weakness_of(secrets.token_hex(16)) == ""
    assert weakness_of("four plain words: orbit velvet canyon tiger") == ""


@pytest.mark.parametrize(
    ("url", "is_weak"),
    [
        ("http://u:p@127.0.0.1:8123", False),
        ("http://u:p@localhost:8123", False),
        ("http://u:p@clickhouse:8123", True),
        ("http://clickhouse:8123", True),
        ("https://u:orbit%20velvet%20canyon@ch.example:8443", False),
        ("nothing", False),
        ("http://[half", False),
    ],
)
def test_only_an_address_beyond_this_machine_needs_a_strong_one(url: str, is_weak: bool) -> None:
    assert bool(weakness_in_url(url)) == is_weak
