from pathlib import Path

import pytest

from local.clickhouse.users import User, Users
from tenants.credentials import digest, new_secret
from tenants.errors import NotPossibleError
from tenants.readers_file import others, read_readers, write_readers


def test_the_service_takes_what_was_written(tmp_path: Path) -> None:
    file = tmp_path / "readers.json"
    write_readers(file, {"reader_acme": {"sha256": digest("made-up"), "tenant": "acme"}})
    users = Users("admin", file)
    assert users.authenticate("reader_acme", "made-up") == User("reader_acme", "acme")
    assert users.authenticate("reader_acme", digest("made-up")) is None
    assert read_readers(file)["reader_acme"]["tenant"] == "acme"


def test_the_file_is_for_its_owner_only_and_nothing_else_is_left(tmp_path: Path) -> None:
    file = tmp_path / "readers.json"
    file.write_text("{}")
    file.chmod(0o644)
    write_readers(file, {})
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_no_file_holds_no_readers(tmp_path: Path) -> None:
    assert read_readers(tmp_path / "readers.json") == {}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"readers": 1}', '{"readers": {"a": 1}}'])
def test_a_damaged_file_is_not_overwritten_but_told(tmp_path: Path, content: str) -> None:
    file = tmp_path / "readers.json"
    file.write_text(content)
    with pytest.raises(NotPossibleError, match="no file of readers"):
        read_readers(file)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotPossibleError, match="cannot be written"):
        write_readers(tmp_path / "missing" / "readers.json", {})


def test_only_readers_of_the_registrys_names_are_its_own() -> None:
    assert others({"reader_acme": {}, "wallboard": {}}) == {"wallboard": {}}


def test_secrets_are_long_and_never_twice_the_same() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert min(map(len, made)) >= 43
