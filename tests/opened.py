"""A downloaded page opened as a notebook: its code cells executed in a process of their own (a fork), without a kernel."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import forks
from conftest import environment

from verifig.pages import downloaded, notation, steps

# what a notebook does with a cell: run it, and show the value of its last line
RUNNER = """
import ast, json, sys, time
names, shown, begin = {"__name__": "__main__"}, [], time.monotonic()
for cell in json.load(open(sys.argv[1], encoding="utf-8"))["cells"]:
    value = None
    if cell["cell_type"] == "code":
        tree = ast.parse("".join(cell["source"]))
        last = ast.Expression(tree.body.pop().value) if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, cell["id"], "exec"), names)
        value = eval(compile(last, cell["id"], "eval"), names) if last else None
    both = (value._repr_html_(), value._repr_markdown_()) if hasattr(value, "_repr_html_") else ("", "")
    shown.append(both)
page = names["page"]
json.dump({"cells": shown, "figures": {name: str(each.path) for name, each in page.pictures.items() if each.path}}, sys.stdout)
"""

LESS = re.compile("points of each curve|seeds|one row in")  # of a table: not all that the figure reads
PIXELS = 0.5


@dataclass(frozen=True)
class Opened:
    """What the cells show, in HTML and in Markdown (empty where nothing), and the saved figures by name."""

    cells: list[tuple[str, str]]
    figures: dict[str, str]


def opened(folder: Path, suite: Path) -> Opened:
    """Run the notebook of a page's folder with the library of a suite; fails with the last lines of what it said."""
    (notebook,) = folder.glob("*.ipynb")
    done = forks.run(folder, ["-c", RUNNER, notebook.name], environment(suite))
    assert done.returncode == 0, done.stderr[-3000:]
    return Opened(**json.loads(done.stdout))


def agrees(found: Opened, page: Path) -> dict[str, int]:
    """Hold an opened page against the published one: every line that a cell shows, each figure; returns how many.

    The lines are sentences, captions, alternative texts and cards of claims, so no number in them is denied by the
    tables from which they were made again. Figures have the same labels; if their tables are whole, the same ticks and
    curves.
    """
    readme = (page / "README.md").read_text(encoding="utf-8")
    known = {_plain(line) for line in readme.splitlines()}
    lines = [_plain(notation.markdown(line)) for _, markdown in found.cells for line in markdown.splitlines()]
    lines = [line for line in lines if line and not line.startswith("Drawn from data/")]
    assert not [line for line in lines if line not in known]
    run = json.loads(downloaded.unpacked(page / downloaded.RUN))
    assert set(found.figures) == set(run["figures"])
    whole = 0
    for name, path in found.figures.items():
        ours, theirs = (text.read_text(encoding="utf-8") for text in (Path(path), page / "figures" / f"{name}.svg"))
        assert _labels(ours) == _labels(theirs), name
        if not any(LESS.search(each["said"]) for each in run["figures"][name]):
            whole += 1
            assert _words(ours) == _words(theirs), name
            assert _apart(ours, theirs) < PIXELS, name
    again = len(found.figures) - len(run["told"])  # the others' words were kept, and the page says so
    return {"lines": len(lines), "figures": len(found.figures), "whole tables": whole, "captions formed again": again}


def _plain(line: str) -> str:
    return " ".join(line.split())


def _words(svg: str) -> list[str]:
    """Titles, axes, ticks and legends."""
    return ["".join(found) for found in re.findall(r"<text[^>]*>([^<]*)<|<tspan[^>]*>([^<]*)<", svg)]


def _labels(svg: str) -> set[str]:
    """The same without ticks and other numbers."""
    return {word for word in _words(svg) if re.search(r"[^\W\d]", word)}


def _apart(one: str, other: str) -> float:
    """How far the outlines of the drawn paths of two pictures are apart at most, in points; infinite if others are drawn."""
    boxes = [sorted(map(_box, re.findall(r' d="([^"]*)"', svg))) for svg in (one, other)]
    if len(boxes[0]) != len(boxes[1]):
        return float("inf")
    return max((abs(a - b) for pair in zip(*boxes, strict=True) for a, b in zip(*pair, strict=True)), default=0.0)


def _box(path: str) -> tuple[float, ...]:
    places = [place for stroke in steps.places(path) for place in stroke]
    x, y = ([place[side] for place in places] for side in (0, 1))
    return min(x), max(x), min(y), max(y)
