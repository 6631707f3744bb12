"""Which objects does a CityGML file hold, read piece by piece and without trusting it?

No document type, no entities, nothing is fetched, depth and size of one object are bounded, and only objects of wanted
kinds are held, one at a time: a file may be larger than memory.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element
from xml.parsers import expat

from machinami.foundation.errors import InputError

_DEEPEST = 80
_MOST_ELEMENTS = 500_000  # of one object: a cathedral has some ten thousand
_MOST_TEXT = 64 * 2**20
_MEMBERS = {"cityObjectMember", "featureMember"}
_ENVELOPE = "Envelope"


class Reader:
    """Reads a stream of CityGML; `reference` is the reference system that the file names, `passed` what it left out."""

    def __init__(self, wanted: str) -> None:
        self.reference: str | None = None
        self.root: str | None = None
        self.passed: Counter[str] = Counter()
        self._wanted = wanted
        self._path: list[str] = []
        self._open: list[Element] = []
        self._done: list[Element] = []
        self._elements = self._text = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def objects(self, chunks: Iterable[bytes]) -> Iterator[Element]:
        """The wanted objects in the order of the file; tags are as `{namespace}name`. Raises InputError."""
        try:
            for chunk in chunks:
                self._parser.Parse(chunk, False)
                yield from self._taken()
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise InputError(
                f"this is no XML that can be read: line {error.lineno}, column {error.offset}: "
                f"{expat.ErrorString(error.code)}",
                line=error.lineno,
            ) from None
        except (LookupError, ValueError) as error:  # an encoding that is not known, or none
            raise InputError(f"this is no XML that can be read: {error}") from None
        yield from self._taken()

    def _taken(self) -> list[Element]:
        done, self._done = self._done, []
        return done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = _tag(name)
        local = _local(tag)
        if len(self._path) >= _DEEPEST:
            raise InputError(f"elements lie more than {_DEEPEST} deep, which no city model needs")
        if not self._path:
            self.root = tag
        if local == _ENVELOPE and self.reference is None:
            self.reference = attributes.get("srsName")
        in_member = bool(self._path) and self._path[-1] in _MEMBERS
        self._path.append(local)
        if in_member and tag != self._wanted:
            self.passed[local] += 1
        if self._open or (in_member and tag == self._wanted):
            self._hold(Element(tag, {_tag(key): value for key, value in attributes.items()}))

    def _hold(self, element: Element) -> None:
        self._elements += 1
        if self._elements > _MOST_ELEMENTS:
            raise InputError(f"one object has more than {_MOST_ELEMENTS} elements", line=self._parser.CurrentLineNumber)
        if self._open:
            self._open[-1].append(element)
        self._open.append(element)

    def _end(self, name: str) -> None:
        self._path.pop()
        if self._open:
            element = self._open.pop()
            if not self._open:
                self._done.append(element)
                self._elements = self._text = 0

    def _characters(self, text: str) -> None:
        if not self._open or len(self._open[-1]):
            return  # text between elements is layout
        self._text += len(text)
        if self._text > _MOST_TEXT:
            raise InputError("one object has more text than any building needs", line=self._parser.CurrentLineNumber)
        self._open[-1].text = (self._open[-1].text or "") + text


def _refuse_doctype(*_: object) -> None:
    raise InputError("the file has a document type (DOCTYPE), which may bring in anything; CityGML has none: remove it")


def _tag(name: str) -> str:
    space, _, local = name.rpartition(" ")
    return f"{{{space}}}{local}" if space else local


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
