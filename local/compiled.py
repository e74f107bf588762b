"""`python -m local.compiled`: the rules as machine code, in a tree of their own (docs/adr/0021).

The tree stands for the project: a copy of `streams` with what mypyc makes of the sources an event
passes through, and links to all the rest. What is started in it runs machine code, and nothing else
does, so an edited source is never outrun by what was made of it before.

    cd build/compiled && ../../.venv/bin/python -m streams worker
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
TREE = ROOT / "build" / "compiled"
_COPIED = "streams"
_NOT_LINKED = frozenset((_COPIED, "build", "dist"))
_WITHIN_S = 1_800


def make_tree() -> list[Path]:
    """Makes the tree anew; the sources that were compiled, relative to it.

    Raises CalledProcessError if mypyc or the compiler refuses; both say why on stderr.
    """
    shutil.rmtree(TREE, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / _COPIED, TREE / _COPIED, ignore=ignored)
    for path in ROOT.iterdir():
        if path.name not in _NOT_LINKED and not path.name.startswith("."):
            (TREE / path.name).symlink_to(path)
    sources = compiled_sources()
    subprocess.run(  # noqa: S603 - a program of our own
        [sys.executable, "-m", "mypyc", *map(str, sources)],
        cwd=TREE,
        check=True,
        timeout=_WITHIN_S,
        stdout=sys.stderr,
    )
    for left_over in ("build", ".mypy_cache"):
        shutil.rmtree(TREE / left_over)
    return sources


def compiled_sources() -> list[Path]:
    """What is compiled, relative to the project: rules, interpreter, and what joins the two.

    Those with structs stay Python: msgspec makes their classes, and mypyc cannot in its place.
    """
    files = [ROOT / "streams" / "site_batches.py"]
    for package in ("domain", "interpreter"):
        files += (ROOT / "streams" / package).glob("*.py")
    return sorted(
        file.relative_to(ROOT)
        for file in files
        if "msgspec.Struct" not in file.read_text(encoding="utf-8")
    )


def is_current() -> bool:
    """Whether the tree is there and was made of the sources as they are now."""
    made_of, sources = TREE / _COPIED, ROOT / _COPIED
    made, now = (
        {file.relative_to(root): file.read_bytes() for file in root.rglob("*.py")}
        for root in (made_of, sources)
    )
    return made == now


def main(arguments: list[str]) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m local.compiled", description=__doc__)
    parser.parse_args(arguments)
    try:
        sources = make_tree()
    except subprocess.CalledProcessError as error:
        print(f"mypyc ended with {error.returncode}, see above: is gcc there?", file=sys.stderr)
        return 1
    print(f"{len(sources)} modules compiled into {TREE}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
