"""The closed forms against simulation, limits and numbers by hand."""

import math

import numpy as np
import pytest
from scipy.special import ndtr

from replications.noisy_labels.liu2020 import closed_form as law


def test_the_first_cosine_and_the_time_at_the_papers_setting():
    assert law.first_cosine(0.2, 0.1, 0.9) == pytest.approx(0.98773, abs=1e-5)
    assert law.early_time(0.2) == pytest.approx(0.348, abs=1e-3)
    assert law.first_cosine(0.2, 0.0, 0.9) == 1


def test_time_solves_its_differential_equation():
    """d(theta . v)/d(time) = (a - tanh(theta . v / 2)) / 2, by small steps."""
    u, time, step = 0.0, 0.0, 1e-5
    while u < 0.1:
        u += step * (0.6 - math.tanh(u / 2)) / 2
        time += step
    assert law.early_time(0.2) == pytest.approx(time, abs=1e-4)


def test_changes_of_the_coefficients():
    clean, wrong = law.coefficient_changes()
    assert clean == pytest.approx(-0.0974, abs=1e-4)
    assert wrong == pytest.approx(0.1024, abs=1e-4)
    assert law.coefficient_changes(factor=1.0) == pytest.approx((-0.19, 0.21), abs=0.01)


def test_accuracy_on_wrong_labels_at_the_end():
    assert law.wrong_accuracy_at_end(0.1) == pytest.approx(0.691, abs=1e-3)
    assert law.wrong_accuracy_at_end(0.02) == pytest.approx(0.994, abs=1e-3)
    assert law.wrong_accuracy_at_end(0.1, norm=1.0) == pytest.approx(ndtr(1.0))


@pytest.mark.parametrize(
    ("sigma", "wrong", "clean", "fresh"),
    [(0.3, 0.995, 0.999, 0.999), (0.7, 0.6, 0.952, 0.831), (1.3, 0.303, 0.883, 0.632)],
)
def test_one_step(sigma, wrong, clean, fresh):
    found = law.one_step(0.2, sigma, 0.9)
    assert found["wrong"] == pytest.approx(wrong, abs=1e-3)
    assert found["clean"] == pytest.approx(clean, abs=1e-3)
    assert found["fresh"] == pytest.approx(fresh, abs=1e-3)
    assert law.one_step_without_own(0.2, sigma, 0.9) == found["fresh"]


@pytest.mark.parametrize(("wrong", "aspect"), [(0.2, 0.9), (0.1, 2.0), (0.4, 0.5)])
def test_early_learning_ends_where_the_law_passes_one_half(wrong, aspect):
    end = law.end_of_early_learning(wrong, aspect)
    assert law.one_step(wrong, end, aspect)["wrong"] == pytest.approx(0.5)
    assert law.one_step(wrong, 0.99 * end, aspect)["wrong"] > 0.5 > law.one_step(wrong, 1.01 * end, aspect)["wrong"]


@pytest.mark.parametrize(
    ("wrong", "sharp", "wider"),
    [(0.1, 0.256, 0.299), (0.2, 0.375, 0.399), (0.3, 0.447, 0.458), (0.4, 0.487, 0.490), (0.5, 0.5, 0.5)],
)
def test_sharp_thresholds(wrong, sharp, wider):
    assert law.separability_threshold(wrong) == pytest.approx(sharp, abs=1e-3)
    assert law.separability_threshold(wrong, 0.5) == pytest.approx(wider, abs=1e-3)


def test_the_sharp_threshold_is_the_minimum_of_its_expectation():
    """By sampling at the minimum, and not below it elsewhere."""
    draw = np.random.default_rng(1).standard_normal((2, 400_000))
    found = [
        0.8 * np.clip(draw[0] - t * (1 + 0.5 * draw[1]), 0, None).__pow__(2).mean()
        + 0.2 * np.clip(draw[0] + t * (1 + 0.5 * draw[1]), 0, None).__pow__(2).mean()
        for t in np.linspace(0, 2, 21)
    ]
    assert law.separability_threshold(0.2, 0.5) == pytest.approx(min(found), abs=5e-3)


def test_pulls_follow_lemma_2():
    """p - y + lambda g of the true class, in the direction of the observed label, for p = t = (q, 1 - q)."""
    for q in (0.5, 0.6, 0.9):
        inner = q * q + (1 - q) ** 2
        g = q * (inner - q) / (1 - inner)
        wrong, clean = law.pulls(q, 3.0)
        assert wrong == pytest.approx(q + 3 * g)
        assert clean == pytest.approx(-(q - 1 + 3 * g))


def test_the_pull_of_a_wrong_label_is_cancelled_from_a_strength_of_two_on():
    assert law.cancelling_confidence(3) == pytest.approx(0.75)
    assert law.pulls(0.75, 3)[0] == pytest.approx(0)
    assert law.cancelling_confidence(2) == 1
    assert law.cancelling_confidence(1.99) == math.inf
    assert (law.pulls(np.linspace(0.5, 1, 11), 1.0)[0] > 0).all()


def test_the_papers_threshold():
    assert [law.paper_threshold(w) for w in (0.1, 0.5)] == [0.9, 0.5]
