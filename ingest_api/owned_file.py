"""Files for their owner only, replaced in one step: a reader sees the old one or the new one."""

import os
from pathlib import Path


def replace_owned(path: Path, content: bytes) -> None:
    """Writes the file; nobody else may open it at any moment. Raises OSError if it cannot be."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
