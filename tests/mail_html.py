"""A mail's HTML as a test looks at it: texts, links, headings, tags, and the colours of each text."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "img", "hr", "link", "input"}


@dataclass
class Element:
    """An open element: its attributes, and the colours that its text has."""

    tag: str
    attributes: dict[str, str]
    color: str
    background: str
    hidden: bool


@dataclass
class Text:
    """A run of text that is seen, with the classes of the elements around it and its two colours."""

    text: str
    around: list[Element] = field(repr=False)

    @property
    def colors(self) -> tuple[str, str]:
        return self.around[-1].color, self.around[-1].background

    def inside(self, name: str) -> bool:
        return any(name in element.attributes.get("class", "").split() for element in self.around)


class Page(HTMLParser):
    """What a reader of the mail gets to see."""

    def __init__(self, html: str, dark: bool = False) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.elements: list[Element] = []
        self.texts: list[Text] = []
        self.links: list[tuple[str, str]] = []  # (accessible name, target)
        self.headings: list[int] = []
        self.style = ""
        self.preheader = ""
        self._dark = dark_colors(html) if dark else {}
        self._open: list[Element] = []
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        """All that is seen, on one line."""
        return re.sub(r"\s+", " ", "".join(text.text for text in self.texts))

    def texts_of(self, name: str) -> list[str]:
        return [text.text.replace("\u00a0", " ") for text in self.texts if text.inside(name)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        outer = self._open[-1] if self._open else Element("", {}, "#000000", "#ffffff", hidden=False)
        style = dict(re.findall(r"([a-z-]+):([^;]+)", given.get("style", "")))
        for name in given.get("class", "").split():
            style |= self._dark.get(name, {})
        element = Element(
            tag,
            given,
            style.get("color", outer.color),
            style.get("background", outer.background),
            outer.hidden or tag in ("head", "style", "title") or style.get("display") == "none",
        )
        self.tags.add(tag)
        self.attributes |= set(given)
        self.elements.append(element)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "a":
            self.links.append((given.get("aria-label", ""), given.get("href", "")))
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1].tag == "style":
            self.style += data
        elif self._open and self._open[-1].attributes.get("class") == "preheader":
            self.preheader += data
        elif self._open and not self._open[-1].hidden:
            self.texts.append(Text(data, list(self._open)))
            link = next((element for element in self._open if element.tag == "a"), None)
            if link and "aria-label" not in link.attributes:
                name, target = self.links[-1]
                self.links[-1] = (name + data, target)


def dark_colors(html: str) -> dict[str, dict[str, str]]:
    """Class → its colours in the dark mode's block of the kept style."""
    block = html.split("prefers-color-scheme:dark){", 1)[1].split("\n}", 1)[0]
    colors: dict[str, dict[str, str]] = {}
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]+)\}", block):
        declared = dict(re.findall(r"([a-z-]+):([^;!]+)", body))
        for selector in selectors.strip().split(","):
            colors.setdefault(selector.strip().lstrip("."), {}).update(declared)
    return colors


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two #rrggbb colours (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def inverted(color: str) -> str:
    """What a mail program makes of a colour that inverts all of them."""
    return f"#{0xFFFFFF - int(color[1:], 16):06x}"


def _luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
