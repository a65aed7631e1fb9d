"""Every statistic that a claim names, on made-up records."""

import numpy as np
import pytest
from made_up import artifact, by_place, cells, measuring, near, values

from replications.intrinsic_dimension.li2018 import measure as module
from replications.intrinsic_dimension.li2018.measure import crossing, measure
from replications.intrinsic_dimension.science import laws

measured = measuring(measure)
NAN = float("nan")
NETWORK = {
    "network": "fc",
    "width": 16,
    "depth": 1,
    "pool": 2,
    "samples": 4000,
    "labels": "true",
    "level": 0.5,
    "dimensions": [10, 20, 40],
}


def test_the_toy_by_condition_and_over_draws():
    left = [[1, 0.5, 1e-25, 1e-30], [1, 0.1, 1e-22, 0], [1, 0.4, 0.3, 1e-21], [1, 0.9, 0.8, 0.7]]
    draws = laws.law_left(1, 2).ppf(np.linspace(0.005, 0.995, 100))
    arrays = {"left": left, "draws": np.stack([draws, 0 * draws + 0.9], 1), "draw_dimensions": [1, 1]}
    arrays["draws"] = arrays["draws"][:, :1]
    arrays["draw_dimensions"] = [1]
    out = measured(toy=artifact(arrays, {"base": {}, "independent": {}}, seeds=2, constraints=2))
    assert values(out, "step") == near({"condition=base": [2, 2], "condition=independent": [3, NAN]})
    assert values(out, "left_solved") == near({"condition=base": [1e-25, 1e-22], "condition=independent": [0.3, 0.8]})
    assert values(out, "left_before") == near({"condition=base": [0.5, 0.1], "condition=independent": [0.4, 0.9]})
    assert values(out, "left") == near({"dimension=1": draws.tolist()})
    assert values(out, "law_p")["dimension=1"][0] > 0.99
    shares = cells(out, "draws", "dimension", "x")
    assert shares[1, 1.0] == 1
    assert shares[1, 0.5] == np.mean(draws <= 0.5)
    assert len(shares) == 100  # from 0.01 to 1
    assert cells(out, "toy", "condition", "seed", "x") == near(
        by_place(np.reshape(left, (2, 2, 4)), ["base", "independent"], [0, 1], range(4))
    )


def test_draws_of_another_law_are_told():
    draws = laws.law_left(3, 10).ppf(np.linspace(0.005, 0.995, 100))[:, None]
    out = measured(
        toy=artifact({"left": [np.zeros(12)], "draws": draws, "draw_dimensions": [4]}, {"base": {}}, constraints=10)
    )
    assert values(out, "law_p")["dimension=4"][0] < 0.01


def test_identities_and_the_authors_table():
    arrays = {name: 0.1 * k for k, name in enumerate(module.IDENTITIES)}
    out = measured(identities=artifact(arrays))
    assert values(out, "norm_dense") == near({"": [arrays["norm_dense"]]})
    assert values(out, "norm_sparse") == near({"": [arrays["norm_sparse"]]})
    assert values(out, "norm_fastfood") == near({"": [arrays["norm_fastfood"]]})
    assert values(out, "inner_dense") == near({"": [arrays["inner_dense"]]})
    assert values(out, "inner_sparse") == near({"": [arrays["inner_sparse"]]})
    assert values(out, "inner_fastfood") == near({"": [arrays["inner_fastfood"]]})
    assert values(out, "hadamard") == near({"": [arrays["hadamard"]]})
    assert values(out, "gradient") == near({"": [arrays["gradient"]]})
    assert values(out, "permuted_coordinates") == near({"": [arrays["permuted_coordinates"]]})
    assert values(out, "permuted_accuracy") == near({"": [arrays["permuted_accuracy"]]})
    assert values(out, "permuted_apart") == near({"": [arrays["permuted_apart"]]})
    assert values(out, "authors_ratio") == near({"": [900 / 675]})
    assert values(out, "authors_size_ratio") == near({"": [959610 / 39760]})
    assert values(out, "authors_slope")[""][0] == pytest.approx(0.04, abs=0.02)
    assert cells(out, "authors", "width", "depth", value="d")[400, 4] == 900
    assert cells(out, "authors", "width", "depth", value="size")[200, 2] == 199210


def test_crossings_are_interpolated_in_logarithms_and_undefined_outside():
    accuracy = np.array([[0.2, 0.4, 0.8], [0.2, 0.5, 0.4], [0.2, 0.3, 0.4], [0.6, 0.7, 0.8], [0.5, 0.7, 0.8]])
    found = crossing(np.array([10, 20, 40]), accuracy, 0.5)
    assert found.tolist() == near([20 * 2**0.25, 20, NAN, NAN, NAN])


def records(**rows: list) -> dict:
    """Accuracies at the end [conditions, seeds, R] as the artifact of networks; before training all are 0.1."""
    last = np.concatenate([np.asarray(each, float) for _, each in sorted(rows.items())])
    both = np.stack([np.full_like(last, 0.1), last], 1)
    single = both[..., 0]
    return {
        "test": both,
        "train": both - 0.05,
        "exchanged": both / 2,
        "direct": single + 0.7,
        "direct_train": single + 0.75,
    }


def test_dimensions_of_networks_and_comparisons_by_seed():
    low, high = [0.3, 0.5, 0.9], [0.1, 0.3, 0.5]
    rows = {
        "narrow": [high, low],
        "wide": [low, high],
        "wide_slow": [high, high],
        "middle": [low, low],
        "conv": [high, low],
        "conv_shuffled": [high, high],
    }
    rows |= {name: [low, high] for name in ("sparse", "fastfood", "other", "fc_shuffled")}
    conditions = {name: {} for name in rows} | {"wide": {"width": 64}, "wide_slow": {"width": 64}}
    conditions |= {"conv": {"network": "patches", "dimensions": [10, 20, 40]}, "conv_shuffled": {"network": "patches"}}
    out = measured(images=artifact(records(**rows), conditions, seeds=2, **NETWORK))
    found = values(out, "dimension")
    assert found["condition=narrow"] == near([40, 20])
    assert found["condition=wide"] == near([20, 40])
    assert values(out, "share")["condition=wide"] == near([20 / 13258, 40 / 13258])
    assert values(out, "share")["condition=narrow"] == near([40 / 3322, 20 / 3322])
    assert values(out, "per_image")["condition=narrow"] == near([0.01, 0.005])
    assert values(out, "direct")["condition=narrow"] == near([0.8, 1.0])
    assert values(out, "first")["condition=narrow"] == near([NAN, 40])
    size = np.log(13258 / 3322)
    assert values(out, "slope") == near(
        {"pair=wide/narrow": [-np.log(2) / size, np.log(2) / size], "pair=wide_slow/narrow": [0, np.log(2) / size]}
    )
    ratios = values(out, "ratio")
    assert ratios == near({
        "pair=sparse/middle": [1, 2], "pair=fastfood/middle": [1, 2], "pair=other/middle": [1, 2], "pair=fc_shuffled/middle": [1, 2],
        "pair=conv/middle": [2, 1], "pair=conv_shuffled/conv": [1, 2],
    })  # fmt: skip
    apart = np.mean(low) - np.mean(high)
    assert values(out, "lost")["pair=conv_shuffled/conv"] == near([0, apart])
    assert values(out, "lost")["pair=fc_shuffled/middle"] == near([0, apart])
    assert values(out, "lost_exchanged")["pair=conv_shuffled/conv"] == near(
        [np.mean(high) / 2 - np.mean(high), np.mean(low) / 2 - np.mean(high)]
    )
    drawn = cells(out, "images_accuracy", "condition", "seed", "x")
    assert drawn["wide", 1, 20] == near(0.3)
    assert cells(out, "images_dimension", "condition", "seed")["wide", 1] == near(40)
    assert cells(out, "images_dimension", "condition", "seed", value="size")["conv", 1] == 25 * 16 * 10 + 10 + 26 * 16


def test_random_labels_are_judged_on_training_images_and_by_image():
    low, high = [0.35, 0.55, 0.95], [0.15, 0.35, 0.55]
    conditions = {"random_50": {"samples": 50}, "random_200": {"samples": 200}, "true_200": {"samples": 200},
                  "epochs_50": {"samples": 50}, "epochs_200": {"samples": 200}}  # fmt: skip
    rows = {
        "random_50": [low, high],
        "random_200": [high, high],
        "true_200": [low, low],
        "epochs_50": [low, low],
        "epochs_200": [low, high],
    }
    out = measured(labels=artifact(records(**rows), conditions, seeds=2, **NETWORK))
    assert values(out, "dimension")["condition=random_50"] == near([20, 40])
    assert values(out, "per_image")["condition=random_200"] == near([0.2, 0.2])
    assert values(out, "direct_train")["condition=random_50"] == near([1.1, 0.9])
    assert values(out, "ratio")["pair=random_200/true_200"] == near([2, 2])
    assert values(out, "ratio_per_image")["pair=random_200/random_50"] == near([0.5, 0.25])
    assert values(out, "ratio_per_image")["pair=epochs_200/epochs_50"] == near([0.25, 0.5])
    assert cells(out, "labels_dimension", "condition", "seed", value="per_image")["random_50", 1] == near(0.8)


def test_mnist_is_judged_by_the_first_dimension_strictly_above():
    rows = {
        "fc_50": [[0.2, 0.5, 0.6]],
        "fc_200": [[0.2, 0.5, 0.6]],
        "fc_400": [[0.2, 0.6, 0.5]],
        "lenet": [[0.2, 0.55, 0.6]],
        "lenet_shuffled": [[0.2, 0.3, 0.4]],
    }
    lenet = {"network": "lenet"}
    conditions = {
        "fc_50": {"width": 50},
        "fc_200": {},
        "fc_400": {"width": 400},
        "lenet": lenet,
        "lenet_shuffled": lenet,
    }
    out = measured(mnist=artifact(records(**rows), conditions, **NETWORK | {"pool": 1}))
    assert values(out, "first") == near(
        {
            "condition=fc_200": [40],
            "condition=fc_50": [40],
            "condition=fc_400": [20],
            "condition=lenet": [20],
            "condition=lenet_shuffled": [NAN],
        }
    )
    assert values(out, "ratio")["pair=lenet_shuffled/lenet"] == near([NAN])
    assert values(out, "ratio")["pair=lenet/fc_200"][0] < 1
    assert values(out, "slope")["pair=fc_400/fc_50"][0] < 0


def test_nothing_is_measured_of_what_was_not_run():
    assert len(measured().statistics()) == 0
