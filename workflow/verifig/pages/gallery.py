"""The gallery of instruments: examples (jupytext py:percent) run from top to bottom, shown with their code, output and figures."""

import ast
import contextlib
import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import jupytext
import matplotlib.pyplot as plt
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from matplotlib.figure import Figure

from verifig.ground import numbers
from verifig.ground.errors import InputError, RunError
from verifig.ground.files import read_json, sha256, write_json, write_text
from verifig.ground.paths import ROOT, name_in_suite
from verifig.ground.version import __version__
from verifig.pages import figures, notation, render, templating

EXAMPLES = ROOT / "docs" / "instruments"
GALLERY = ROOT / "reports" / "instruments"


@dataclass(frozen=True)
class Example:
    """An example that has run: its blocks in HTML, its figures by name, and what it cost."""

    name: str
    title: str
    lead: str
    blocks: list[Markup]
    figures: dict[str, str]
    seconds: float


def names() -> list[str]:
    """The examples, by the name of their file."""
    return sorted(path.stem for path in EXAMPLES.glob("*.py"))


def publish(chosen: list[str] | None = None, folder: Path = GALLERY, log: Callable[[str], None] = print) -> None:
    """Run the chosen examples (default: those whose code has changed since) and write their pages and the gallery's.

    Raises:
        InputError: an unknown name, or no examples here. RunError: an example failed.
    """
    known = names()
    if not known:
        raise InputError(f"there are no examples in {EXAMPLES}: the gallery is made in a checkout")
    if unknown := sorted(set(chosen or []) - set(known)):
        raise InputError(f"no example {unknown[0]!r}; there are {', '.join(known)}")
    path = folder / "manifest.json"
    manifest = read_json(path) if path.exists() else {}
    stale = changed(manifest)
    for name in chosen or stale:
        example = run(EXAMPLES / f"{name}.py")
        for figure, svg in example.figures.items():
            write_text(folder / "figures" / f"{figure}.svg", svg)
        page = templating.fill(
            "example.html.j2", example=example, code=f"docs/instruments/{name}.py", version=__version__
        )
        write_text(folder / f"{name}.html", notation.html(page))
        told = {"title": example.title, "lead": example.lead, "figures": list(example.figures)}
        manifest[name] = told | {"sources": sources(name)}
        log(f"{name}: {numbers.seconds(example.seconds)}, {len(example.figures)} figures")
    manifest = {name: manifest[name] for name in known if name in manifest}
    front = templating.fill("gallery.html.j2", examples=manifest, version=__version__)
    write_text(folder / "index.html", notation.html(front))
    write_json(path, manifest)
    _remove_others(folder, manifest)
    if not (chosen or stale):
        log("the gallery is up to date")


def changed(manifest: dict) -> list[str]:
    """Examples whose code, or that of the instruments, is not what their page was made from."""
    return [name for name in names() if manifest.get(name, {}).get("sources") != sources(name)]


def sources(name: str) -> dict[str, str]:
    """Digests of an example, of the instruments' own modules and of what a page is made by."""
    library = ROOT / "workflow" / "verifig"
    made_by = [library / "pages" / file for file in ("gallery.py", "templates/example.html.j2", "templates/style.css")]
    files = [EXAMPLES / f"{name}.py", *sorted((library / "instruments").glob("*.py")), *made_by]
    return {name_in_suite(path): sha256(path) for path in files}


def run(source: Path) -> Example:
    """Run an example cell by cell, in one thread; a figure is the value of a cell's last line, its text its label.

    Raises:
        RunError: a cell raised, a figure has no label, or the first cell is no heading with a paragraph.
    """
    import torch

    notebook, begin, threads = jupytext.read(source, fmt="py:percent"), time.process_time(), torch.get_num_threads()
    words = MarkdownIt("commonmark").enable("table")
    heading, _, lead = notebook.cells[0].source.partition("\n")
    if notebook.cells[0].cell_type != "markdown" or not heading.startswith("# ") or not lead.strip():
        raise RunError(f"{source.name} does not begin with a heading and a paragraph")
    blocks, drawn, known = [], {}, {"__name__": f"example_{source.stem}"}
    torch.set_num_threads(1)
    try:
        for cell in notebook.cells[1:]:
            if cell.cell_type == "markdown":
                blocks.append(Markup(words.render(cell.source)))
                continue
            said = io.StringIO()
            with contextlib.redirect_stdout(said), _unseen():
                value = render.run_cell(cell.source, known, source)
            blocks.append(_code(cell.source))
            if said.getvalue():
                blocks.append(Markup('<pre class="said scroll" tabindex="0">{}</pre>').format(said.getvalue().rstrip()))
            if isinstance(value, Figure):
                blocks.append(_figure(value, f"{source.stem}_{len(drawn) + 1}", drawn))
    finally:
        torch.set_num_threads(threads)
        plt.close("all")
    seconds = time.process_time() - begin
    return Example(source.stem, heading[2:], Markup(words.renderInline(lead.strip())), blocks, drawn, seconds)


def _code(text: str) -> Markup:
    """A cell's code; where it shows a figure, without the line that does."""
    tree = ast.parse(text)
    lines = text.splitlines()
    if tree.body and isinstance(tree.body[-1], ast.Expr) and isinstance(tree.body[-1].value, ast.Name):
        lines = lines[: tree.body[-1].lineno - 1]
    return Markup('<pre class="code scroll" tabindex="0"><code>{}</code></pre>').format("\n".join(lines).strip())


def _figure(figure: Figure, name: str, drawn: dict[str, str]) -> Markup:
    text = figure.get_label()
    if not text:
        raise RunError(f"figure {name} has no label: figure.set_label says in words what it shows")
    drawn[name] = figures.svg(figure, name, text)
    image = f'<img src="figures/{name}.svg" alt="{escape(text)}">'
    return Markup(f'<div class="plot scroll" tabindex="0" role="region" aria-label="figure {name}">{image}</div>')


@contextlib.contextmanager
def _unseen() -> Iterator[None]:
    """Figures are drawn without windows; afterwards with the caller's backend."""
    backend = plt.get_backend()
    plt.switch_backend("agg")
    try:
        yield
    finally:
        plt.switch_backend(backend)


def _remove_others(folder: Path, manifest: dict) -> None:
    """Files of examples and figures that are no more."""
    kept = {f"{figure}.svg" for told in manifest.values() for figure in told["figures"]}
    for path in (folder / "figures").glob("*.svg"):
        if path.name not in kept:
            path.unlink()
    for path in folder.glob("*.html"):
        if path.stem not in {*manifest, "index"}:
            path.unlink()
