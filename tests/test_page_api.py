"""What a report may ask of its page: settings, seeds, numbers, sentences, figures with and without their data."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from verifig.ground.errors import RunError
from verifig.ground.files import write_json
from verifig.ground.keys import key
from verifig.ground.paths import Layout
from verifig.measuring import tables
from verifig.pages import defaults, figures, marked, notices, prose
from verifig.pages import page as pages
from verifig.planning import provenance, rulesets

SLUG = "prieto2025"


def make_page(folder, used=None, curves=(), statistics=None, **verdicts) -> pages.Page:
    """A page over results of one experiment, delay53, with settings `used` (the configured ones if None)."""
    layout = Layout(folder, "laptop", SLUG)
    layout.curves.mkdir(parents=True)
    write_json(layout.verdicts, {"claims": [], **verdicts})
    tables.write(layout.statistics, (statistics or tables.Tables()).statistics())
    if used is not None:
        write_json(layout.provenance("delay53"), {"job": {"stage": "train", "settings": used}, "key": "k"})
    for name, frame in dict(curves).items():
        tables.write(layout.curves / f"{name}.parquet", frame)
    with pages.rendering(layout):
        return pages.Page(SLUG)


def some_statistics() -> tables.Tables:
    found = tables.Tables()
    found.per_seed("delay53", "accuracy", [0.5, 0.75, np.nan], {"condition": "a"})
    found.per_seed("delay53", "epoch", [10, 300], {"condition": "a"}, never=[False, True])
    found.exact("delay53", "share", 0.25)
    found.per_seed("delay53", "lost", [np.nan, np.nan])
    return found


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (("accuracy", {"condition": "a"}), "0.625"),
        (("accuracy", {"condition": "a"}, "range", True), "50 to 75 %"),
        (("accuracy", {"condition": "a"}, "max", True), "75 %"),
        (("accuracy", {"condition": "a"}, "count"), "2"),
        (("epoch", {"condition": "a"}, "min"), "10"),
        (("epoch", {"condition": "a"}, "range"), "10 to > 300"),
        (("epoch", {"condition": "a"}, "mean"), "> 155"),
        (("share", None, "mean", True), "25 %"),
        (("lost",), pages.MISSING),
        (("unknown",), pages.MISSING),
        (("accuracy", {"condition": "b"}, "count"), pages.MISSING),
    ],
)
def test_numbers_come_from_the_table_or_are_said_to_be_missing(tmp_path, asked, shown):
    page = make_page(tmp_path, statistics=some_statistics())
    told = page.number("delay53", *asked)
    assert marked.plain(told) == shown
    assert (told == shown) == (shown == pages.MISSING), "what was computed says which statistic it is"


def test_settings_are_those_of_the_run_or_else_the_configured_ones(tmp_path):
    configured = rulesets.settings(rulesets.load(SLUG), "delay53", "laptop")
    page = make_page(tmp_path / "none")
    assert page.settings("delay53") == configured
    assert page.settings("delay53", "adamw_wd4")["weight_decay"] == 4
    assert page.seeds("delay53") == 5
    assert page.seeds("delay53", "sgd") == 3
    used = rulesets.settings(rulesets.load(SLUG), "delay53", "laptop", {"conditions.adamw_wd4.weight_decay": 2.0}, 4)
    del used["conditions"]["sgd"]
    page = make_page(tmp_path / "run", used)
    assert page.settings("delay53", "adamw_wd4")["weight_decay"] == 2
    assert page.seeds("delay53") == page.seeds("delay53", "adamw_wd4") == 4
    assert page.settings("delay53", "sgd")["learning_rate"] == 10, "left out: as configured"
    assert page.settings("precision113", "f16_40")["train_fraction"] == 0.4, "runs at another scale only"
    for names in (("delay53", "nonsense"), ("nonsense", None)):
        with pytest.raises(RunError, match="nonsense"):
            page.settings(*names)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("All is well.", "All is well."),
        ("First. It is not computed here. It was not computed here % of 3. Last.", "First. Not computed here. Last."),
        ("**Bold.** The value is nan at A. Seen in Fig. 5 too.", "**Bold.** Not computed here. Seen in Fig. 5 too."),
        ("- one: 3\n- two: not computed here\n- three: 4", "- one: 3\n- Not computed here.\n- three: 4"),
        ("Fine, 0.5 of 1.\n\nIt is NaN", "Fine, 0.5 of 1.\n\nNot computed here."),
        ("Finance is no NaN-free word.", "Not computed here."),
        ("The banana is fine.", "The banana is fine."),
    ],
)
def test_sentences_without_their_number_are_not_told(written, told):
    assert prose.collapse(written) == told


def frame(values) -> pd.DataFrame:
    return pd.DataFrame({"x": range(len(values)), "value": values})


def draw(table: pd.DataFrame):
    figure, (axes,) = figures.grid()
    axes.plot(table["x"], table["value"], label="run")
    axes.plot([0, 1], [0, 1], label="theory")
    axes.set_title("weight decay 2")
    return figure


def test_a_figure_tells_what_its_tables_hold(tmp_path):
    page = make_page(tmp_path, curves={"c": frame([1, 2])})
    assert page.has("c")
    block = page.figure("fig3", draw, ["c"], alt=lambda table: f"{len(table)} points", note=lambda: "no argument")
    assert 'alt="2 points"' in block.html
    assert "no argument" in block.markdown
    assert page.notice().html == ""
    path = page.layout.page / "figures" / "fig3.svg"
    assert not notices.is_placeholder(path)


def test_without_its_data_a_figure_says_nothing_and_the_page_says_so_once(tmp_path, monkeypatch):
    page = make_page(tmp_path)
    only_paper = dataclasses.replace(page.ruleset.figures["fig8"], scales=("paper",))
    monkeypatch.setitem(page.ruleset.figures, "fig8", only_paper)
    missing = {"stage": "judge", "missing_data": {"mnist200": ["mnist_5k"]}}
    write_json(page.layout.provenance("judge"), {"job": missing})

    def never():
        raise AssertionError("asked for a result that is not there")

    for name in ("fig14", "fig7", "fig8"):
        block = page.figure(name, draw, ["c"], alt=never, note="Test accuracy jumps.")
        assert "<img" not in block.html
        assert "jumps" not in block.html + block.markdown
    assert notices.is_placeholder(page.layout.page / "figures" / "fig14.svg"), "the workflow expects the file"
    assert not (page.layout.page / "figures" / "fig8.svg").exists(), "not a figure of this scale"
    notice = page.notice()
    assert "3 figures not shown" in notice.html
    assert notice.html.count("<details") == 1
    assert "Not drawn at laptop scale" in notice.html
    assert "Figure 14" in notice.markdown


def test_data_that_are_missing_are_named_with_the_command_that_fetches_them():
    absent = [notices.Absent("Figure 1: a", "data"), notices.Absent("Figure 2: b", "data")]
    notice = notices.not_shown(absent, "besiroglu2024", "laptop", ["one.csv", "two.csv"], [])
    assert "For want of 2 data files (one.csv, two.csv), which `python -m verifig prepare" in notice.markdown
    assert "fetches: 2 figures." in notice.html


def _draws(page, monkeypatch, *experiments):
    """Let fig7 draw runs of these experiments."""
    figures = page.ruleset.figures
    monkeypatch.setitem(figures, "fig7", dataclasses.replace(figures["fig7"], experiments=experiments))


def test_a_run_that_is_not_sound_illustrates_nothing(tmp_path, monkeypatch):
    part = {
        "label": "final loss", "statistic": "s", "condition": "condition=sgd", "bounds": ["-inf", 4.0], "observed": 12.5,
        "values": [1.0, 12.5, None], "verdict": "contradicted",
    }  # fmt: skip
    health = {"landscape53": [part, part | {"verdict": "reproduced", "label": "fine"}], "delay53": [part]}
    page = make_page(tmp_path, curves={"c": frame([1, 2])}, health=health)
    _draws(page, monkeypatch, "landscape53")
    block = page.figure("fig7", draw, ["c"], alt="a")
    assert "final loss of landscape53 (condition=sgd) is 12.5 where sound runs have ≤ 4 (2 of 3 runs)" in block.html
    assert "illustrates nothing" in block.markdown
    assert "fine" not in block.html
    assert block.html.count("Not sound") == 1
    _draws(page, monkeypatch, "slow113")
    assert "Not sound" not in page.figure("fig7", draw, ["c"], alt="a").html


@pytest.mark.parametrize(("drawn", "sick"), [((), True), (("sgd", "adam"), True), (("adam",), False)])
def test_a_figure_is_warned_of_for_the_conditions_that_it_draws(drawn, sick):
    part = {
        "label": "final loss", "statistic": "s", "condition": "condition=sgd;epoch=3", "bounds": ["-inf", 4.0], "observed": 12.5,
        "values": [12.5], "verdict": "contradicted",
    }  # fmt: skip
    figure = rulesets.Figure("a", "b", "c", experiments=("first",), conditions=drawn)
    assert bool(notices.unsound(figure, {"first": [part]}).html) == sick
    assert notices.unsound(figure, {"first": [part | {"condition": ""}]}).html, "a part of all conditions"


def test_a_what_if_says_what_was_changed(tmp_path):
    changed = {
        "delay53": {"conditions.adamw_wd4.weight_decay": [4.0, 2.0], "seeds": [5, 3], "conditions.sgd": [{}, None]}
    }
    page = make_page(tmp_path, what_if={"changed": changed, "left_out": ["slow113"]})
    for text in (page.header().html, page.header().markdown.replace(">", "&gt;")):
        assert "What-if" in text
        assert "conditions.adamw_wd4.weight_decay 4.0 -&gt; 2.0" in text
        assert "seeds 5 -&gt; 3" in text
        assert "not run: slow113" in text
    assert "What-if" not in make_page(tmp_path / "plain").header().html


def test_in_a_what_if_a_figure_that_cannot_be_drawn_is_named_and_elsewhere_it_is_an_error(tmp_path):
    def broken(table):
        raise IndexError("nothing fell below the level")

    changed = {"changed": {"delay53": {"seeds": [5, 3]}}, "left_out": []}
    page = make_page(tmp_path / "a", curves={"c": frame([1])}, what_if=changed)
    assert "<img" not in page.figure("fig7", broken, ["c"], alt="a").html
    assert "nothing fell below the level" in page.notice().html
    with pytest.raises(IndexError):
        make_page(tmp_path / "b", curves={"c": frame([1])}).figure("fig7", broken, ["c"], alt="a")


def write_defaults(folder, values, settings) -> None:
    """Results of the workflow: one experiment, measured."""
    layout = Layout(folder, "laptop", SLUG)
    layout.curves.mkdir(parents=True)
    tables.write(layout.curves / "c.parquet", frame(values))
    job = {"stage": "train", "settings": settings}
    write_json(layout.artifact("delay53"), {})
    provenance.write(layout.provenance("delay53"), job, [layout.artifact("delay53")], {})
    upstream = {"delay53": key(job)}
    provenance.write(layout.provenance("measure"), {"stage": "measure", "upstream": upstream}, [layout.curves], {})


@pytest.mark.parametrize("state", ["at hand", "absent", "other settings", "altered", "same curve"])
def test_default_curves_stand_grey_behind_those_of_a_what_if(tmp_path, monkeypatch, state):
    configured = rulesets.settings(rulesets.load(SLUG), "delay53", "laptop")
    if state != "absent":
        settings = configured | ({"width": 3} if state == "other settings" else {})
        write_defaults(tmp_path / "results", [1, 2, 3] if state == "same curve" else [3, 2, 1], settings)
    if state == "altered":
        tables.write(Layout(tmp_path / "results", "laptop", SLUG).curves / "c.parquet", frame([9, 9, 9]))
    monkeypatch.setattr(defaults, "RESULTS", tmp_path / "results")
    changed = {"changed": {"delay53": {"seeds": [5, 3]}}, "left_out": []}
    page = make_page(tmp_path / "out", curves={"c": frame([1, 2, 3])}, what_if=changed)
    page.figure("fig6c", draw, ["c"], alt="a")
    drawn = (page.layout.page / "figures" / "fig6c.svg").read_text()
    assert ("default settings" in drawn) == (state == "at hand")
    assert drawn.count(">weight decay 2<") == 1, "no title of the other figure"


def test_default_lines_keep_their_look_and_what_both_have_is_drawn_once():
    figure = draw(frame([1, 2, 3]))
    figures.behind(figure, draw, [frame([3, 2, 1])])
    (axes,) = figure.axes
    assert len(axes.get_lines()) == 3, "the line of theory is in both"
    assert axes.get_lines()[-1].get_ydata().tolist() == [3, 2, 1]
    assert axes.get_lines()[-1].get_zorder() < axes.get_lines()[0].get_zorder()
