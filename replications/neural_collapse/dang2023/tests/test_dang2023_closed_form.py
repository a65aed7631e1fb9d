"""Oracles of the closed forms: stationarity, optimality, thresholds, scaling, limits, errors."""

import numpy as np
import pytest

from replications.neural_collapse.dang2023 import closed_form as cf
from replications.neural_collapse.dang2023.cross_entropy_geometry import simplex_cross_entropy, simplex_labels

SIZES = (200, 100, 50, 50)
CASES = [
    ((100,) * 4, 1, 5e-4, 5e-4, False),
    ((100,) * 4, 3, 5e-4, 5e-4, True),
    (SIZES, 2, 5e-4, 5e-4, False),
    (SIZES, 9, 5e-4, 5e-4, False),
    ((7, 5, 3, 2, 1), 3, (1e-3, 3e-3, 2e-3), 2e-3, False),
    ((30, 2, 1), 2, 0.02, 0.02, False),  # small classes have collapsed
    ((10,) * 10, 6, 5e-4, 5e-3, True),
]


def rng(name: int = 0) -> np.random.Generator:
    return np.random.default_rng([20230101, name])


@pytest.mark.parametrize("case", CASES)
def test_minimiser_is_stationary_and_has_the_stated_objective(case):
    sizes, depth, weight_decay, feature_decay, bias = case
    weights, features, b = cf.minimiser(sizes, depth, weight_decay, feature_decay, 16, rng(), bias)
    value, gradients = cf.objective(weights, features, b, sizes, weight_decay, feature_decay)
    free = gradients if bias else gradients[:-1]
    assert max(np.abs(g).max() for g in free) < 1e-14
    assert value == pytest.approx(cf.solve(*case).objective, abs=1e-15)


@pytest.mark.parametrize("case", CASES)
def test_no_random_point_lies_below_the_minimum(case):
    sizes, depth, weight_decay, feature_decay, bias = case
    best = cf.solve(*case).objective
    weights, features, b = cf.minimiser(sizes, depth, weight_decay, feature_decay, 16, rng(), bias)
    stream = rng(1)
    for size in (1e-3, 1e-2, 0.1, 1.0):
        moved = [w + size * stream.standard_normal(w.shape) for w in weights]
        shifted = features + size * stream.standard_normal(features.shape)
        assert cf.objective(moved, shifted, b, sizes, weight_decay, feature_decay)[0] >= best


def test_objective_gradients_equal_finite_differences():
    stream = rng(2)
    weights = [stream.standard_normal((5, 5)), stream.standard_normal((3, 5))]
    features, bias = stream.standard_normal((5, 6)), stream.standard_normal(3)
    point = [*weights, features, bias]
    directions = [stream.standard_normal(array.shape) for array in point]

    def value(t: float) -> float:
        w1, w2, h, b = (array + t * way for array, way in zip(point, directions, strict=True))
        return cf.objective([w1, w2], h, b, (3, 2, 1), (0.1, 0.2), 0.3)[0]

    _, gradients = cf.objective(weights, features, bias, (3, 2, 1), (0.1, 0.2), 0.3)
    slope = sum((g * way).sum() for g, way in zip(gradients, directions, strict=True))
    assert (value(1e-5) - value(-1e-5)) / 2e-5 == pytest.approx(slope, rel=1e-7)


@pytest.mark.parametrize(
    ("depth", "x", "singular", "p", "feature", "output", "f", "f_bias"),
    [
        (1, 49, 3.1304951685, 9.8, 0.098, 0.98, 0.0198, 0.01485),
        (3, 5.390237174, 1.7754520049, 31.3222982180, 0.0315222982, 0.9936552850, 0.0126290470, 0.0094717852),
        (6, 2.521900143, 1.3887256043, 51.4514138464, 0.0192855880, 0.9961278891, 0.0135074082, 0.0101305562),
        (9, 1.894030064, 1.2585247686, 62.7352754736, 0.0158388459, 0.9968221320, 0.0158438954, 0.0118829215),
    ],
)
def test_balanced_table(depth, x, singular, p, feature, output, f, f_bias):
    found = cf.solve((100,) * 4, depth, 5e-4, 5e-4)
    fields = [getattr(found, n)[0] for n in ("x", "singular", "classifier", "feature", "output")]
    assert fields == pytest.approx([x, singular, p, feature, output], rel=1e-8)
    assert found.objective == pytest.approx(f, abs=1e-10)
    assert cf.solve((100,) * 4, depth, 5e-4, 5e-4, bias=True).objective == pytest.approx(f_bias, abs=1e-10)


@pytest.mark.parametrize(
    ("depth", "singular"),
    [
        (1, (3.7339, 3.1305, 2.6213)),
        (2, (2.4135, 2.1477, 1.9099)),
        (3, (1.9374, 1.7755, 1.6263)),
        (6, (1.4596, 1.3887, 1.3210)),
    ],
)
def test_singular_values_agree_with_the_authors_script(depth, singular):
    assert cf.solve(SIZES, depth, 5e-4, 5e-4).singular[:3] == pytest.approx(singular, abs=6e-5)


def test_one_layer_formula():
    n, lam, lam_h = np.array(SIZES, float), 4e-4, 9e-4
    found = cf.solve(SIZES, 1, lam, lam_h)
    squared = np.sqrt(n * lam_h / lam) - 400 * lam_h
    assert found.singular**2 == pytest.approx(squared)
    assert found.classifier == pytest.approx(n * lam_h / lam * found.feature)


@pytest.mark.parametrize("depth", range(1, 10))
def test_thresholds(depth):
    threshold, spinodal = cf.collapse_threshold(depth), cf.spinodal(depth)
    if depth == 1:
        assert (threshold, spinodal) == (1, 1)
        return
    assert cf.branch(threshold, depth)[0] ** depth == pytest.approx(depth - 1)
    assert cf.branch(spinodal * (1 - 1e-14), depth)[0] ** depth == pytest.approx((depth - 1) / (depth + 1), rel=1e-5)
    for side, sign in ((0.999, -1), (1.001, 1)):
        lam = cf.decay_at(threshold * side, 100, 400, depth)
        assert np.sign(cf.solve((100,) * 4, depth, lam, lam, local=True).objective - 0.5) == sign
    assert (cf.branch(spinodal * 1.0001, depth) == 0).all()


def test_critical_decays_and_their_inverse():
    assert cf.critical_decay(50, 400, 1) == pytest.approx(np.sqrt(50) / 400)
    lam = cf.decay_at(0.37, 50, 400, 3)
    assert cf.pressure(SIZES, 3, lam, lam)[2] == pytest.approx(0.37)
    for depth in (1, 2, 3, 6):
        lam = cf.critical_decay(50, 400, depth)
        alive = [(cf.solve(SIZES, depth, lam * side, lam * side).x > 0).sum() for side in (0.999, 1.001)]
        assert alive == [4, 2]


def test_largest_root_alone_is_not_the_global_minimum():
    lam = 0.018
    globally = cf.solve(SIZES, 3, lam, lam)
    locally = cf.solve(SIZES, 3, lam, lam, local=True)
    assert locally.singular == pytest.approx((1.864, 1.646, 1.275, 1.275), abs=1e-3)
    assert (globally.singular[2:] == 0).all()
    assert globally.objective < locally.objective


def test_scaling_law_and_symmetry():
    large, small = cf.solve(SIZES, 3, 5e-4, 5e-4), cf.solve((20, 10, 5, 5), 3, 5e-4, 5e-3)
    assert large.classifier == pytest.approx(small.classifier, rel=1e-13)
    assert large.objective == pytest.approx(small.objective, rel=1e-13)
    assert large.classifier[2] == large.classifier[3]


def test_lengths_scale_with_class_size():
    found = cf.solve(SIZES, 3, 1e-7, 1e-7)
    assert np.polyfit(np.log(SIZES), np.log(found.classifier), 1)[0] == pytest.approx(3 / 4, abs=1e-3)
    assert np.polyfit(np.log(SIZES), np.log(found.feature), 1)[0] == pytest.approx(-3 / 4, abs=1e-3)


def test_rank_bottleneck_keeps_the_largest_classes():
    found = cf.solve(SIZES, 2, 5e-4, 5e-4, rank=2)
    assert (found.x > 0).tolist() == [True, True, False, False]
    assert found.objective > cf.solve(SIZES, 2, 5e-4, 5e-4).objective


@pytest.mark.parametrize(
    ("classes", "depth", "objective", "gap"),
    [(4, 1, 0.0943616937, 5.28320378), (4, 6, 0.0192918683, 8.46834484), (10, 3, 0.0829013680, 7.44838046)],
)
def test_simplex_under_cross_entropy(classes, depth, objective, gap):
    assert simplex_cross_entropy(classes, 100, depth, 5e-4, 5e-4) == (
        pytest.approx(objective, abs=1e-9),
        pytest.approx(gap, abs=1e-6),
    )


def test_strong_decay_leaves_no_simplex_under_cross_entropy():
    assert simplex_cross_entropy(4, 100, 1, 1.0, 1.0) == (pytest.approx(np.log(4)), 0.0)


def test_simplex_labels_of_equal_classes_are_a_simplex():
    for gram in simplex_labels((3,) * 5).values():
        assert gram / gram[0, 0] == pytest.approx(cf.simplex(5) * 5 / 4)


def test_errors():
    with pytest.raises(ValueError, match="3 layers need 3 positive"):
        cf.solve(SIZES, 3, (1e-3, 1e-3), 1e-3)
    with pytest.raises(ValueError, match="positive"):
        cf.solve(SIZES, 2, 0.0, 1e-3)
