"""Naive Bayes, the mixture, sample sizes and the consistency bound against plain formulas."""

import numpy as np
import pytest
import torch
from scipy.special import ndtr

from replications.linear_evaluation.science import sample_sizes
from replications.linear_evaluation.science.consistency import gamma, regrets, tight
from replications.linear_evaluation.science.mixture import Mixture, labels_of_all, nearest_mean_error
from replications.linear_evaluation.science.naive_bayes import naive_bayes, nearest_mean
from replications.linear_evaluation.science.sample_sizes import bayes_vs_logistic, first_below, grid, sample_size
from verifig.training.ensemble import generator


def stream(name: object = 0) -> torch.Generator:
    return generator("test", name)


def test_naive_bayes_is_a_loop_over_classes_and_features():
    x, y = Mixture(6, 3).draw(2, 30, stream())
    weights, biases = naive_bayes(x, y, 3, floor=0.01)
    for k in range(2):
        a, b = x[k].numpy(), y[k].numpy()
        means = np.array([a[b == c].mean(0) for c in range(3)])
        shares = np.bincount(b) / 30
        variances = sum(shares[c] * (a[b == c].var(0) + 0.01) for c in range(3))
        scores = np.log(shares) - ((a[:, None] - means) ** 2 / variances).sum(2) / 2
        ours = (x[k] @ weights[k] + biases[k]).numpy()
        np.testing.assert_allclose(ours - ours[:, :1], scores - scores[:, :1], rtol=1e-9, atol=1e-9)
    rule = nearest_mean(x, y, 3)
    distances = torch.cdist(
        x, torch.stack([torch.stack([x[k][y[k] == c].mean(0) for c in range(3)]) for k in range(2)])
    )
    assert torch.equal((x @ rule[0] + rule[1][:, None]).argmax(2), distances.argmin(2))
    with pytest.raises(ValueError, match="without a sample"):
        naive_bayes(x, y, 4)


def test_means_and_variances_are_those_of_the_authors_code():
    assert Mixture(10).means.tolist() == [-1, 1]
    assert Mixture(10, 3).means.tolist() == [-2, 0, 1]
    assert Mixture(10, 5).means.tolist() == [-1.25, -0.75, -0.5, 0, 1]
    assert Mixture(4).variances.tolist() == [4, 4, 1, 1]
    assert Mixture(4, 5).variances.tolist() == [0.25, 0.25, 0.0625, 0.0625]
    assert Mixture(16, 2, "equal").variances.tolist() == [2] * 16
    assert Mixture(4, 2, "identity").variances.tolist() == [1] * 4
    x, y = Mixture(8, 3).draw(1, 20000, stream())
    for c, mean in enumerate([-2, 0, 1]):
        assert x[0][y[0] == c].mean(0).numpy() == pytest.approx(np.full(8, mean), abs=0.2)
        assert x[0][y[0] == c].var(0).numpy() == pytest.approx(Mixture(8).variances.numpy(), rel=0.1)


def test_labels_hold_every_class():
    for _ in range(20):
        assert len(labels_of_all(4, 3, stream(1)).unique()) == 3
    with pytest.raises(ValueError, match="2 samples cannot hold 3 classes"):
        labels_of_all(2, 3, stream())


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_errors_are_those_of_points(classes):
    mixture = Mixture(6, classes)
    rule = naive_bayes(*mixture.draw(2, 40, stream(3)), classes)
    normal = torch.randn(40000, classes, generator=stream(4), dtype=torch.float64)
    x, y = mixture.draw(1, 100000, stream(5))
    for k, error in enumerate(mixture.error(*rule, normal)):
        wrong = ((x[0] @ rule[0][k] + rule[1][k]).argmax(1) != y[0]).double().mean()
        assert float(error) == pytest.approx(float(wrong), abs=0.006)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_bayes_rule_has_the_bayes_error(classes):
    mixture = Mixture(10, classes)
    normal = torch.randn(200000, classes, generator=stream(6), dtype=torch.float64)
    assert float(mixture.error(*mixture.true_rule(), normal)) == pytest.approx(mixture.bayes_error(), abs=0.002)
    assert Mixture(10).bayes_error() == pytest.approx(ndtr(-(22**0.5) / 2))
    assert Mixture(40, 3).bayes_error() == pytest.approx(2 / 3 * ndtr(-0.5 * (41 / 2) ** 0.5), rel=1e-3)
    assert Mixture(40, 3).bayes_error() == pytest.approx(0.0079, abs=5e-5)


def test_the_nearest_mean_does_not_come_near_the_bayes_error():
    mixture = Mixture(40)
    error = mixture.error(*nearest_mean(*mixture.draw(3, 4000, stream(7)), 2))
    assert float(error.mean()) == pytest.approx(nearest_mean_error(40), abs=0.01)
    means = mixture.means * torch.ones(40, 1, dtype=torch.float64)
    exact = mixture.error(means[None], -means.square().sum(0)[None] / 2)
    assert float(exact) == pytest.approx(nearest_mean_error(40), rel=1e-9)
    assert nearest_mean_error(10**9) == pytest.approx(ndtr(-(2**0.5)))


def test_the_grid_is_the_papers():
    assert [grid(100, 2, k) for k in range(3)] == [4, 9, 14]
    assert grid(1000, 7, 2) == 14 + 2 * 7


@pytest.mark.parametrize("place", [0, 1, 2, 3, 5, 6, 7, 8, 30, 63, 64, 99])
def test_the_first_place_below_is_found_by_halving(place):
    found, seen = first_below(lambda k: 1.0 if k < place else 0.5, 1.0, 99)
    assert found == place
    assert seen[place] == 0.5
    assert len(seen) <= 14
    assert first_below(lambda k: 1.0, 1.0, 99)[0] is None
    assert first_below(lambda k: 1.0 if k < place else 0.5, 1.0, place - 1 if place else 0)[0] == (None if place else 0)


def test_sample_sizes_are_means_of_draws_that_may_stop_early(monkeypatch):
    """Errors 0.02 and then 0: of five draws the mean is below 0.01; at 0.06 the first draw decides."""
    drawn = []

    def fake(mixture, weights, biases, normal):
        drawn.append(1)
        return torch.tensor([next(errors)], dtype=torch.float64)

    monkeypatch.setattr(Mixture, "error", fake)
    for given, wanted, count in (([0.02, 0, 0, 0, 0], 4, 5), ([0.06] + [0] * 5, 9, 6), ([0.05, 0, 0, 0, 0, 0], 9, 6)):
        errors, drawn[:] = iter(given), []
        found, seen = sample_size(Mixture(100), "naive_bayes", stream, points=2)
        assert found == wanted
        assert len(drawn) == count
        assert seen[0].tolist() == pytest.approx([4, np.mean(given[: count if wanted == 4 else 1])])
    monkeypatch.setattr(Mixture, "error", lambda *_: torch.tensor([1.0]))
    assert sample_size(Mixture(100), "naive_bayes", stream, points=2, most=0.5)[0] == np.inf


def test_bayes_needs_fewer_samples_than_logistic_regression():
    found = bayes_vs_logistic(64)
    assert found["naive_bayes"] < 20 < 50 < found["logistic"] < 130
    assert found == bayes_vs_logistic(64)
    assert set(sample_sizes.RULES) == {"naive_bayes", "logistic", "nearest_mean"}


def test_the_bound_is_tight_where_it_is_said_to_be():
    assert gamma(0) == 0
    assert gamma(1) == pytest.approx(np.log(2))
    grid_of_t = np.linspace(0, 1, 50)
    assert (gamma(grid_of_t) >= grid_of_t**2 / 2).all()
    for classes in (2, 4):
        t, r = regrets(*tight(0.3, classes))
        assert t == pytest.approx(0.3)
        assert r == pytest.approx(float(gamma(0.3)), abs=1e-14)


def test_regrets_are_those_of_plain_sums():
    p, scores = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3]]), np.array([[0.0, 1.0, -1.0], [0.0, 2.0, 0.5]])
    q = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    t, r = regrets(p, scores)
    assert t == pytest.approx([0.2, 0])
    assert r == pytest.approx((p * np.log(p / q)).sum(1))
    assert regrets(np.array([0.9, 0.1]), np.zeros(2))[0] == pytest.approx(0.8)  # of equal scores the last wins
