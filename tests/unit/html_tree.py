"""An HTML text as a tree, by the standard library's parser: what a browser would make of it, near enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "input", "link", "br", "hr", "img"}


@dataclass(eq=False)
class Element:
    """One element: its tag, attributes (None for those without a value), children and text in order."""

    tag: str
    attributes: dict[str, str | None]
    parent: Element | None = None
    content: list[Element | str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Element]:
        """Yield all elements below this one, in document order."""
        for child in self.content:
            if isinstance(child, Element):
                yield child
                yield from child

    @property
    def classes(self) -> set[str]:
        return set((self.attributes.get("class") or "").split())

    @property
    def text(self) -> str:
        """All text below the element, blanks as a browser would show them."""
        return " ".join(self.raw_text.split())

    @property
    def raw_text(self) -> str:
        return "".join(child if isinstance(child, str) else child.raw_text for child in self.content)

    def all(self, tag: str = "", class_: str = "") -> list[Element]:
        return [e for e in self if (not tag or e.tag == tag) and (not class_ or class_ in e.classes)]

    def by_id(self, id_: str) -> Element:
        (found,) = [element for element in self if element.attributes.get("id") == id_]
        return found


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.open = Element("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "li" and self.open.tag == "li":  # its end tag may be left out
            self.handle_endtag("li")
        element = Element(tag, dict(attrs), self.open)
        self.open.content.append(element)
        if tag not in _VOID:
            self.open = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.content.append(Element(tag, dict(attrs), self.open))

    def handle_endtag(self, tag: str) -> None:
        if tag == "ul" and self.open.tag == "li":
            self.handle_endtag("li")
        assert self.open.tag == tag, f"</{tag}> closes <{self.open.tag}>"
        assert self.open.parent is not None
        self.open = self.open.parent

    def handle_data(self, data: str) -> None:
        self.open.content.append(data)


def parse(text: str) -> Element:
    """Return the document's root; fails for an end tag that closes another element."""
    builder = _Builder()
    builder.feed(text)
    builder.close()
    assert builder.open is builder.root, f"<{builder.open.tag}> is not closed"
    return builder.root
