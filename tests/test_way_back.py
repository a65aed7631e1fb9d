"""The way back from a page: the data under a figure, the code and runs behind it, how to cite it, how to disagree."""

import io
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from test_page_api import SLUG, make_page
from test_pages import claim

from replications.grokking.prieto2025 import plotting
from verifig.ground import numbers
from verifig.ground.files import write_json
from verifig.measuring.tables import long
from verifig.pages import address, cards, citing, code_lines, figures, objecting, offered, publish
from verifig.pages.picture import Picture
from verifig.planning import rulesets

RNG = np.random.default_rng(0)
LOSS, ACCURACY = np.exp(RNG.normal(size=(4, 60))), RNG.random((4, 60))
SMALL = long(np.arange(60.0), {"loss": LOSS, "accuracy": ACCURACY}, "sgd")
MANY = {f"other {k}": RNG.random((4, 60)) for k in range(20)}
LARGE = long(np.arange(60.0), {"loss": LOSS, "accuracy": ACCURACY} | MANY, "sgd").assign(extra=0.5)


def draw(table: pd.DataFrame):
    figure, (axes,) = figures.grid()
    figures.band(axes, figures.pick(table, curve="loss", condition="sgd"))
    return figure


def total(table: pd.DataFrame):
    figure, (axes,) = figures.grid()
    axes.plot([0, 1], [figures.pick(table, curve="loss")["value"].sum(), table["value"].sum()])
    return figure


def picture(function=draw, *curves: str) -> Picture:
    return Picture("Figure 1", function, curves or ("runs",), "a figure", "")


def offer(table: pd.DataFrame, function=draw) -> tuple[offered.Offer, pd.DataFrame]:
    (found,) = offered.of_figure("fig", picture(function), [table])
    return found, pd.read_csv(io.StringIO(found.text))


def cells(table: pd.DataFrame) -> dict:
    """Value by curve, x and seed of a table with a column a seed."""
    seeds = [name for name in table if name.startswith("seed ")]
    return {(row["curve"], row["x"], int(name.split()[1])): row[name] for _, row in table.iterrows() for name in seeds}


def expected(table: pd.DataFrame) -> dict:
    return {(row.curve, row.x, row.seed): numbers.significant(row.value, offered.DIGITS) for row in table.itertuples()}


def test_a_figure_s_data_are_its_table_in_six_digits():
    found, read = offer(SMALL)
    assert list(read)[:4] == ["curve", "condition", "x", "seed 0"]
    assert cells(read) == expected(SMALL)
    assert (found.file, found.table, found.said) == ("data/fig.csv", "runs", "")
    assert offer(SMALL)[0].text == found.text


def test_of_a_large_table_a_figure_offers_what_it_reads():
    found, read = offer(LARGE)
    assert set(read["curve"]) == {"loss"}
    assert "extra" not in read
    assert cells(read) == expected(LARGE[LARGE["curve"] == "loss"])
    assert found.said == "what the figure reads, 240 of 5,280 rows"
    assert len(found.text) <= offered.LIMIT


def test_a_figure_that_needs_more_than_the_rows_it_chooses_offers_them_thinned():
    found, read = offer(LARGE, total)
    assert set(read["curve"]) == set(LARGE["curve"])
    known = expected(LARGE)
    assert cells(read).items() <= known.items()
    assert "rows" not in found.said
    assert "points of each curve" in found.said
    assert len(found.text) <= offered.LIMIT


@pytest.mark.parametrize("columns", [["seed", "width", "a", "b"], ["width", "a", "b"]])
def test_a_large_table_of_another_form_fits_and_says_what_is_left_out(columns):
    table = pd.DataFrame(RNG.random((3000, 2)), columns=["a", "b"])
    table = table.assign(seed=np.arange(3000) % 30, width=np.arange(3000) // 30)[columns]
    found, read = offer(table, lambda table: total(table.rename(columns={"a": "value"}).assign(curve="loss")))
    assert 0 < len(found.text) <= offered.LIMIT
    assert re.search(r"\d+ of 30 seeds" if "seed" in columns else r"one row in \d+", found.said)
    assert "Unnamed" not in "".join(read)
    kept = {numbers.significant(value, offered.DIGITS) for value in table[["a", "b"]].to_numpy().ravel()}
    assert set(read.filter(regex="^[ab]").to_numpy().ravel()) <= kept


def test_the_lines_that_draw_a_figure_are_found_behind_whatever_calls_them():
    frame = pd.DataFrame({"x": [-1.0, 0.0, 1.0], "s": [0.5, 1.0, 2.0], "exp": [0.4, 1.0, 2.7]})
    _, lines = code_lines.drawn(lambda table: plotting.stablemax.fig3(table), [frame])
    assert (lines.function, lines.file) == ("fig3", "replications/grokking/prieto2025/plotting/stablemax.py")
    source = (ROOT / lines.file).read_text(encoding="utf-8").splitlines()
    assert source[lines.first - 1].startswith("def fig3(")
    assert source[lines.last - 1].strip().startswith("return")
    assert code_lines.drawn(draw, [SMALL])[1] is None, "not of a paper"


def figure_of_a_page(folder: Path, **verdicts):
    page = make_page(folder, curves={"one": SMALL, "two": LARGE}, **verdicts)
    record = {"job": {"stage": "train", "experiment": "edge113", "seeds": [0, 1, 2]}, "device_name": "a GPU"}
    write_json(page.layout.provenance("edge113"), record | {"finished": "2026-12-01T10:00:00+00:00"})
    other = {"job": {"stage": "train", "experiment": "delay53", "seeds": [0]}}
    write_json(page.layout.provenance("delay53"), other)

    def both(one, two):
        page.paper("fig1a_test")
        return draw(one)

    return page, page.figure("fig1a", both, ["one", "two"], alt="a")


def test_below_a_figure_stand_its_data_its_runs_and_what_renews_it(tmp_path):
    page, block = figure_of_a_page(tmp_path)
    files = re.findall(r'href="(data/[^"]*)" download', block.html)
    assert files == ["data/fig1a.one.csv", "data/fig1a.two.csv"]
    for file in files:
        read = pd.read_csv(page.layout.page / file)
        assert len(read)
        assert not any(name.startswith("Unnamed") for name in read)
        assert f"({file})" in block.markdown
    assert "edge113: 3 seeds (0 to 2), 2026-12-01, a GPU" in block.html
    assert "delay53" not in block.html, "which the figure does not draw"
    assert "snakemake prieto2025 --config scale=laptop" in block.html
    assert "<code>fig1a_test</code>" in block.html
    assert "snakemake" not in figure_of_a_page(tmp_path / "what if", what_if={"changed": {}})[1].html


def test_every_published_figure_has_its_data():
    for folder in sorted(publish.REPORTS.glob("*/data")):
        page = (folder.parent / "index.html").read_text(encoding="utf-8")
        offers = set(re.findall(r'href="data/([^"]*)" download', page))
        assert offers == {path.name for path in folder.glob("*.csv")}, folder
        for name in offers:
            read = pd.read_csv(folder / name)
            assert len(read), name
            assert not any(column.startswith("Unnamed") for column in read), name
            assert (folder / name).stat().st_size <= 2 * offered.LIMIT, name


@pytest.fixture
def _at_an_address(monkeypatch):
    monkeypatch.setattr(address, "citation", lambda: {"repository-code": "https://code.host/some/suite/"})


@pytest.mark.usefixtures("_at_an_address")
def test_with_an_address_code_and_issues_are_links():
    lines = code_lines.Lines("replications/a/b/plots.py", "fig", 3, 9)
    assert re.fullmatch(r"https://code\.host/some/suite/blob/\w+/replications/a/b/plots\.py#L3-L9", address.code(lines))
    judged = claim()
    objecting.attach([judged], "some2025", "laptop")
    query = parse_qs(urlsplit(judged["objection"].address).query)
    assert query["title"] == [f'some2025/{judged["id"]}: not "{cards.verdicts.word(judged)}"?']
    assert judged["statement"] in query["body"][0]
    assert "bound" in query["body"][0]
    assert "https://code.host/some/suite/issues/new?" in cards.claim_html(judged)


def test_without_an_address_the_text_of_an_issue_can_be_copied(monkeypatch):
    monkeypatch.setattr(address, "citation", dict)
    judged, waiting = claim(), claim(verdict="not tested", reason="runs at paper scale", parts=[])
    objecting.attach([judged, waiting], "some2025", "laptop")
    html = cards.claim_html(judged)
    assert "Disagree with this verdict?" in html
    assert "Claim: some2025/" in html
    assert "issues/new" not in html
    assert "Disagree" not in cards.claim_html(waiting)


def test_a_paper_and_the_suite_are_cited():
    work = rulesets.Work("Loss & Sharpness", "A. One, B. Two", "ICLR 2023", "https://a.b/c_d")
    assert citing.paper_entry("one2023", work) == (
        "@misc{one2023,\n  title = {{Loss \\& Sharpness}},\n  author = {A. One and B. Two},\n"
        "  year = {2023},\n  howpublished = {ICLR 2023},\n  url = {https://a.b/c_d},\n}"
    )
    suite = citing.suite_entry()
    assert suite.startswith("@software{verifig,")
    assert "year = {20" in suite


def test_a_header_says_when_and_where_its_runs_were_made(tmp_path):
    page, _ = figure_of_a_page(tmp_path)
    block = citing.block(page.layout, rulesets.load(SLUG))
    assert "Runs of 2026-12-01 on a GPU" in block.html
    assert "@misc{prieto2025," in block.html
    assert "chou2025" not in block.html, "cited for context only"
    assert "@misc{prieto2025," in block.markdown


def test_published_pages_lead_to_the_documents_of_the_suite():
    for place in publish.DOCUMENTS.values():
        assert (publish.REPORTS / SLUG / place).is_file(), place
