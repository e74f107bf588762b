"""Builds the collector as one file: `python agent/packaging/build.py [dist/collector.pyz]`.

The same sources give the same bytes, on any machine and day: files in the order of their names,
with one fixed time and mode.
"""

import os
import sys
import zipfile
from typing import List

SHEBANG = b"#!/usr/bin/env python3\n"
MAIN = b"import sys\nfrom agent.__main__ import main\nsys.exit(main())\n"
EPOCH = (1980, 1, 1, 0, 0, 0)
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def build(target: str) -> None:
    """Writes the zipapp; folders on the way are made."""
    os.makedirs(os.path.dirname(os.path.abspath(target)), exist_ok=True)
    with open(target, "wb") as file:
        file.write(SHEBANG)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            _add(archive, "__main__.py", MAIN)
            for name in _sources():
                with open(os.path.join(PACKAGE, name), "rb") as source:
                    _add(archive, "agent/" + name, source.read())
    os.chmod(target, 0o755)  # noqa: S103  # a program that anyone may start


def _sources() -> List[str]:
    """The package's modules, relative to it; what is only for packaging is left out."""
    return sorted(
        os.path.join(folder, name)
        for folder in ("", "ami")
        for name in os.listdir(os.path.join(PACKAGE, folder))
        if name.endswith(".py")
    )


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    entry.create_system = 3  # Unix, wherever it is built
    archive.writestr(entry, content)


if __name__ == "__main__":
    build(sys.argv[1] if len(sys.argv) > 1 else os.path.join("dist", "collector.pyz"))
