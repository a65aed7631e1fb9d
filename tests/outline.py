"""What a page refers to and what it offers."""

import functools
import re
from html.parser import HTMLParser
from pathlib import Path


class Outline(HTMLParser):
    """Ids, links, sources, levels of headings and alternative texts of a page, in order."""

    def __init__(self, text: str):
        super().__init__()
        self.ids, self.links, self.sources, self.headings, self.alts = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag in ("img", "script", "link", "iframe", "source"):
            self.sources.append(given.get("src") or given.get("href") or "")
        if tag == "img":
            self.alts.append(given.get("alt"))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))


@functools.cache
def outline(path: Path) -> Outline:
    """The outline of a page that does not change, parsed once."""
    return Outline(path.read_text(encoding="utf-8"))


def dead_links(path: Path) -> list[str]:
    """Links of a page to files that are not there, or to places that they do not have; `#/?…` is a state of a table."""
    dead = []
    for link in outline(path).links:
        target, _, anchor = link.partition("#")
        if link.startswith("http"):
            continue
        file = path.parent / target if target else path
        place = anchor and not anchor.startswith("/?")
        if not file.exists() or (place and anchor not in outline(file).ids):
            dead.append(link)
    return dead
