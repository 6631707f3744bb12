"""How is what was found about a release said, so that an officer understands it?"""

from markupsafe import Markup

from machinami.kit.words import Words
from machinami.methods.anonymity.made import Remark

PACKAGE = "machinami.apis.releases"


def sentence(remark: Remark, words: Words) -> str:
    """The remark in plain words."""
    return words.plain(f"remark.{remark.kind}", **dict(remark.facts))


def rich_sentence(remark: Remark, words: Words) -> Markup:
    """The remark for a page."""
    return words.rich(f"remark.{remark.kind}", **dict(remark.facts))
