"""Settings that only just go together, and those just beyond: the bounds of every paper's cross-conditions."""

import pytest

from verifig.ground.errors import InputError
from verifig.planning import rulesets

BOUNDS = [
    # paper, experiment, settings at the bound, settings beyond it
    ("prieto2025", "mnist200", {"train_size": 2000}, {"train_size": 2001}),
    ("prieto2025", "delay53", {"modulus": 64, "code_bits": 6}, {"modulus": 65, "code_bits": 6}),
    ("prieto2025", "delay53", {"modulus": 5, "train_fraction": 0.04}, {"modulus": 5, "train_fraction": 0.039}),
    ("prieto2025", "delay53", {"modulus": 5, "train_fraction": 0.99}, {"modulus": 1, "train_fraction": 0.99}),
    ("prieto2025", "transformer", {"width": 124}, {"width": 126}),
    ("prieto2025", "transformer", {"bias": True}, {"bias": False}),
    ("wu2023", "diagonal", {"support": 1000}, {"support": 1001}),
    ("wu2023", "batch_size", {"batch_sizes": [300], "replacement": False}, {"batch_sizes": [301], "replacement": False}),
    ("wu2023", "batch_size", {"batch_sizes": [301], "replacement": True}, {"batch_sizes": [1, 301], "replacement": False}),
    ("wu2023", "escape", {"steps": 200}, {"steps": 175}),
    ("wu2023", "escape", {"gd_steps": 25}, {"gd_steps": 26}),
    ("wu2023", "escape", {"sgd_steps": 50}, {"sgd_steps": 49}),
    ("wu2023", "escape", {"ratios": [0.9, 0.95]}, {"ratios": [0.95, 0.9]}),
    ("wu2023", "relu", {"steps": 50, "log_every": 25}, {"steps": 50, "log_every": 26}),
    ("wu2023", "relu", {"learning_rates": [0.01, 0.0101]}, {"learning_rates": [0.01, 0.010000001]}),
    ("liu2023", "features", {"n": 999}, {"n": 999, "test_size": 2}),
    ("liu2023", "features", {"classes": [3, 9]}, {"classes": [3, 10]}),
    ("liu2023", "features", {"noise_levels": [0.05, 0.1]}, {"noise_levels": [0.05000001, 0.1]}),
    ("liu2023", "features", {"widths": [3, 4]}, {"widths": [4, 3]}),
    ("liu2023", "minimal", {"horizons": [10, 20]}, {"horizons": [20, 10]}),
    ("liu2023", "iterated", {"conditions.adam_slow.record_steps": [0, 10000]}, {"conditions.adam_slow.record_steps": [10001]}),
    ("liu2023", "iterated", {"conditions.both_layers.batch_size": 100}, {"conditions.both_layers.batch_size": 99}),
    ("liu2023", "iterated", {"conditions.both_layers.activation": "relu"}, {"conditions.both_layers.activation": "elu"}),
    ("liu2023", "iterated", {"conditions.both_layers.loss": "mse"}, {"conditions.both_layers.loss": "cross_entropy"}),
    ("liu2023", "iterated", {"conditions.raw.normalisation": "raw"}, {"conditions.both_layers.normalisation": "raw"}),
    ("liu2023", "iterated", {"conditions.sgd_10.rate_decay": True}, {"conditions.adam_slow.rate_decay": True}),
    ("liu2023", "conditioning", {"ols_widths": [98]}, {"ols_widths": [99]}),
    ("liu2023", "conditioning", {"aspect_ratios": [0.002]}, {"aspect_ratios": [0.001]}),
    ("liu2023", "conditioning", {"aspect_ratios": [0.99]}, {"aspect_ratios": [1.0]}),
    ("liu2023", "conditioning", {"ridge": 1e-12}, {"ridge": 0.0}),
    ("liu2023", "two_layer", {"steps": 30, "record_steps": [30, 300]}, {"steps": 29, "record_steps": [30, 300]}),
    ("simon2024", "ridge", {"pool": 129}, {"pool": 128}),
    ("simon2024", "ridge", {"pool": 5000}, {"pool": 5001}),
    ("simon2024", "ridge", {"k": [8, 9]}, {"k": [9, 8]}),
    ("simon2024", "ridge", {"trials": 0, "k": [9, 8]}, {"trials": 1, "k": [9, 8]}),
    ("simon2024", "ridge", {"image_trials": 0, "image_k": [9, 8]}, {"image_trials": 1, "image_k": [9, 8]}),
    ("nakkiran2020", "features", {"sample_sizes": [25, 500]}, {"sample_sizes": [25, 501]}),
    ("nakkiran2020", "features", {"threshold_sizes": [25, 500]}, {"threshold_sizes": [25, 501]}),
    ("nakkiran2020", "features", {"linear_sizes": [38, 42]}, {"linear_sizes": [39, 42]}),
    ("nakkiran2020", "features", {"linear_sizes": [42]}, {"linear_sizes": [41]}),
    ("nakkiran2020", "features", {"threshold_ratios": [0.02]}, {"threshold_ratios": [0.009]}),
    ("nakkiran2020", "deep_digits", {"n": 1733}, {"n": 1734}),
    ("nakkiran2020", "deep_digits", {"n": 1796, "test_size": 0}, {"n": 1797, "test_size": 0}),
    ("nakkiran2020", "deep_digits", {"batch_size": 62}, {"batch_size": 63}),
    ("nakkiran2020", "deep_digits", {"epochs": 3, "record_epochs": [1, 3]}, {"epochs": 3, "record_epochs": [1, 4]}),
    ("paul2021", "pruning", {"conditions.el2n_10.batch_size": 100}, {"train_images": 999}),
    ("paul2021", "pruning", {"conditions.el2n_50.score_epoch": 15}, {"conditions.el2n_50.score_epoch": 14}),
    ("paul2021", "pruning", {"conditions.random_50.score_epoch": 14}, {"conditions.random_50.start": 0.51}),
    ("paul2021", "pruning", {"score_epochs": [0, 1, 2, 5, 8, 15]}, {"score_epochs": [1, 0, 2, 5, 8, 15]}),
    ("paul2021", "pruning", {"epochs": 15}, {"epochs": 14}),
    ("paul2021", "dynamics", {"train_images": 4000}, {"train_images": 3999}),
    ("paul2021", "dynamics", {"barrier_size": 4000}, {"barrier_size": 4001}),
    ("paul2021", "dynamics", {"groups": [0, 3900]}, {"groups": [3900, 0]}),
    ("sarnthein2023", "plain", {"batch_size": 4000}, {"batch_size": 4001}),
    ("sarnthein2023", "plain", {"neighbours": 4000}, {"neighbours": 4001}),
    ("sarnthein2023", "cifar10", {"neighbours": 96}, {"neighbours": 97}),
    ("dang2023", "direct", {"loss": "mse"}, {"loss": "cross_entropy"}),
    ("bahri2024", "kernels", {"mnist_features": 6000, "mnist_sizes": [40, 5000]}, {"mnist_features": 6000, "mnist_sizes": [40, 5001]}),
    ("bahri2024", "kernels", {"features": 41, "sample_sizes": [10, 40]}, {"features": 40, "sample_sizes": [10, 40]}),
    ("bahri2024", "kernels", {"sample_sizes": [10, 20]}, {"sample_sizes": [20]}),
    ("bahri2024", "kernels", {"alphas": [1.0, 1.5]}, {"alphas": [1.5, 1.5]}),
]  # fmt: skip


def settled(slug: str, experiment: str, changes: dict) -> dict:
    ruleset = rulesets.load(slug)
    scale = "laptop" if experiment in ruleset.experiments("laptop") else "smoke"
    scale = "smoke" if slug == "sarnthein2023" else scale
    return rulesets.settings(ruleset, experiment, scale, changes)


@pytest.mark.parametrize(("slug", "experiment", "at", "beyond"), BOUNDS)
def test_a_bound_belongs_to_what_goes_together(slug, experiment, at, beyond):
    settled(slug, experiment, at)
    with pytest.raises(InputError):
        settled(slug, experiment, beyond)
