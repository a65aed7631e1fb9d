"""Executing a report (jupytext py:percent) and rendering its cells to one HTML and one Markdown file."""

import ast
import re
from pathlib import Path

import jupytext
from markdown_it import MarkdownIt

from verifig.ground.errors import RunError
from verifig.pages import exploring, notation, templating


def execute(source: Path, failed: list[str] | None = None) -> tuple[list[tuple[str, str]], dict[str, object]]:
    """Run a report top to bottom; returns its blocks as (HTML, Markdown) in order, and its names.

    Markdown cells are rendered; of a code cell the value of its last expression is shown, if it can show itself.

    Args:
        failed: where given, a cell that raises is left out and its sentence added here.

    Raises:
        RunError: a cell raised; the message names the cell's first line.
    """
    notebook = jupytext.read(source, fmt="py:percent")
    names: dict[str, object] = {"__name__": "__report__"}
    markdown = MarkdownIt("commonmark").enable("table")
    blocks = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            blocks.append((markdown.render(cell.source), cell.source))
        elif cell.cell_type == "code":
            try:
                value = run_cell(cell.source, names, source)
            except RunError as error:
                if failed is None:
                    raise
                failed.append(str(error))
                continue
            if hasattr(value, "_repr_html_"):
                blocks.append((value._repr_html_(), value._repr_markdown_()))
    return _without_bare_headings(blocks), names


def _without_bare_headings(blocks: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out headings whose figures are all of another scale: nothing stands below them."""
    kept: list[tuple[str, str]] = []
    for html, markdown in reversed(blocks):
        bare = re.fullmatch(r"(#+) .*", markdown.strip())
        below = re.match(r"(#+) ", kept[-1][1].strip()) if kept else None
        nothing = not kept or (below and bare and len(below[1]) <= len(bare[1]))
        if (html or markdown) and not (bare and nothing):
            kept.append((html, markdown))
    return kept[::-1]


def run_cell(code: str, names: dict[str, object], source: Path) -> object:
    """Execute a cell; the value of a trailing expression, else None."""
    tree = ast.parse(code)
    last = ast.Expression(tree.body.pop().value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    try:
        exec(compile(tree, str(source), "exec"), names)
        return eval(compile(last, str(source), "eval"), names) if last else None
    except Exception as error:
        first = next((line for line in code.splitlines() if line.strip()), "")
        raise RunError(
            f"{source.parent.name}/{source.name}: the cell {first.strip()!r} failed: {type(error).__name__}: {error}"
        ) from error


def _with_anchors(text: str) -> str:
    return re.sub(r"<h2>(.*?)</h2>", lambda m: f'<h2 id="{anchor(m[1])}">{m[1]}</h2>', text)


def anchor(heading: str) -> str:
    """A stable id from a heading."""
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"<.*?>", "", heading).lower()).strip("-")


def page(blocks: list[tuple[str, str]], title: str, results: str) -> tuple[str, str]:
    """(HTML, Markdown) of a page; empty blocks are left out."""
    blocks = [(_with_anchors(html), markdown) for html, markdown in blocks if html or markdown]
    contents = [item for block, _ in blocks for item in re.findall(r'<h2 id="(.*?)">(.*?)</h2>', block)]
    page_html = templating.fill(
        "page.html.j2",
        title=title,
        results=results,
        contents=contents,
        blocks=[*(block for block, _ in blocks), exploring.machinery([block for block, _ in blocks])],
    )
    text = "\n\n".join(block.strip() for _, block in blocks) + "\n"
    return notation.html(page_html), notation.markdown(text)
