"""The queues in Asterisk's own `queues.conf`, for an AMI user who may not ask for it.

Asking through AMI needs `write = config`, with which one may also change every file; reading the
file needs no right beyond that of its group. Understands includes, templates and additions as
Asterisk does (`main/config.c`), as far as queues use them.
"""

import glob
import os
import re
from typing import Dict, Iterator, List

from agent.event import Fields
from agent.queues_conf import NOT_QUEUES, SETTINGS

MAX_INCLUDE_DEPTH = 10
MAX_LINES = 200000

_INCLUDE = re.compile(r"#(?:include|tryinclude)\s+[\"<]?([^\">]+?)[\">]?\s*\Z")
_SECTION = re.compile(r"\[([^\]]+)\]\s*(?:\(([^)]*)\))?")
_COMMENT = re.compile(r"(?<!\\);.*")


def read_queues(path: str) -> List[Fields]:
    """One item per queue as in `queues_conf.queues_of`; empty if the file cannot be read."""
    sections: Dict[str, Fields] = {}
    templates = set()
    present: Fields = {}
    for line in _lines(path, 0, [MAX_LINES]):
        header = _SECTION.match(line)
        if header is None:
            setting, equals, value = line.partition("=")
            if equals and setting.strip() in SETTINGS:
                present[setting.strip()] = value.lstrip(">").strip()
            continue
        name, marks = header.group(1), (header.group(2) or "").split(",")
        present = sections[name] if "+" in marks and name in sections else {}
        for mark in marks:
            present.update(sections.get(mark.strip(), {}))
        present["queue"] = name
        sections[name] = present
        if "!" in marks:
            templates.add(name)
    return [
        fields
        for name, fields in sections.items()
        if name not in templates and name not in NOT_QUEUES
    ]


def _lines(path: str, depth: int, lines_left: List[int]) -> Iterator[str]:
    """The lines of a file and of those it includes, without comments. Bounded in both."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for raw in file:
                lines_left[0] -= 1
                if lines_left[0] < 0:
                    return
                line = _COMMENT.sub("", raw).strip()
                include = _INCLUDE.match(line)
                if include is None:
                    yield line
                elif depth < MAX_INCLUDE_DEPTH:
                    pattern = os.path.join(os.path.dirname(path), include.group(1))
                    for included in sorted(glob.glob(pattern)):
                        yield from _lines(included, depth + 1, lines_left)
    except OSError:
        return
