"""Figures of the paper scale from recorded tables: drawn with the captions and conditions of the paper's own settings."""

import numpy as np
import pytest

from verifig.judging.recorded import Record
from verifig.measuring.compact import rounded, thin
from verifig.measuring.tables import Tables, long
from verifig.pages import figures, redrawn
from verifig.planning import rulesets

SLUG = "prieto2025"
CURVES = ("train_accuracy", "test_accuracy", "collapsed", "norm", "train_loss")


def runs(experiment: str):
    """A table of curves as measure writes it, for every condition of an experiment at paper scale."""
    settings = rulesets.settings(rulesets.load(SLUG), experiment, "paper")
    x = np.arange(0, settings["epochs"] + 1, settings["log_every"])
    rise = np.linspace(0.01, 1, len(x)) * np.linspace(0.9, 1, settings["seeds"])[:, None]
    return [long(x, dict.fromkeys(CURVES, rise), condition) for condition in settings["conditions"]]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The figures that a record of three experiments gives, and what failed."""
    import pandas as pd

    out, frames = Tables(), {}
    for experiment in ("edge113", "stablemax113", "precision113"):
        frames[f"curves/{experiment}.parquet"] = rounded(thin(pd.concat(runs(experiment), ignore_index=True)))
    out.per_seed("edge113", "test_accuracy", [0.99, 1.0], {"condition": "perp_adamw", "epoch": 130})
    contents = {"hardware": "one GPU", "date": "2026-12-01", "runs": {}, "health": {}, "claims": []}
    record = Record(SLUG, "paper", contents)
    results = tmp_path_factory.mktemp("recorded")
    found, failed = redrawn.pictures(
        redrawn.lay_out(record, frames | {"statistics.parquet": out.statistics()}, results)
    )
    texts = {
        name: picture.texts([frames[f"curves/{table}.parquet"] for table in picture.curves])
        for name, picture in found.items()
        if picture.path
    }
    return found, texts, failed


def test_the_paper_s_own_experiments_are_drawn(drawn):
    pictures, texts, failed = drawn
    assert failed == []
    assert set(texts) == {"fig1a", "fig1b", "fig2", "fig4_norm"}
    tables = {name: pictures[name].curves for name in texts}
    assert tables == {
        "fig1a": ["edge113"], "fig1b": ["stablemax113"], "fig2": ["precision113"], "fig4_norm": ["stablemax113"],
    }  # fmt: skip
    assert all(figures.pixels_wide(pictures[name].path) > 300 for name in texts)


def test_their_captions_tell_the_paper_s_settings(drawn):
    _, texts, _ = drawn
    assert "modulo 113, 40 % of the pairs, width 200, 500 epochs, 5 seeds" in texts["fig1a"][1]
    assert "100,000 epochs" in texts["fig1b"][1]
    assert "70 % of the pairs" in texts["fig2"][1]


def test_figures_whose_runs_have_the_laptop_s_settings_are_not_drawn_twice():
    worth = redrawn.worth_drawing(SLUG)
    assert {name for name, differs in worth.items() if not differs} == {
        "fig2_law", "fig3", "fig5", "fig6c", "fig7", "fig14",
    }  # fmt: skip
