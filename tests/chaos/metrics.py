"""One number of a part's `/metrics`."""

import re
import urllib.request

_TIMEOUT_S = 2.0


def metric(url: str, name: str) -> float:
    """The metric without labels; 0 if it is not there, or nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
            text = answer.read().decode()
    except OSError:
        return 0.0
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    return 0.0 if found is None else float(found[1])
