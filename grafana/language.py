"""The languages of the boards, and texts that exist in each of them."""

from enum import StrEnum
from typing import NamedTuple


class Language(StrEnum):
    """A language; the value is the name of its folder under `provisioning/dashboards`."""

    PORTUGUESE = "pt-BR"
    ENGLISH = "en"


def language_of(tag: str) -> Language:
    """The language for a tag of the registry, such as `pt-BR` or `en-US`.

    Raises ValueError if no board speaks it.
    """
    for language in Language:
        if tag == language or tag.startswith(f"{language}-"):
            return language
    raise ValueError(f"no board speaks {tag!r}; there are {', '.join(Language)}")


class Text(NamedTuple):
    """One text in every language. Portuguese uses the abbreviations of the trade."""

    pt: str
    en: str

    def in_(self, language: Language) -> str:
        """The text in one language."""
        return self.pt if language is Language.PORTUGUESE else self.en


def same(text: str) -> Text:
    """A text that is the same in every language: a name, an abbreviation, nothing."""
    return Text(text, text)
