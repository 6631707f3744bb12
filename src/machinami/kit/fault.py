"""How does a page say what is wrong with a form? In the reader's words first; what the rule itself says comes below."""

from dataclasses import dataclass

from machinami.foundation.errors import MachinamiError
from machinami.kit.words import Words


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong. text: in the reader's words; detail: as the rule says it, in English."""

    text: str
    detail: str = ""


def fault_of(error: MachinamiError, words: Words) -> Fault:
    """What is wrong: the text that the error names by its fact `key`, else that it cannot be done as it was filled in,
    with what the rule says."""
    key = key_of(error, words)
    return Fault(words.plain(key, **error.facts)) if key else Fault(words.plain("error.form"), error.detail)


def key_of(error: Exception, words: Words) -> str:
    """The text that an error names by its fact `key`, where these words have it. The other facts fill it in."""
    key = str(error.facts.get("key", "")) if isinstance(error, MachinamiError) else ""
    return key if key and words.has(key) else ""
