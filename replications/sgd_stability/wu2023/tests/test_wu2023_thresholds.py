"""The judged identities of the stability threshold hold on random instances."""

from replications.sgd_stability.wu2023.experiments import thresholds


def test_bounds_around_the_threshold_and_monotony_in_the_batch():
    for k in range(5):
        each = thresholds.instance(k)
        assert each["sandwich"] <= 1e-9
        assert each["decrease_with_batch"] <= 1e-9
        assert each["radius_below"] < 1 < each["radius_above"]
        assert each["equal_norm"] < 1e-6 < each["equal_norm_wrong_loss"]
