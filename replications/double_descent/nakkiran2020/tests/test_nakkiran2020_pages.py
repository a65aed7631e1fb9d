"""Figures and captions, on small made-up tables."""

import itertools

import pandas as pd

from replications.double_descent.nakkiran2020 import captions, plots, reference
from verifig.pages import figures


def test_the_published_peak_is_found():
    widths = list(reference.RESNET_WIDTHS)
    assert widths[reference.published_peak()] == 10
    text = captions.resnet_alt(pd.DataFrame({"x": widths, "test": [p[0] for p in reference.RESNET_WIDTHS.values()], "train": [p[1] for p in reference.RESNET_WIDTHS.values()]}))  # fmt: skip
    assert "34.0 % at width 4" in text
    assert "41.3 % at width 10, where the train error is 8.31 %" in text


def test_released_runs_are_complete_and_plausible():
    """Errors are shares; train error falls with width, test error on both sides of the first minimum and the peak."""
    widths, test, train = zip(*((w, *pair) for w, pair in reference.RESNET_WIDTHS.items()), strict=True)
    assert widths == (*range(1, 13), 14, 16, 20, 24, 32, 48, 64)
    assert all(0 < b < a < 1 for a, b in itertools.pairwise(train))
    assert all(0 < error < 1 for error in test)
    signs = [a < b for a, b in itertools.pairwise(test)]
    assert signs == [False] * 3 + [True] * 6 + [False] * 9


def test_the_figure_of_the_paper_scale_is_drawn():
    published = pd.DataFrame({"x": list(reference.RESNET_WIDTHS), "test": 0.4, "train": 0.1})
    own = pd.DataFrame({"x": [2, 10] * 3, "seed": [0, 0, 1, 1, 2, 2], "value": 0.4, "train": 0.1})
    figure = plots.resnet(published, own)
    assert len(figure.axes[0].get_lines()) == 5  # two published, two of ours, the width of the peak
    assert figures.svg(figure, "test", "a test").startswith("<svg")


def test_the_peak_of_networks_is_told_by_training_time():
    rows = [("adam", steps, width, seed) for steps in (30, 300, 3000) for width in (12, 24, 160) for seed in (0, 1)]
    table = pd.DataFrame([*rows, ("gd", 3000, 12, 0)], columns=["run", "steps", "width", "seed"])
    table["test_mse"] = 0.1
    table.loc[(table["steps"] == 3000) & (table["width"] == 24), "test_mse"] = 0.25
    table.loc[table["run"] == "gd", "test_mse"] = 9.0  # not under Adam
    assert "and 2.50 at H = 24 after 3,000 steps" in captions.two_layer_alt(table)
