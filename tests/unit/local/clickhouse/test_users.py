"""Who is let in, and where the name and password are taken from."""

import base64
import json
from pathlib import Path

import pytest

from local.clickhouse.users import User, Users, credentials


def reader_file(path: Path, readers: dict[str, dict[str, str]]) -> Path:
    path.write_text(json.dumps({"readers": readers}))
    return path


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("headers", "keys", "expected"),
    [
        ({}, {}, ("default", "")),
        ({}, {"user": "u", "password": "p"}, ("u", "p")),
        ({"authorization": basic("u:p:with:colons")}, {}, ("u", "p:with:colons")),
        ({"authorization": basic("ú:ç")}, {"user": "other"}, ("ú", "ç")),
        ({"x-clickhouse-user": "u"}, {}, ("u", "")),
        (
            {"x-clickhouse-user": "u", "x-clickhouse-key": "p", "authorization": basic("o:o")},
            {},
            ("u", "p"),
        ),
        ({"authorization": "Basic not base64!"}, {"user": "u"}, None),
        ({"authorization": "Basic /////w=="}, {}, None),
    ],
)
def test_credentials_come_from_headers_before_the_url(
    headers: dict[str, str], keys: dict[str, str], expected: tuple[str, str] | None
) -> None:
    assert credentials(headers, keys) == expected


def test_the_admin_and_readers_are_known(tmp_path: Path) -> None:
    file = reader_file(tmp_path / "r.json", {"a": {"password": "p", "tenant": "acme"}})
    users = Users("secret", file)
    assert users.authenticate("admin", "secret") == User("admin", None)
    assert users.authenticate("a", "p") == User("a", "acme")
    for name, password in (("admin", ""), ("admin", "p"), ("a", ""), ("a", "secret"), ("b", "p")):
        assert users.authenticate(name, password) is None


def test_an_unknown_name_with_an_empty_password_is_nobody() -> None:
    assert Users("secret", None).authenticate("default", "") is None


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = reader_file(tmp_path / "r.json", {})
    users = Users("secret", file)
    assert users.authenticate("a", "p") is None
    reader_file(file, {"a": {"password": "p", "tenant": "acme"}})
    assert users.authenticate("a", "p") == User("a", "acme")


def test_a_file_that_went_away_or_broke_leaves_the_readers_known_before(tmp_path: Path) -> None:
    file = reader_file(tmp_path / "r.json", {"a": {"password": "p", "tenant": "acme"}})
    users = Users("secret", file)
    file.write_text('{"readers": ')
    assert users.authenticate("a", "p") == User("a", "acme")
    file.unlink()
    assert users.authenticate("a", "p") == User("a", "acme")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"readers": {"a": {"password": "p"}}}',
        '{"readers": {"a": {"password": "", "tenant": "acme"}}}',
        '{"readers": {"a": {"password": "p", "tenant": ""}}}',
        '{"readers": {"a": {"password": "p", "tenant": "*"}}}',
        '{"readers": {"admin": {"password": "p", "tenant": "acme"}}}',
        '{"readers": {"": {"password": "p", "tenant": "acme"}}}',
        '{"readers": {}, "other": 1}',
    ],
)
def test_a_wrong_file_stops_the_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "r.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"r\.json"):
        Users("secret", file)


def test_an_empty_admin_password_stops_the_start() -> None:
    with pytest.raises(ValueError, match="empty"):
        Users("", None)
