from pathlib import Path

from agent.queues_file import read_queues


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_each_section_is_a_queue_with_its_settings(tmp_path: Path) -> None:
    text = """
    [general]
    persistentmembers = yes
    [support] ; first line
    wrapuptime=4
    musicclass = default
    servicelevel => 20 ; seconds
    ;wrapuptime=9
    [Atenção]
    """
    assert read_queues(write(tmp_path / "queues.conf", text)) == [
        {"queue": "support", "wrapuptime": "4", "servicelevel": "20"},
        {"queue": "Atenção"},
    ]


def test_templates_give_their_settings_and_are_no_queues(tmp_path: Path) -> None:
    text = """
    [usual](!)
    wrapuptime=4
    timeout=15
    [support](usual)
    timeout=20
    [vendas](usual)
    [vendas](+)
    wrapuptime=0
    """
    assert read_queues(write(tmp_path / "queues.conf", text)) == [
        {"queue": "support", "wrapuptime": "4", "timeout": "20"},
        {"queue": "vendas", "wrapuptime": "0", "timeout": "15"},
    ]


def test_included_files_are_read_in_place(tmp_path: Path) -> None:
    write(tmp_path / "queues_additional.conf", "[support]\nwrapuptime=4\n")
    text = '#include queues_additional.conf\n#include "nowhere.conf"\n[vendas]\nretry=5\n'
    assert read_queues(write(tmp_path / "queues.conf", text)) == [
        {"queue": "support", "wrapuptime": "4"},
        {"queue": "vendas", "retry": "5"},
    ]


def test_file_that_includes_itself_ends(tmp_path: Path) -> None:
    text = "[support]\nwrapuptime=4\n#include queues.conf\n"
    assert read_queues(write(tmp_path / "queues.conf", text)) == [
        {"queue": "support", "wrapuptime": "4"}
    ]


def test_file_that_is_not_there_has_no_queues() -> None:
    assert read_queues("/nowhere/queues.conf") == []
