"""The file of readers of an embedded service, which reads it again when it changes.

`{"readers": {"<user>": {"sha256": "<64 hex digits>", "tenant": "…"}, …}}`. Users whose names do not
begin with `reader_` are somebody else's, and stay. The file is replaced in one step, for its owner
only.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenants.errors import NotPossibleError
from tenants.reader_access import READER_PREFIX

Readers = dict[str, dict[str, str]]


def read_readers(file: Path) -> Readers:
    """All readers; none if there is no file. Raises NotPossibleError if it is damaged."""
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8"))
        readers: Readers = content["readers"]
        return {name: dict(reader) for name, reader in readers.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise NotPossibleError(f"{file} is no file of readers: {type(error).__name__}") from error


def write_readers(file: Path, readers: Mapping[str, Mapping[str, str]]) -> None:
    """Replaces the file. Raises NotPossibleError if it cannot be written."""
    new = file.with_name(f"{file.name}.{os.getpid()}.new")
    text = json.dumps({"readers": readers}, indent=2, sort_keys=True) + "\n"
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:  # noqa: PTH123 - the mode from the first moment
            output.write(text)
            output.flush()
            os.fsync(output.fileno())
        new.replace(file)
    except OSError as error:
        raise NotPossibleError(f"{file} cannot be written: {error.strerror}") from error
    finally:
        # Still there only if something went wrong, an interrupt too.
        new.unlink(missing_ok=True)


def others(readers: Readers) -> Readers:
    """The readers that are not the registry's."""
    return {name: each for name, each in readers.items() if not name.startswith(READER_PREFIX)}
