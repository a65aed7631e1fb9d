"""A page as a notebook: its report, with what it is and how to run it, to be opened in the folder of the page."""

import re

import jupytext

from verifig.ground.errors import RunError
from verifig.ground.files import write_json
from verifig.ground.version import __version__
from verifig.pages import address, citing, offered
from verifig.pages.page import Page

IN_RESULTS, DOWNLOADED = "from verifig.pages.page import Page", "from verifig.pages.downloaded import Page"


def write(page: Page) -> None:
    """Write <slug>.ipynb, without outputs, into the folder of a page; an equal report and equal runs give equal bytes.

    Raises:
        RunError: the first cell of the report does not import `Page` as all reports do.
    """
    report = jupytext.read(page.ruleset.folder / "report.py", fmt="py:percent")
    cells = [(cell.cell_type, cell.source) for cell in report.cells]
    first = next((place for place, (kind, _) in enumerate(cells) if kind == "code"), None)
    if first is None or IN_RESULTS not in cells[first][1].splitlines():
        raise RunError(f"report.py of {page.slug} does not say {IN_RESULTS!r} in its first cell")
    start = re.sub(r"\A(#.*\n)+", "", cells[first][1]).replace(IN_RESULTS, DOWNLOADED)
    cells[first] = ("code", start)
    notebook = {
        "cells": [_cell(place, *cell) for place, cell in enumerate([("markdown", introduction(page)), *cells])],
        "metadata": {"kernelspec": dict(report.metadata["kernelspec"]), "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    write_json(page.layout.page / f"{page.slug}.ipynb", notebook)


def _cell(place: int, kind: str, source: str) -> dict:
    cell = {"cell_type": kind, "id": f"cell-{place}", "metadata": {}, "source": source.splitlines(keepends=True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def introduction(page: Page) -> str:
    """What the notebook is, where it comes from, and how to run it, in Markdown."""
    works = [work for work in page.ruleset.works.values() if not work.context]
    papers = "; ".join(f"{work.authors}: [{work.title}]({work.url}), {work.venue}" for work in works if work.url)
    what = f"a replication of {papers}" if papers else "an experiment of this suite"
    where = address.repository()
    checkout = f"a checkout of <{where}>" if where else "a checkout of its repository"
    return f"""# {page.ruleset.title}
The page `index.html` beside this notebook, cell by cell: {what}.

Its figures are drawn from the tables in `data/`, which hold {offered.DIGITS} digits; where they hold less than the figure of the
page was drawn from, that is said below the figure. The statistics in its sentences and its verdicts come from `data/`
too. Nothing is trained or measured here. {citing.runs(page.layout)}

To run it, keep it in the folder of the page, install verifig {__version__} (`pip install '.[run]'` in {checkout}) and
Jupyter, and run all cells."""
