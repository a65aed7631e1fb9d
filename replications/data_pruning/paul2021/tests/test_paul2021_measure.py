"""Every statistic that a claim names, on made-up runs with known values."""

import numpy as np
import pytest
from made_up import artifact, measuring, near, values

from replications.data_pruning.paul2021 import measure as module
from replications.data_pruning.paul2021 import plots

measured = measuring(module.measure)
EPOCHS = [0, 2, 8]
ORDER = np.arange(20.0)


def choices(accuracies: dict[str, list[float]], **arrays) -> object:
    """Choices by name with accuracies by seed, in the order of sorted names; scores of as many seeds as the most."""
    told = {"score": "el2n", "score_epoch": 8, "start": 0.5, "keep": 0.5, "draw": 0}
    conditions = {name: {"seeds": len(accuracies[name])} for name in accuracies}
    flat = [value for name in sorted(accuracies) for value in accuracies[name]]
    seeds = max(map(len, accuracies.values()))
    fields = scores(seeds) | {"accuracy": flat} | arrays
    return artifact(fields, conditions, seeds=seeds, label_noise=0.1, **told)


def scores(seeds: int) -> dict:
    """EL2N rises along the examples but falls at epoch 0; GraNd is EL2N at epochs 2 and 8, the norm at epoch 0."""
    el2n = np.stack([np.stack([-ORDER, ORDER, ORDER])] * seeds)
    grand = np.stack([np.stack([ORDER, ORDER, ORDER])] * seeds)
    forgetting = np.stack([np.stack([-ORDER, -ORDER, ORDER])] * seeds)  # the last one counts
    forgetting[..., -3:] = np.inf
    labels = np.zeros((seeds, 20), int)
    return {
        "el2n": el2n,
        "grand": grand,
        "forgetting": forgetting,
        "el2n_single": el2n,
        "el2n_shuffled": -el2n,
        "input_norm": ORDER,
        "labels": labels,
        "right_labels": labels[0],
        "epochs": np.array(EPOCHS),
    }


def test_gains_are_paired_by_seed():
    """The second choice has two seeds more, and another order of size."""
    out = measured(
        pruning=choices({"random_50": [0.5, 0.6, 0.9, 0.9], "el2n_50": [0.8, 0.7], "full": [0.75, 0.9], "window_50": [0.1, 0.2], "window_60": [0.4, 0.1]})
    )  # fmt: skip
    gain = values(out, "gain")
    assert gain["arm=el2n_50;over=random_50"] == near([0.3, 0.1])
    assert gain["arm=el2n_50;over=full"] == near([0.05, -0.2])
    assert gain["arm=window_50;over=window_60"] == near([-0.3, 0.1])
    assert len(gain) == 3
    assert values(out, "accuracy")["arm=random_50"] == near([0.5, 0.6, 0.9, 0.9])


@pytest.mark.parametrize("experiment", module.GAINS)
def test_every_gain_is_of_choices_that_are_configured(experiment):
    from verifig.planning import rulesets

    configured = rulesets.settings(rulesets.load("paul2021"), experiment, "paper")["conditions"]
    assert {name for pair in module.GAINS[experiment] for name in pair} <= set(configured)


def test_scores_are_compared_by_rank():
    made = choices({"full": [0.9] * 4})
    swapped = made["el2n"][3].copy()
    swapped[1, [0, 9]] = [9, 0]  # epoch 2
    swapped[2, -2:] = [19, 18]  # epoch 8
    el2n = np.stack([*made["el2n"][:3], swapped])
    single = el2n.copy()
    single[1, 2] *= -1
    made = choices({"full": [0.9] * 4}, el2n=el2n, el2n_single=single)
    out = measured(pruning=made)
    one_swap, far_swap = (1 - 6 * 2 * step**2 / (20 * 399) for step in (1, 9))
    assert values(out, "rank_el2n_grand") == near(
        {"epoch=0": [-1] * 4, "epoch=2": [1, 1, 1, far_swap], "epoch=8": [1, 1, 1, one_swap]}
    )
    assert values(out, "rank_el2n_grand_least") == near({"": [1, 1, 1, far_swap]})
    assert values(out, "rank_grand_norm")["epoch=0"] == near([1] * 4)
    assert values(out, "rank_grand_norm_last") == near({"": [1] * 4})
    assert values(out, "rank_sets") == near({"": [1, one_swap]})
    assert values(out, "rank_singles") == near({"": [-1, one_swap]})
    assert values(out, "rank_sets_over_singles") == near({"": [2, 0]}, abs=1e-12)
    assert values(out, "mean_el2n")["epoch=0"] == near([-9.5] * 4)
    ties = np.array([1, 1, 1])  # the three that were never learned
    assert values(out, "rank_forgetting")["epoch=8"][0] == near(1 - (ties.sum() - 1) / 1329, abs=2e-3)


def test_wrong_labels_are_found_by_their_scores():
    """Two wrong labels: the highest-scored example and the third-highest of 20; by shuffled labels they are the lowest."""
    labels = np.zeros((2, 20), int)
    labels[:, [17, 19]] = 3
    out = measured(noise=choices({"full": [0.9, 0.8]}, labels=labels, right_labels=np.zeros(20, int)))
    assert values(out, "auc") == near({"": [35 / 36] * 2})
    assert values(out, "auc_shuffled") == near({"": [1 / 36] * 2})
    marks = [
        np.random.default_rng(module.derive("paul2021", "mark", s)).permutation(labels[s] == 3).nonzero()[0]
        for s in (0, 1)
    ]
    below = [sum(each) - 1 for each in marks]  # unmarked examples with lower scores than the marked ones, both together
    assert values(out, "auc_random_mark") == near({"": [each / 36 for each in below]})
    assert below[0] != below[1]
    assert values(out, "wrong_share") == near({"": [0.1, 0.1]})
    assert values(out, "wrong_in_top") == near({"": [0.5, 0.5]})
    assert out.curves["wrong"].query("seed == 0")["share"].tolist() == [0.0] * 17 + [1, 0, 1]
    assert out.curves["wrong"].query("seed == 0")["x"].tolist() == near((np.arange(20) / 20 + 0.025).tolist())


def test_scores_are_those_of_the_configured_epoch_or_the_last():
    values_of = np.arange(6.0).reshape(1, 3, 2)
    for epoch, place in ((0, 0), (2, 1), (8, 2), (5, 2)):
        made = artifact({"epochs": np.array(EPOCHS), "el2n": values_of}, {"full": {}}, seeds=1, score_epoch=epoch)
        assert module._at_score_epoch(made, "el2n").tolist() == values_of[:, place].tolist()


def dynamics(**arrays):
    velocity = np.ones((2, 6, 4))
    velocity[0, -1] = [2, 3, 4, 5]
    velocity[1, 0], velocity[:, 2] = 0.5, 4
    barrier = np.zeros((2, 2, 3))
    barrier[:, 0] = [[0.01, 0.02, 0.05], [0, 0.02, 0.03]]
    barrier[:, 1] = [[0, 0, 0.01], [0, 0, 0.02]]
    fields = {"velocity": velocity, "barrier": barrier, "groups": [0, 1, 2, 3, 4, 5], "spawns": [0, 10]}
    return artifact(fields | {"accuracy": [0.9, 0.8]} | arrays, seeds=2)


def test_velocities_are_of_the_highest_group_over_the_lowest_and_the_middle():
    out = measured(dynamics=dynamics(), dynamics_noise=dynamics(spawns=np.zeros(0, int), barrier=np.zeros((2, 0, 3))))
    ratio = values(out, "velocity_ratio", "dynamics")
    assert ratio["epoch=2;over=bottom"] == near([4, 2])
    assert ratio["epoch=3;over=middle"] == near([5 / 4, 1 / 4])
    assert values(out, "velocity_ratio", "dynamics_noise") == near(ratio)
    assert values(out, "accuracy", "dynamics") == {"": [0.9, 0.8]}
    assert out.curves["dynamics"].query("seed == 0 and group == 5 and x == 3")["velocity"].tolist() == [5]


def test_barriers_are_compared_by_group_and_parting():
    out = measured(dynamics=dynamics())
    assert values(out, "barrier")["group=random;spawn=0"] == near([0.02, 0.02])
    assert values(out, "barrier")["group=top;spawn=10"] == near([0.01, 0.02])
    assert values(out, "barrier_gap") == near({"spawn=0": [0.04, 0.03], "spawn=10": [0.01, 0.02]})
    assert values(out, "barrier_drop") == near({"": [0.04, 0.01]})


def test_images_are_measured_as_digits_are():
    wrong = np.zeros((2, 20), bool)
    wrong[:, -1] = True
    names = {"window_50": [0.5, 0.6], "window_60": [0.4, 0.4], "random_40": [0.5, 0.5]}
    out = measured(cifar_noise=choices(names, wrong=wrong))
    assert values(out, "auc", "cifar_noise") == near({"": [1, 1]})
    assert values(out, "gain", "cifar_noise") == near(
        {"arm=window_50;over=window_60": [0.1, 0.2], "arm=window_60;over=random_40": [-0.1, -0.1]}
    )


IDENTITIES = ["closed_form_error", "softmax_regression_error", "uniform_error", "permutation_error", "over_lower", "over_upper"]  # fmt: skip


def test_identities_are_kept_as_they_are():
    out = measured(identities=artifact({name: [1.0 + k, 2.0] for k, name in enumerate(IDENTITIES)}, seeds=2))
    assert values(out, "closed_form_error") == {"": [1, 2]}
    assert values(out, "softmax_regression_error") == {"": [2, 2]}
    assert values(out, "uniform_error") == {"": [3, 2]}
    assert values(out, "permutation_error") == {"": [4, 2]}
    assert values(out, "over_lower") == {"": [5, 2]}
    assert values(out, "over_upper") == {"": [6, 2]}


def test_figures_are_drawn():
    names = [name for pairs in module.GAINS.values() for pair in pairs for name in pair] + ["window_0", "random_40"]
    labels = np.zeros((2, 20), int)
    labels[:, -1] = 1
    made = choices({name: [0.5, 0.6] for name in names}, labels=labels, right_labels=np.zeros(20, int))
    curves = measured(pruning=made, noise=made, dynamics=dynamics(), dynamics_noise=dynamics(), cifar=made).curves
    for figure, panels in (
        (plots.pruning(curves["pruning"]), 2),
        (plots.initialisation(curves["norms"], curves["pruning"]), 2),
        (plots.agreement(curves["scores"]), 2),
        (plots.windows(curves["pruning"], curves["noise"], curves["wrong"]), 2),
        (plots.velocity(curves["dynamics"], curves["dynamics_noise"], (0, 2)), 2),
        (plots.barriers(curves["barriers"]), 1),
        (plots.cifar(curves["cifar"], curves["cifar"], curves["cifar"]), 2),
    ):
        assert len(figure.axes) == panels


def test_nothing_is_measured_of_what_was_not_run():
    assert len(measured().statistics()) == 0
