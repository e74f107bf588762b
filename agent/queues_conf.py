"""The queues in Asterisk's answer to `GetConfig queues.conf`: what AMI tells nowhere else."""

from typing import Dict, List

from agent.ami.framing import Packet
from agent.event import Fields

# Settings that bear on how a queue's calls are counted; times in seconds, as in queues.conf.
SETTINGS = frozenset(
    (
        "autopause",
        "joinempty",
        "leavewhenempty",
        "maxlen",
        "retry",
        "ringinuse",
        "servicelevel",
        "strategy",
        "timeout",
        "weight",
        "wrapuptime",
    )
)

NOT_QUEUES = frozenset(("general", "globals"))


def queues_of(packet: Packet) -> List[Fields]:
    """One item per queue: `queue` and those of `SETTINGS` that are set, in the file's order.

    Headers are `Category-000001: support` and `Line-000001-000002: wrapuptime=4`, or with
    `wrapuptime: 4` after an older Asterisk. Empty if the packet is no such answer. The last of a
    repeated setting holds, as it does for Asterisk.
    """
    queues: Dict[str, Fields] = {}
    for header, value in packet.headers:
        kind, _, number = header.partition("-")
        if kind == "Category":
            if value not in NOT_QUEUES:
                queues[number] = {"queue": value}
        elif kind == "Line":
            setting, equals, text = value.partition("=")
            category = queues.get(number.partition("-")[0])
            if equals and category is not None and setting.strip() in SETTINGS:
                category[setting.strip()] = text.lstrip(">").strip()
    return list(queues.values())
