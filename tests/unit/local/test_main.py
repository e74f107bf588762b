"""`python -m local`: every command is there and explains itself."""

import pytest

from local.__main__ import COMMANDS, main

# It loads the engine to explain itself.
HEAVY = pytest.param("clickhouse", marks=pytest.mark.integration)


@pytest.mark.parametrize("command", [*sorted(COMMANDS.keys() - {"clickhouse"}), HEAVY])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        main([command, "--help"])

    assert ending.value.code == 0
    assert "usage: python -m local" in capsys.readouterr().out


def test_the_list_of_commands_is_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])

    text = capsys.readouterr().out
    assert all(command in text for command in COMMANDS)


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        main(["dance"])

    assert ending.value.code == 2
    assert "invalid choice: 'dance'" in capsys.readouterr().err
