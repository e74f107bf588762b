"""The manager's side of a connection: login, permissions, answers."""

import hashlib

import pytest

from local.pbx.session import MAX_REQUEST_BYTES, Session, User

CLASSES = frozenset(("system", "call", "agent", "reporting"))
USER = User("collector", "made up", CLASSES, frozenset(("reporting",)))
LOGIN = b"Action: Login\r\nActionID: 1\r\nUsername: collector\r\nSecret: made up\r\n\r\n"


class Answers:
    def banner(self) -> bytes:
        return b"Asterisk Call Manager/7.0.3\r\n"

    def fully_booted(self) -> bytes:
        return b"Event: FullyBooted\r\n\r\n"

    def answer(self, action: str, action_id: str) -> bytes:
        return f"{action} {action_id}\r\n\r\n".encode()

    def timestamp(self) -> str:
        return "1773147600.000000"


@pytest.fixture
def logins() -> list[str]:
    return []


@pytest.fixture
def session(logins: list[str]) -> Session:
    return Session({USER.name: USER}, Answers(), lambda: logins.append("login"))


def test_a_login_is_accepted_and_followed_by_fully_booted(
    session: Session, logins: list[str]
) -> None:
    assert session.greet() == b"Asterisk Call Manager/7.0.3\r\n"
    assert session.receive(LOGIN) == (
        b"Response: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n"
        b"Event: FullyBooted\r\n\r\n"
    )
    assert logins == ["login"]
    assert session.hears("call")


def test_a_login_in_pieces_is_one_login(session: Session) -> None:
    answers = [session.receive(LOGIN[place : place + 1]) for place in range(len(LOGIN))]

    assert b"accepted" in b"".join(answers)


@pytest.mark.parametrize("login", [LOGIN.replace(b"made up", b"x"), LOGIN.replace(b"coll", b"x")])
def test_a_wrong_login_is_refused_and_the_connection_closed(
    session: Session, login: bytes, logins: list[str]
) -> None:
    answer = session.receive(login)

    assert answer == b"Response: Error\r\nActionID: 1\r\nMessage: Authentication failed\r\n\r\n"
    assert session.is_closing
    assert not session.hears("call")
    assert logins == []


def test_nothing_is_answered_before_the_login(session: Session) -> None:
    answer = session.receive(b"Action: QueueStatus\r\nActionID: 2\r\n\r\n")

    assert answer == b"Response: Error\r\nActionID: 2\r\nMessage: Permission denied\r\n\r\n"


def test_a_challenge_is_answered_with_its_digest(session: Session) -> None:
    answer = session.receive(b"Action: Challenge\r\nAuthType: MD5\r\n\r\n").decode()
    challenge = answer.partition("Challenge: ")[2].strip()
    key = hashlib.md5(f"{challenge}made up".encode()).hexdigest()
    login = f"Action: Login\r\nAuthType: MD5\r\nUsername: collector\r\nKey: {key}\r\n\r\n"

    assert b"Authentication accepted" in session.receive(login.encode())


def test_a_digest_without_a_challenge_is_refused(session: Session) -> None:
    key = hashlib.md5(b"made up").hexdigest()
    login = f"Action: Login\r\nAuthType: MD5\r\nUsername: collector\r\nKey: {key}\r\n\r\n"

    assert b"Authentication failed" in session.receive(login.encode())


def test_only_the_classes_asked_for_and_permitted_are_heard(session: Session) -> None:
    session.receive(LOGIN.replace(b"\r\n\r\n", b"\r\nEvents: agent,dialplan\r\n\r\n"))

    assert session.hears("agent")
    assert not session.hears("call")  # not asked for
    assert not session.hears("dialplan")  # not permitted
    assert session.receive(b"Action: Events\r\nEventMask: on\r\n\r\n") == (
        b"Response: Success\r\nEvents: On\r\n\r\n"
    )
    assert session.hears("call")


def test_lists_are_the_pbx_s_own_and_configuration_needs_a_class(session: Session) -> None:
    session.receive(LOGIN)

    assert (
        session.receive(b"Action: queuestatus\r\nActionID: 7\r\n\r\n") == b"QueueStatus 7\r\n\r\n"
    )
    assert session.receive(b"Action: CoreShowChannels\r\nActionID: 8\r\n\r\n").endswith(
        b" 8\r\n\r\n"
    )
    assert b"Permission denied" in session.receive(b"Action: GetConfig\r\nActionID: 9\r\n\r\n")


def test_ping_logoff_and_unknown_actions(session: Session) -> None:
    session.receive(LOGIN)

    assert session.receive(b"Action: Ping\r\nActionID: 2\r\n\r\n") == (
        b"Response: Success\r\nActionID: 2\r\nPing: Pong\r\nTimestamp: 1773147600.000000\r\n\r\n"
    )
    assert b"Invalid/unknown command: Dance." in session.receive(b"Action: Dance\r\n\r\n")
    assert b"Missing action in request" in session.receive(b"Hello: you\r\n\r\n")
    goodbye = b"Response: Goodbye\r\nMessage: Thanks for all the fish.\r\n\r\n"
    assert session.receive(b"Action: Logoff\r\n\r\nAction: Ping\r\n\r\n") == goodbye
    assert session.is_closing


def test_a_request_without_an_end_is_not_kept_for_ever(session: Session) -> None:
    session.receive(b"x" * (MAX_REQUEST_BYTES + 1))

    assert session.is_closing
