"""What Snakemake's own report is handed: each figure's caption with its claims, and pages as one file each.

A caption there is a template (Jinja) of reStructuredText; the report stage writes one a figure, from this run's
results. A page of one file shows its figures wherever the report puts it.
"""

import base64
import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from markdown_it import MarkdownIt

from verifig.ground.files import write_text
from verifig.ground.paths import Layout
from verifig.judging import verdicts
from verifig.pages import marked, notation, words
from verifig.pages.templating import fill

KINDS = {".svg": "image/svg+xml", ".csv": "text/csv", ".json": "application/json"}
PICTURE = re.compile(r'(?<=src=")(?![a-z]+:)([^"#]+)(?=")')
LINK = re.compile(r' href="(?![a-z]+:|#)([^"]+)"')


def caption(heading: str, note: str, claims: Sequence[Mapping]) -> str:
    """The text of a figure: its caption as the page has it, and its claims with the paper's value and ours.

    Args:
        note: the caption in Markdown; empty where the figure could not be drawn.
    """
    told = marked.plain(note) or "Not drawn in this run: its data or its runs are not there."
    shown = fill(
        "caption.html.j2",
        heading=heading,
        note=MarkdownIt("commonmark").renderInline(told),
        claims=[_claim(claim) for claim in claims],
    )
    return f".. raw:: html\n\n{textwrap.indent(_inert(notation.html(shown)), '   ')}\n"


def _claim(claim: Mapping) -> dict:
    return {
        "id": claim["id"],
        "verdict": f"{verdicts.SYMBOLS[claim['verdict']]} {verdicts.word(claim)}",
        "statement": claim["statement"],
        "paper": "no number" if claim["paper_value"] is None else str(claim["paper_value"]),
        "measured": [words.short(part) for part in claim["parts"]],
        "wording": words.wording(claim),
    }


def _inert(html: str) -> str:
    """Without what would be a command of Jinja's."""
    return html.replace("{", "&#123;").replace("}", "&#125;")


def write(layout: Layout, html: str, captions: Mapping[str, str]) -> None:
    """Write a paper's captions, by figure, and its page as one file."""
    layout.captions.mkdir(parents=True, exist_ok=True)  # also where a scale has no figures
    for name, text in captions.items():
        write_text(layout.captions / f"{name}.rst", text)
    write_text(layout.whole, whole(html, layout.page))


def whole(html: str, folder: Path) -> str:
    """A page of `folder` as one file: pictures and data within it, no links to pages that lie elsewhere."""
    html = PICTURE.sub(lambda found: _within(folder / found[1]), html)
    return LINK.sub(lambda found: _linked(folder, found[1]), html)


def _linked(folder: Path, name: str) -> str:
    file = folder / name
    if not (file.is_file() and file.suffix in KINDS):
        return ""
    return f' href="{_within(file)}" download="{file.name}"'


def _within(file: Path) -> str:
    return f"data:{KINDS[file.suffix]};base64,{base64.b64encode(file.read_bytes()).decode()}"
