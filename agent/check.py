"""`check`: tests everything that a collector needs, and says in one sentence what is wrong.

Changes nothing on the PBX or the server: it logs in to AMI, asks for lists, and posts one batch
without events.
"""

import time
import uuid
from typing import Dict, Iterator, List, NamedTuple, Optional, Set

from agent.ami.connection import Connection
from agent.ami.framing import Framer, FramingCounters, Packet
from agent.ami.session import EVENT_CLASSES, Session, State
from agent.config import CollectorConfig
from agent.envelope import encode_batch
from agent.errors import AmiLostError, AmiRefusedError, IngestUnreachableError
from agent.ingest_client import Answer, IngestClient
from agent.queue_log_file import mark
from agent.weak_secrets import weakness

MAX_SKEW_S = 30.0
LISTS_WITHIN_S = 5.0

_PREFIX = "check"
_TOKEN_REFUSED = frozenset((401, 403))
# An empty batch may be refused as such; the token has been read by then.
_TOKEN_ACCEPTED = frozenset((202, 400, 422))


class Finding(NamedTuple):
    """One thing tested. `status` is ok, wrong, or unknown (which is not an error)."""

    name: str
    status: str
    sentence: str


def check(config: CollectorConfig, listen_s: float) -> Iterator[Finding]:
    """Tests one thing after the other; AMI is listened to for `listen_s` seconds."""
    yield from _check_secrets(config)
    yield from _check_ami(config, listen_s)
    yield _check_queue_log(config)
    yield from _check_ingest(config)


def _check_secrets(config: CollectorConfig) -> Iterator[Finding]:
    secrets = [
        ("ami_secret", config.ami.secret, "[ami] secret {}: set another in manager.conf."),
        (
            "ingest_token",
            config.ingest_token,
            "[ingest] token {}: take the one shown for the site.",
        ),
    ]
    if config.numbers != "none":
        key = config.privacy_key.decode("utf-8")
        secrets.append(("privacy_key", key, "[privacy] key {}: take the one shown for the tenant."))
    for name, secret, sentence in secrets:
        what = weakness(secret)
        if what:
            yield Finding(name, "wrong", sentence.format(what))
        else:
            yield Finding(name, "ok", sentence.partition(" {}")[0] + " is no weak one.")


def _check_ami(config: CollectorConfig, listen_s: float) -> Iterator[Finding]:
    place = "{}:{}".format(config.ami.host, config.ami.port)
    try:
        connection = Connection(config.ami.host, config.ami.port)
    except AmiLostError as error:
        yield Finding("ami", "wrong", "AMI cannot be reached: {}.".format(error))
        return
    heard: List[Packet] = []
    try:
        _listen(connection, config, listen_s, heard)
    except AmiRefusedError as error:
        yield Finding(
            "ami_login",
            "wrong",
            "AMI refuses the user {!r}: {}.".format(config.ami.user, error),
        )
        return
    except AmiLostError as error:
        yield Finding("ami", "wrong", "AMI at {} is no use: {}.".format(place, error))
        return
    finally:
        connection.close()
    yield Finding("ami", "ok", "AMI at {} answers as {}.".format(place, heard[0].first[1]))
    yield Finding("ami_login", "ok", "AMI lets the user {!r} in.".format(config.ami.user))
    yield from _judge_classes(heard, listen_s)
    yield from _judge_actions(heard)


def _listen(
    connection: Connection, config: CollectorConfig, listen_s: float, heard: List[Packet]
) -> None:
    """Fills `heard` with what comes after a login and a snapshot, the banner first."""
    started_s = time.monotonic()
    session = Session(config.ami.user, config.ami.secret, EVENT_CLASSES, _PREFIX, started_s)
    framer = Framer(FramingCounters())
    while True:
        now_s = time.monotonic()
        has_lists = any(packet.first[1] == "CoreShowChannelsComplete" for packet in heard)
        waited_s = now_s - started_s
        if session.state is State.READY and waited_s >= listen_s + LISTS_WITHIN_S:
            return
        if has_lists and waited_s >= listen_s:
            return
        data = connection.read(0.2)
        answers = session.tick(now_s)
        if data:
            session.heard(now_s)
        for packet in framer.feed(data):
            heard.append(packet)
            answers += session.receive(packet, now_s)
        if answers:
            connection.send(answers)


def _judge_classes(heard: List[Packet], listen_s: float) -> Iterator[Finding]:
    classes: Set[str] = set()
    for packet in heard:
        if packet.first[0] == "Event":
            classes.update(packet.get("Privilege").split(","))
    for name in EVENT_CLASSES.split(","):
        if name in classes:
            yield Finding("class_" + name, "ok", "Events of the class {} come.".format(name))
        elif name == "system":
            # FullyBooted follows every login of a user who may read this class.
            sentence = "The AMI user lacks the class system: add it to `read` in manager.conf."
            yield Finding("class_system", "wrong", sentence)
        else:
            sentence = (
                "No event of the class {0} came in {1:.0f} s: either nobody called, or {0} is"
                " missing in `read` in manager.conf."
            ).format(name, listen_s)
            yield Finding("class_" + name, "unknown", sentence)


def _judge_actions(heard: List[Packet]) -> Iterator[Finding]:
    ends = {packet.first[1] for packet in heard}
    queues = [packet.get("Queue") for packet in heard if packet.first[1] == "QueueParams"]
    if "QueueStatusComplete" not in ends:
        sentence = "QueueStatus is refused: app_queue is not loaded."
        yield Finding("queues", "wrong", sentence)
    elif not queues:
        yield Finding("queues", "unknown", "The PBX has no queue.")
    else:
        yield Finding("queues", "ok", "The PBX has {} queues.".format(len(queues)))
    if "CoreShowChannelsComplete" in ends:
        yield Finding("channels", "ok", "The list of channels can be read.")
    else:
        sentence = "CoreShowChannels is refused: add reporting to `write` in manager.conf."
        yield Finding("channels", "wrong", sentence)


def _check_queue_log(config: CollectorConfig) -> Finding:
    path = config.queue_log_path
    if mark(path) is None:
        sentence = "{} cannot be read: calls that begin and end in a gap stay unknown.".format(path)
        return Finding("queue_log", "unknown", sentence)
    return Finding("queue_log", "ok", "{} can be read.".format(path))


def _check_ingest(config: CollectorConfig) -> Iterator[Finding]:
    url = config.ingest_url
    try:
        client = IngestClient(url, config.ingest_token, config.ca_file)
        before_s = time.time()
        answer = client.post(encode_batch(config.site, str(uuid.uuid4()), int(before_s * 1000), []))
        client.close()
    except (IngestUnreachableError, OSError) as error:
        yield Finding("ingest", "wrong", "{} cannot be reached: {}.".format(url, error))
        return
    yield _judge_answer(url, answer)
    yield _judge_clock(answer, (before_s + time.time()) / 2)


def _judge_answer(url: str, answer: Answer) -> Finding:
    if answer.status in _TOKEN_REFUSED:
        return Finding("ingest", "wrong", "{} refuses the token or the site.".format(url))
    if answer.status not in _TOKEN_ACCEPTED:
        return Finding("ingest", "wrong", "{} answers {}.".format(url, answer.status))
    return Finding("ingest", "ok", "{} accepts the token.".format(url))


def _judge_clock(answer: Answer, now_s: float) -> Finding:
    date_s: Optional[float] = answer.date_s
    if date_s is None:
        return Finding("clock", "unknown", "The server does not tell its time.")
    skew_s = now_s - date_s
    if abs(skew_s) > MAX_SKEW_S:
        side = "ahead of" if skew_s > 0 else "behind"
        sentence = "This clock is {:.0f} s {} the server's: set up NTP.".format(abs(skew_s), side)
        return Finding("clock", "wrong", sentence)
    return Finding("clock", "ok", "This clock agrees with the server's.")


def as_json(findings: List[Finding]) -> Dict[str, object]:
    """All findings as one JSON object: `ok`, and `findings` in order."""
    return {
        "ok": is_ok(findings),
        "findings": [dict(finding._asdict()) for finding in findings],
    }


def is_ok(findings: List[Finding]) -> bool:
    """Whether nothing is wrong."""
    return all(finding.status != "wrong" for finding in findings)
