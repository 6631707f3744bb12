"""What does a page say to someone who cannot see it? An outline of its HTML for the tests."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "img", "path", "use", "hr"}
FIELDS = {"input", "select", "textarea"}


@dataclass
class Outline(HTMLParser):
    """Landmarks, headings, fields with their labels, ids and addresses of one page."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    open_tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @classmethod
    def of(cls, html: str) -> "Outline":
        """The outline of a page."""
        outline = cls()
        outline.feed(html)
        outline.close()
        if outline.open_tags:
            outline.faults.append(f"never closed: {outline.open_tags}")
        return outline

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        known = {name: value or "" for name, value in attrs}
        if len(known) != len(attrs):
            self.faults.append(f"{tag} has an attribute twice: {attrs}")
        self.tags.append((tag, known))
        if tag not in VOID:
            self.open_tags.append((tag, known))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that closes itself."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Close a tag."""
        if tag in VOID:
            return
        if not self.open_tags or self.open_tags[-1][0] != tag:
            self.faults.append(f"</{tag}> closes {self.open_tags[-1:]}")
            return
        self.open_tags.pop()

    def handle_data(self, data: str) -> None:
        """Give a text to every element around it."""
        for _, attributes in self.open_tags:
            self.texts[id(attributes)] = self.texts.get(id(attributes), "") + data

    def all(self, *names: str) -> list[dict[str, str]]:
        """The attributes of every such tag."""
        return [attributes for tag, attributes in self.tags if tag in names]

    def text(self, attributes: dict[str, str]) -> str:
        """The text inside an element."""
        return self.texts.get(id(attributes), "").strip()

    def unlabelled(self) -> list[dict[str, str]]:
        """Fields that no label names."""
        labelled = {label.get("for") for label in self.all("label")}
        wrapped = [a for label in self.all("label") if "choice" in label.get("class", "") for a in [label]]
        return [
            one
            for one in self.all(*FIELDS)
            if one.get("type") not in ("hidden", "checkbox", "radio")
            and one.get("id") not in labelled
            and not one.get("aria-label")
        ] + [label for label in wrapped if not self.text(label)]

    def nameless(self) -> list[dict[str, str]]:
        """Links and buttons without a name."""
        return [
            one
            for one in self.all("a", "button")
            if not self.text(one) and not one.get("aria-label") and not one.get("title")
        ]
