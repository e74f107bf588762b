"""An empty store with today's schema, made once in a run of tests and copied for whoever wants one.

To migrate takes many times as long as to copy what came of it. All processes of a run share the
one that the first of them made.
"""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

_ENGINES_FILES = "data"
"""What of a store is copied: its service writes the rest anew at every start."""

_run_directory: Path | None = None


def share_in(directory: Path) -> None:
    """From now on the store is kept in `directory`, which all processes of the run name."""
    global _run_directory  # noqa: PLW0603 - a process of tests belongs to one run
    _run_directory = directory


def copy_migrated_store(store: Path, make: Callable[[Path], None]) -> None:
    """Lays a copy at `store`, where nothing is yet.

    The first in the run has it made before: `make` fills a directory, and has let it go when it
    returns. The others wait for that. Raises what `make` raises; the next one then tries again.
    """
    assert _run_directory is not None, "tests/conftest.py names the directory of the run"
    made = _run_directory / "migrated"
    with (_run_directory / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            unfinished = _run_directory / "migrating"
            shutil.rmtree(unfinished, ignore_errors=True)
            make(unfinished)
            (unfinished / "store").rename(made)
    # Its links stay links: they lead to places within it.
    shutil.copytree(made / _ENGINES_FILES, store / _ENGINES_FILES, symlinks=True)
