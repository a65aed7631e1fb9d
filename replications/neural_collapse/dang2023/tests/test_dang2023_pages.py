"""Sentences and figures that follow settings and results, and what shows that runs are sound."""

import numpy as np
import pandas as pd
import pytest

from replications.neural_collapse.dang2023 import captions, plotting
from replications.neural_collapse.dang2023.measuring import soundness
from replications.neural_collapse.dang2023.plotting import select
from verifig.measuring.tables import Tables
from verifig.pages import figures, marked
from verifig.training.artifacts import Artifact

EQUAL = {"sizes": [10] * 4, "bias": False, "depth": 1, "width": 64, "init": 0.1, "seeds": 3, "start": "random"}
HEADS = {
    "of1": EQUAL, "of3": EQUAL | {"depth": 3}, "etf1": EQUAL | {"bias": True}, "gof3": EQUAL | {"sizes": [8, 4, 2, 2], "depth": 4},
    "off3": EQUAL | {"sizes": [8, 4, 2, 2], "depth": 3}, "narrow9": EQUAL | {"depth": 9, "width": 32},
}  # fmt: skip
OPTIMISER = {"weight_decay": 5e-4, "learning_rate": 0.1, "momentum": 0.9, "iterations": 10000}


def test_conditions_are_drawn_by_their_settings_not_their_names():
    assert list(select.of_family(HEADS, "of")) == ["of1", "of3"], "narrow9 has a figure of its own"
    assert list(select.of_family(HEADS, "gof")) == ["gof3"]
    assert select.label("gof3", select.of_family(HEADS, "gof")) == "M = 4"
    assert select.label("of3", HEADS | {"of4": EQUAL | {"depth": 3}}) == "M = 3 (of3)"


def runs(final: dict[str, float]) -> pd.DataFrame:
    rows = [
        (curve, name, seed, x, value if x > 1 else 1.0)
        for (name, value) in final.items()
        for curve in ("nc1", "nc2_w", "nc3")
        for seed in range(3)
        for x in (1, 100)
    ]
    return pd.DataFrame(rows, columns=["curve", "condition", "seed", "x", "value"])


def test_the_bias_is_said_to_slow_one_layer_only_where_it_does():
    heads = {name: HEADS[name] | OPTIMISER for name in ("of1", "etf1")}
    slow = captions.direct.balanced_note(runs({"of1": 1e-10, "etf1": 1e-6}), heads)
    assert "at 1.0 × 10⁻¹⁰ without a bias and at 1.0 × 10⁻⁶ with one" in marked.plain(slow)
    assert "148-fold in 10,000 iterations" in slow
    fast = captions.direct.balanced_note(runs({"of1": 1e-6, "etf1": 1e-10}), heads)
    assert "weight decay alone" not in fast
    assert "rounding" not in fast, "NC1 did not fall to the rounding of float64"
    assert "rounding" in captions.direct.balanced_note(runs({"of1": 1e-32, "etf1": 1e-33}), heads)


def test_what_cross_entropy_finds_decides_the_sentence():
    heads = {"k4m1": EQUAL, "k4m3": EQUAL | {"depth": 3}}
    assert "None of 4 runs" in captions.cross_entropy.below_simplex({"k4m1": [0.0], "k4m3": [0.0] * 4}, heads)
    found = captions.cross_entropy.below_simplex({"k4m1": [0.0], "k4m3": [0.0, 0.078, 0.0, 0.19]}, heads)
    assert "Of 4 runs with two or more layers 2 end below" in marked.plain(found)
    assert "K = 4, M = 3: 0, 7.8, 0, 19" in marked.plain(found)


def test_gains_are_those_of_the_widths():
    text = captions.direct.gains({"a": EQUAL | {"depth": 9}, "b": EQUAL | {"depth": 9, "width": 32}})
    assert "0.800 at width 64, so 0.134 over 9 layers" in text
    assert "0.566 at width 32" in text


def test_facts_about_the_authors_code_are_computed():
    assert "it keeps 4 classes where the global optimum keeps 2" in captions.authors_code.survivors(
        [200, 100, 50, 50], 3, [0.001, 0.018]
    )
    np.testing.assert_allclose(
        captions.authors_code.scaling_misfit([1500] + [600] * 5 + [50] * 20, 1, 1e-5), 0.0616, atol=1e-3
    )
    np.testing.assert_allclose(plotting.networks.frame_to_simplex(4), 0.517638, atol=1e-6)


def test_theory_lines_of_the_jump_end_at_the_spinodal():
    branches = pd.DataFrame({"condition": "warm4", "beta": [0.2], "self_output": [0.5], "objective": [0.3], "depth": 4})
    figure = plotting.sweep.jump(branches, {"warm4": EQUAL | {"depth": 4, "start": "minimiser"}}, [40, 10])
    assert [text.get_text() for text in figure.axes[3].get_legend().get_texts()][:2] == ["M = 1", "M = 4"]
    assert figure.axes[2].get_title("left") == "decay that ends a class of 10 in 50"
    figures.plt.close(figure)


@pytest.mark.parametrize(
    ("accuracy", "objective", "sound"), [(1.0, 0.1, True), (0.4, 0.1, False), (1.0, np.nan, False)]
)
def test_runs_that_are_not_trained_or_not_finite_are_not_sound(accuracy, objective, sound):
    from verifig.judging import claims, judgement

    arrays = {"accuracy": np.full((4, 2), accuracy), "objective": np.full((4, 2), objective)}
    arrays["accuracy"][2:] = 0.25  # the narrow ones are meant to stay at chance
    settings = {"seeds": 2, "sizes": [3, 3], "loss": "mse", "conditions": {"narrow9": {}, "a": {}}}
    out = Tables()
    soundness.measure("direct", Artifact(arrays, {"job": {"settings": settings}}), out)
    rows = dict(list(out.statistics().groupby("statistic")))
    parts = [claims.resolve(part, "laptop") for part in claims.health("dang2023")["direct"]]
    verdicts = {judgement.judge_part(part, rows[part["statistic"]], minimum=1)["verdict"] for part in parts}
    assert (verdicts == {"reproduced"}) is sound
