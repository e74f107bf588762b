"""Children are started apart, watched, and ended; what they print is in their log."""

import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from local.process import Child, ChildFailedError, free_port

pytestmark = pytest.mark.integration


def python(code: str, log: Path, **environment: str) -> Child:
    return Child("helper", [sys.executable, "-u", "-c", code], log, environment)


def test_a_child_is_ended_with_its_block(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "helper.log"
    with python("import time; print('ready'); time.sleep(60)", log) as child:
        child.wait_until(lambda: "ready" in log.read_text(), 10)
        assert os.getpgid(child.pid) != os.getpgid(0)  # Ctrl-C does not reach it
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)


def test_a_child_that_ends_by_itself_is_shown_with_its_last_words(tmp_path: Path) -> None:
    child = python("import sys; print('out of luck'); sys.exit(3)", tmp_path / "helper.log")

    with pytest.raises(ChildFailedError, match=r"(?s)exit code 3.*out of luck"):
        child.wait_until(lambda: False, 10)


def test_a_child_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with (
        python("import time; time.sleep(60)", tmp_path / "helper.log") as child,
        pytest.raises(ChildFailedError, match=r"did not answer within 0.1 s"),
    ):
        child.wait_until(lambda: False, 0.1)


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf'); time.sleep(60)"
    log = tmp_path / "helper.log"
    child = python(deaf, log)
    child.wait_until(lambda: "deaf" in log.read_text(), 10)

    child.stop(within_s=0.1)

    with pytest.raises(ChildFailedError, match=f"exit code -{signal.SIGKILL:d}"):
        child.check()


def test_work_that_is_done_is_done_and_work_that_fails_says_so(tmp_path: Path) -> None:
    python("print('done')", tmp_path / "one.log").finish(10)
    with pytest.raises(ChildFailedError, match="exit code 1"):
        python("raise ValueError('no')", tmp_path / "two.log").finish(10)
    with (
        python("import time; time.sleep(60)", tmp_path / "three.log") as slow,
        pytest.raises(ChildFailedError, match="took longer"),
    ):
        slow.finish(0.1)


def test_a_child_gets_our_environment_and_more(tmp_path: Path) -> None:
    log = tmp_path / "helper.log"
    python("import os; print(os.environ['PATH'], os.environ['MORE'])", log, MORE="more").finish(10)

    assert log.read_text() == f"{os.environ['PATH']} more\n"


def test_a_free_port_can_be_listened_on() -> None:
    with socket.create_server(("127.0.0.1", free_port())):
        pass
