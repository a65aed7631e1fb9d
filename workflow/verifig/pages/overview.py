"""The text of a theme, `overview.md`: what its papers say together, and where they disagree.

No result is written into it. `{prieto2025:EN-01}` stands for what was found of that claim: verdict and value with a
link to its card, filled in whenever the site is built.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

from verifig.ground import paths
from verifig.ground.errors import InputError
from verifig.judging import verdicts
from verifig.pages import words
from verifig.pages.templating import fill
from verifig.planning.themes import Theme

FOUND = re.compile(r"\{(\w+):([\w-]+)\}")
BY_HAND = re.compile(r"(?<![A-Za-z\d])(?<![A-Za-z]-)\d[\d.,]*")  # but not the digits of float32 and of GPT-3


def path(theme: Theme) -> Path:
    """Where the text of a theme lies, if it has one."""
    return paths.REPLICATIONS / theme.name / "overview.md"


def read(theme: Theme) -> str:
    """The text of a theme as written; empty where there is none.

    Raises:
        InputError: it holds a number that was written by hand.
    """
    file = path(theme)
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    if found := BY_HAND.search(FOUND.sub("", text)):
        raise InputError(
            f"{paths.name_in_suite(file)}: the number {found[0]!r} is written by hand; what was found is written as {{paper:claim}}"
        )
    return text


def claims_named(text: str) -> list[tuple[str, str]]:
    """(paper, id) of the claims that a text asks for."""
    return FOUND.findall(text)


def render(theme: Theme, papers: Mapping[str, Mapping]) -> Markup:
    """The text as HTML, with what was found.

    Args:
        papers: what the site knows of each paper that ran, by slug (see `site.counted`).

    Raises:
        InputError: it names a claim that a paper of these does not have, or a number was written by hand.
    """
    text = MarkdownIt("commonmark").render(read(theme))
    return Markup(FOUND.sub(lambda named: _found(theme, papers, named[1], named[2]), text))


def _found(theme: Theme, papers: Mapping[str, Mapping], slug: str, name: str) -> str:
    if slug in theme.papers and slug not in papers:
        return f'<span class="small">({slug}:{name} did not run here)</span>'
    claim = _claim(papers.get(slug, {}).get("claims", []), name)
    if claim is None:
        raise InputError(f"{paths.name_in_suite(path(theme))}: {slug}:{name} is not a claim of this theme's papers")
    past = papers[slug]["recorded"]
    recorded = _claim(past["claims"], name) if past else None
    shown = recorded if recorded and recorded["verdict"] != "not tested" else None
    told = [{"claim": each, "part": verdicts.deciding(each)} for each in (claim, shown) if each]
    return fill("found.html.j2", slug=slug, told=told, verdicts=verdicts, words=words).strip()


def _claim(claims: list[Mapping], name: str) -> Mapping | None:
    return next((claim for claim in claims if claim["id"] == name), None)
