"""JSON files of settings and secrets: what is wrong with one is told without its content."""

from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from ingest_api.errors import ConfigError

_Form = TypeVar("_Form")


def read_settings(form: TypeAdapter[_Form], path: Path, key: str) -> _Form:
    """The content of the file that the setting `key` names. Raises ConfigError if it has none."""
    try:
        return form.validate_json(path.read_bytes(), strict=True)
    except (OSError, ValidationError) as error:
        raise ConfigError(f"{key}: {problem_of(error)}") from error


def problem_of(error: Exception) -> str:
    """What is wrong, in one sentence: the first place that is, or what the system says."""
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_input=False, include_context=False)[0]
        return f"{'.'.join(map(str, found['loc'])) or 'the file'}: {found['msg']}"
    return str(error)
