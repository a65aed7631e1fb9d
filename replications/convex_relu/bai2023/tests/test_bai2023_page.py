"""Figures are drawn from small tables, and sentences formed from them."""

import numpy as np
import pandas as pd
import pytest

from replications.convex_relu.bai2023 import captions, plots
from verifig.measuring.tables import melt
from verifig.pages import figures

WIDTHS = pd.concat(
    [
        melt(np.array([[1e-8, value], [0.006, 0.5]]), neurons=size, seed=[0, 1], start=[0, 1])
        for size, value in ((5, 0.2), (50, 0.001))
    ]
)
CERTIFICATE = pd.DataFrame({"curve": ["gain", "gain", "neurons"], "x": [0, 1, 0.5], "value": [0.01, 0.02, -2.0]})
FIT = pd.DataFrame({"curve": ["data", "fit", "fit"], "x": [0, 0, 1], "value": [1.0, 1, 2]})
ERRORS = pd.concat(
    [
        melt(np.array([[1.0, 0.1, last], [1.0, 0.2, 0.1]]), ratio=ratio, seed=[0, 1], x=[1, 10, 100])
        for ratio, last in ((1.0, 1e-12), (2.5, np.nan))
    ]
)
SAMPLING = pd.concat(
    [
        melt(np.array([[0.5, 0.1], [0.25, 0.0], [0.75, 0.2]]), curve=curve, seed=[0, 1, 2], x=x)
        for curve, x in (("patterns", [4, 8]), ("mass", [4, 8]), ("neurons", [30, 100]))
    ]
)
COSTS = pd.DataFrame(
    {
        "ratio_low": [5.0, 2.0],
        "ratio_high": [6.0, 2.0],
        "adam": [1.0, 1.0],
        "adam_accuracy": [0.9, 0.95],
        "seed": [0, 0],
        "patterns": [8, 16],
    }
)
ACCURACY = pd.concat(
    [melt(np.array([[0.5, 0.9], [0.6, 0.8]]), patterns=count, seed=[0, 1], x=[1, 5]) for count in (8, 16)]
)
ROBUST = pd.DataFrame(
    {
        "condition": ["plain", "plain", "robust", "robust", "plane"],
        "seed": [0, 1, 0, 1, 0],
        "clean": [0.99, 0.98, 0.95, 0.94, 0.9],
        "attacked": [0.1, 0.2, 0.8, 0.9, 0.7],
        "hinge": [0.0, 0.1, 0.3, 0.4, 0.2],
        "hinge_attacked": [0.0, 0.1, 0.3, 0.4, 0.2],
        "hinge_far": [1.0, 2, 0.3, 0.4, 0.2],
        "hinge_far_attacked": [1.5, 2, 0.3, 0.4, 0.2],
    }
)
DRAWN = {
    "widths": lambda: plots.widths(WIDTHS),
    "certificate": lambda: plots.certificate(CERTIFICATE, FIT, 0.02),
    "admm": lambda: plots.admm(ERRORS, ERRORS[ERRORS["ratio"] == 1]),
    "admm at smoke scale": lambda: plots.admm(ERRORS, None),
    "sampling": lambda: plots.sampling(SAMPLING, 10),
    "images": lambda: plots.images(COSTS, ACCURACY, ACCURACY, (8, 16)),
    "robust": lambda: plots.robust(ROBUST),
    "paper scale": lambda: plots.pairs_at_paper_scale(ACCURACY, ACCURACY, 0.9896),
}


@pytest.mark.parametrize("name", DRAWN)
def test_figures_render(name):
    assert "<svg" in figures.svg(DRAWN[name](), "figure", "title")


def test_words_say_what_the_tables_hold():
    assert captions.listed(["a", "b", "c"]) == "a, b and c"
    assert "5 neurons: 50 % within 1 %, least gap 1.00 × 10⁻⁸" in captions.widths_alt(WIDTHS)
    told = captions.certificate_alt(CERTIFICATE, 0.02)
    assert "at most 1, which 1 neurons reach" in told
    assert "robust: 94 % and 85 %" in captions.robust_alt(ROBUST)
