"""A page as a notebook: what lies beside a page is enough to draw its figures and to say its sentences again."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import SOME, copy_suite
from opened import agrees, opened
from test_page_api import SLUG, frame, make_page, some_statistics
from test_way_back import LARGE, SMALL, picture, total

from verifig.ground.errors import InputError, RunError
from verifig.ground.version import __version__
from verifig.measuring.compact import rounded
from verifig.pages import downloaded, figures, notebook, offered, publish


def again(table: pd.DataFrame) -> tuple[pd.DataFrame, offered.Offer]:
    """A table as its file gives it back."""
    (found,) = offered.of_figure("fig", picture(total), [table])
    return offered.table(found.text, found.columns), found


def shorter(table: pd.DataFrame) -> pd.DataFrame:
    """One in which a seed has stopped before, and another has no number at times."""
    table = table[(table["seed"] != 1) | (table["x"] < 40)].reset_index(drop=True)
    return table.assign(value=table["value"].mask((table["seed"] == 2) & (table["x"] == 7)))


@pytest.mark.parametrize(
    "table",
    [
        SMALL,
        shorter(SMALL),
        SMALL.assign(value=SMALL["value"].astype("float32"), converged=SMALL["x"] > 3),
        SMALL.rename(columns={"value": "train"}).assign(test=SMALL["value"] ** 2),
        SMALL.assign(condition="07"),
        pd.DataFrame({"width": [1, 2], "error": [0.25, np.nan]}),
    ],
)
def test_a_table_is_read_back_as_it_was_but_for_its_digits(table):
    read, found = again(table)
    expected = rounded(table, offered.DIGITS).astype(table.dtypes)
    assert found.said == ""
    pd.testing.assert_frame_equal(read[list(expected)], expected)


def test_of_a_large_table_what_was_offered_is_read_back():
    read, found = again(LARGE)
    assert "points of each curve" in found.said
    assert read.dtypes.to_dict() == LARGE.dtypes.to_dict()
    assert len(read.merge(rounded(LARGE, offered.DIGITS))) == len(read) < len(LARGE)


def test_a_table_of_which_less_cannot_be_drawn_is_offered_whole():
    grid = pd.DataFrame({"height": np.random.default_rng(0).random(3600)})

    def surface(table: pd.DataFrame):
        figure, (axes,) = figures.grid()
        axes.imshow(table["height"].to_numpy().reshape(60, 60))
        return figure

    (found,) = offered.of_figure("fig", picture(surface), [grid])
    assert len(found.text) > offered.LIMIT
    assert found.said == ""
    assert len(offered.table(found.text, found.columns)) == 3600


def test_words_that_the_tables_do_not_give_are_those_of_the_page(tmp_path):
    page = make_page(tmp_path, curves={"c": frame([1.0, 1.0 + 1e-9])})

    def largest(table: pd.DataFrame) -> str:
        return f"it grows by {table['value'].max() - 1:.2g}"

    block = page.figure("fig3", draw, ["c"], alt=largest, note="a note")
    assert "these files do not give all of them" in block.html
    notebook.write(page)
    downloaded.keep(page)
    again = downloaded.Page(SLUG, page.layout.page).figure("fig3", draw, ["c"], alt=largest, note="a note")
    assert "it grows by 10⁻⁹" in block.markdown
    assert "it grows by 10⁻⁹" in again.markdown
    assert "numbers in its words are the page's, from the whole tables" in again.markdown


def draw(table: pd.DataFrame):
    figure, (axes,) = figures.grid()
    axes.plot(table["x"], table["value"], label="run")
    axes.set_title("loss")
    return figure


def shown(page) -> list[str]:
    """What a report says with this page."""
    figure = page.figure("fig3", draw, ["c"], alt=lambda table: f"{len(table)} points", note=lambda table: "a note")
    text = page.text(f"Accuracy {page.number('delay53', 'accuracy', {'condition': 'a'}, 'range', True)}.")
    return [figure.markdown, text.markdown, f"{page.value('delay53', 'share').tolist()}"]


def kept(folder: Path) -> tuple[Path, list[str]]:
    """The folder of a page with a figure and two statistics, and what it says."""
    page = make_page(folder, curves={"c": frame([1, 2, 4])}, statistics=some_statistics())
    told = shown(page)
    notebook.write(page)
    downloaded.keep(page)
    return page.layout.page, told


def test_a_downloaded_page_says_what_the_page_says(tmp_path):
    folder, told = kept(tmp_path / "results")
    shutil.copytree(folder, tmp_path / "downloaded")
    shutil.rmtree(tmp_path / "results")
    page = downloaded.Page(SLUG, tmp_path / "downloaded")
    assert page.has("c")
    assert not page.has("c", "d")
    assert len(page.statistics) == 4, "only what is mentioned"
    found = shown(page)
    assert found[1:] == told[1:]
    assert "Drawn from data/fig3.csv; to 6 digits." in found[0]
    assert "a note" in found[0]


def test_what_lies_beside_a_page_has_the_same_bytes_every_time(tmp_path):
    both = [kept(tmp_path / name)[0] for name in ("one", "two")]
    files = [{path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")} for folder in both]
    assert files[0] == files[1]
    assert {Path(f"{SLUG}.ipynb"), *map(Path, (downloaded.RUN, downloaded.VERDICTS, downloaded.STATISTICS))} < set(
        files[0]
    )


def test_a_notebook_says_what_it_is_and_holds_the_report(tmp_path):
    folder, _ = kept(tmp_path)
    cells = json.loads((folder / f"{SLUG}.ipynb").read_text())["cells"]
    first, code = "".join(cells[0]["source"]), ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    assert f"install verifig {__version__}" in first
    assert "Grokking at the Edge of Numerical Stability" in first
    assert notebook.DOWNLOADED in code[0]
    assert not any(notebook.IN_RESULTS in each for each in code)
    assert all(cell["outputs"] == [] for cell in cells if cell["cell_type"] == "code")
    assert len({cell["id"] for cell in cells}) == len(cells)


def test_a_notebook_elsewhere_or_of_another_page_says_so(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="keep the notebook in the folder of its page"):
        downloaded.Page(SLUG, tmp_path)
    folder, _ = kept(tmp_path)
    with pytest.raises(InputError, match=f"holds the page of {SLUG}, not of wu2023"):
        downloaded.Page("wu2023", folder)
    monkeypatch.setattr(downloaded, "__version__", "0.0.1")
    with pytest.warns(UserWarning, match=f"made by verifig {__version__}, here is 0.0.1"):
        downloaded.Page(SLUG, folder)
    monkeypatch.undo()
    (folder / downloaded.VERDICTS).write_bytes(b"half a file")
    with pytest.raises(InputError, match="is damaged: download it again"):
        downloaded.Page(SLUG, folder)


def test_a_report_that_gets_its_page_otherwise_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(notebook, "IN_RESULTS", "from elsewhere import Page")
    with pytest.raises(RunError, match="does not say 'from elsewhere import Page' in its first cell"):
        kept(tmp_path)


def test_a_downloaded_page_runs_from_top_to_bottom_without_results(done, tmp_path):
    """The page that the workflow made at smoke scale, alone in a folder, with a copy of the suite that has no results."""
    page = tmp_path / "My Downloads" / SLUG
    shutil.copytree(done / "results" / "smoke" / SLUG / "page", page)
    before = {path: path.read_bytes() for path in page.rglob("*.*")}
    assert agrees(opened(page, copy_suite(tmp_path / "suite", SOME)), page)["figures"] > 0
    assert {path: path.read_bytes() for path in page.rglob("*.*")} == before


def test_a_published_page_mentions_no_value_that_its_tables_deny(tmp_path):
    """One page; tests/prove/test_outside.py does this with all."""
    page = tmp_path / "nakkiran2020"
    shutil.copytree(publish.REPORTS / page.name, page)
    if not list(page.glob("*.ipynb")):
        pytest.skip("published without a notebook")
    counts = agrees(opened(page, copy_suite(tmp_path / "suite", SOME)), page)
    assert counts["lines"] > 20
    assert counts["whole tables"] >= 2


def test_published_notebooks_lie_beside_their_pages():
    for folder in sorted(path.parent for path in publish.REPORTS.glob("*/*.ipynb")):
        page = (folder / "index.html").read_text(encoding="utf-8")
        assert f'href="{folder.name}.ipynb" download' in page
        added = [
            folder / name
            for name in (f"{folder.name}.ipynb", downloaded.RUN, downloaded.VERDICTS, downloaded.STATISTICS)
        ]
        assert sum(path.stat().st_size for path in added) < 100_000, folder.name
        offers = set(re.findall(r'href="(data/[^"]*)" download', page))
        run = json.loads(downloaded.unpacked(folder / downloaded.RUN))
        assert {each["file"] for drawn in run["figures"].values() for each in drawn} == offers, folder.name
