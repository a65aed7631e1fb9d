"""Samples without replacement, the control of the exponent in the number of images."""

import numpy as np
import pytest

from replications.scaling_laws.bahri2024.experiments import finite_networks
from verifig.judging import claims, judge
from verifig.measuring import tables


@pytest.mark.parametrize(
    ("exponents", "verdict"), [([1.32, 1.35, 1.4, 1.45, 1.5, 1.55, 1.6, 1.7], "caught"), ([1.0] * 8, "missed")]
)
def test_an_undefined_exponent_does_not_keep_the_control_without_replacement_from_failing(exponents, verdict):
    """Eight initial weights have an exponent, the excess of the ninth fell below zero."""
    out = tables.Tables()
    out.per_seed("finite_networks", "exponent_without_replacement", [np.nan, *exponents])
    out.per_seed("finite_networks", "excess", np.linspace(0.01, 0.02, 9), {"D": 4000})
    everything = claims.load("bahri2024")
    control = next(claim for claim in everything if claim["id"] == "CT-12")
    judged = judge._judge_claim(control, everything, judge.Statistics(out.statistics()), "laptop", {}, None)
    assert judged["verdict"] == verdict


def test_samples_without_replacement_are_nested_and_exhaust_the_population():
    small, large, everything = (finite_networks._drawn(0, 1, size, 30, replace=False) for size in (5, 12, 30))
    assert small.tolist() == large[:5].tolist()
    assert sorted(everything.tolist()) == list(range(30))
