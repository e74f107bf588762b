import pytest

from agent.ami.framing import Framer, FramingCounters, Packet
from agent.ami.session import Session, State
from agent.errors import AmiLostError, AmiRefusedError
from tests.support.fake_ami import packet

BANNER = b"Asterisk Call Manager/7.0.3\r\n"
BOOTED = ("Event: FullyBooted", "Privilege: system,all")
RELOAD = ("Event: Reload", "Privilege: system,all", "Module: All")


def read(data: bytes) -> Packet:
    return Framer(FramingCounters()).feed(data)[0]


def greeted() -> Session:
    session = Session("collector", "made-up secret", "system,call,agent", "5f1c", 0.0)
    session.receive(read(BANNER), 0.0)
    return session


def logged_in() -> Session:
    session = greeted()
    session.receive(read(packet("Response: Success", "ActionID: 5f1c-1")), 0.0)
    return session


def names(actions: bytes) -> list[str]:
    lines = actions.decode().split("\r\n")
    return [line.partition(": ")[2] for line in lines if line.startswith("Action: ")]


def test_login_follows_the_banner() -> None:
    session = Session("collector", "made-up secret", "system,call,agent", "5f1c", 0.0)
    assert session.tick(0.0) == b""
    assert session.receive(read(BANNER), 0.0) == packet(
        "Action: Login",
        "ActionID: 5f1c-1",
        "Username: collector",
        "Secret: made-up secret",
        "Events: system,call,agent",
    )
    assert session.state is State.LOGIN


def test_login_refused_is_for_people() -> None:
    refusal = packet("Response: Error", "ActionID: 5f1c-1", "Message: Authentication failed")
    with pytest.raises(AmiRefusedError, match="Authentication failed"):
        greeted().receive(read(refusal), 0.0)


def test_something_else_on_the_port_is_left_after_a_while() -> None:
    session = Session("collector", "made-up secret", "system", "5f1c", 0.0)
    session.receive(read(packet("HTTP/1.1 400: Bad Request")), 0.0)
    with pytest.raises(AmiLostError, match="not as an Asterisk manager"):
        session.tick(10.0)


def test_fully_booted_asks_for_the_snapshot_at_once_and_only_once() -> None:
    session = logged_in()
    assert session.tick(0.1) == b""
    session.receive(read(packet(*BOOTED)), 0.1)
    assert names(session.tick(0.1)) == ["GetConfig", "QueueStatus", "CoreShowChannels"]
    assert session.tick(2.0) == b""


def test_user_who_never_hears_fully_booted_gets_a_snapshot_after_a_second() -> None:
    session = logged_in()
    assert session.tick(0.9) == b""
    assert "QueueStatus" in names(session.tick(1.0))


def test_reloads_in_a_row_give_one_snapshot_a_second_after_the_last() -> None:
    session = logged_in()
    session.tick(1.0)
    for now_s in (5.0, 5.5):
        session.heard(now_s)
        session.receive(read(packet(*RELOAD)), now_s)
    assert session.tick(6.4) == b""
    assert "QueueStatus" in names(session.tick(6.5))


def test_forged_reload_asks_for_nothing() -> None:
    session = logged_in()
    session.tick(1.0)
    session.receive(read(packet("Event: Reload", "Module: All")), 5.0)
    assert session.tick(10.0) == b""


def test_snapshot_is_taken_every_five_minutes() -> None:
    session = logged_in()
    session.tick(1.0)
    session.heard(300.0)
    assert session.tick(300.9) == b""
    assert "QueueStatus" in names(session.tick(301.0))


def test_configuration_that_may_not_be_read_is_not_asked_for_again() -> None:
    session = logged_in()
    session.tick(1.0)
    session.receive(read(packet("Response: Error", "ActionID: 5f1c-2")), 1.0)
    session.heard(301.0)
    assert names(session.tick(301.0)) == ["QueueStatus", "CoreShowChannels"]


def test_silence_is_asked_about_once_and_then_taken_for_dead() -> None:
    session = logged_in()
    session.heard(1.0)
    session.tick(1.0)
    assert names(session.tick(16.0)) == ["Ping"]
    assert session.tick(17.0) == b""
    with pytest.raises(AmiLostError, match="silent for 30 s"):
        session.tick(31.0)


def test_answer_to_the_ping_keeps_the_session() -> None:
    session = logged_in()
    session.tick(1.0)
    session.tick(16.0)
    session.heard(16.1)
    assert session.tick(31.0) == b""
    assert names(session.tick(31.2)) == ["Ping"]
