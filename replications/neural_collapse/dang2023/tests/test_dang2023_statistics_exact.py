"""Statistics of the theory and of decay sweeps on made-up records, against formulas worked out anew."""

import functools
import math

import numpy as np
import pytest
from made_up import artifact, by_place, cells, near, values

from replications.neural_collapse.dang2023.measure import measure
from verifig.measuring.tables import Tables


def measured(experiment: str, arrays: dict, conditions: dict | None = None, **settings) -> Tables:
    out = Tables()
    measure({experiment: artifact(arrays, conditions, **settings)}, out)
    return out


@functools.cache
def theory() -> Tables:
    """One layer keeps 4, 4, 2, 1, 0 classes at these decays, two layers 4, 2, 1, 1, 0."""
    return measured(
        "theory",
        {
            "gradient": [3e-16, 8e-16, 5e-16],
            "objective_error": [2e-17, 1e-17, 4e-17],
            "least_rise": [7e-9, 2e-9, 5e-9],
            "scaling_error": 6e-15,
            "of_misfit": [0.1, 0.5, 0.2],
            "depths": [1, 2],
            "threshold": [1.0, 0.5],
            "spinodal": [1.1, 0.65],
            "critical_decay": [0.0177, 0.0135],
            "decays": [0.01, 0.015, 0.022, 0.03, 0.04],
            "nonzero": [[4, 4, 2, 1, 1], [3, 3, 1, 2, 0]],
        },
    )


def test_the_worst_case_of_the_oracles_counts():
    assert values(theory(), "gradient") == {"": [8e-16]}
    assert values(theory(), "objective_error") == {"": [4e-17]}
    assert values(theory(), "least_rise") == {"": [2e-9]}
    assert values(theory(), "scaling_error") == {"": [6e-15]}


def test_facts_of_the_theory_are_copied_to_their_depth_and_pair():
    assert values(theory(), "threshold") == {"depth=1": [1.0], "depth=2": [0.5]}
    assert values(theory(), "spinodal") == {"depth=1": [1.1], "depth=2": [0.65]}
    assert values(theory(), "critical_decay") == {"depth=1": [0.0177], "depth=2": [0.0135]}
    pairs = {"pair=frame to frame": [0.1], "pair=frame to simplex": [0.5], "pair=simplex to simplex": [0.2]}
    assert values(theory(), "misfit") == pairs


def test_survivors_are_counted_against_the_critical_decays_of_each_depth():
    """One layer: sqrt(n)/N is 0.0354, 0.025 and 0.0177; two layers: 0.0339, 0.0214 and 0.0135."""
    assert values(theory(), "count_errors") == {"depth=1": [1.0], "depth=2": [3.0]}


@pytest.mark.parametrize("ratio", [1, 10, 100])
def test_seli_is_that_of_the_roots_of_the_label_matrices(ratio):
    """Classifiers (Z Z^T)^(1/2) and features (Z^T Z)^(1/2) = Z^T (Z Z^T)^(-1/2) Z of the centred labels Z."""
    labels = np.repeat(np.arange(10), [ratio] * 5 + [1] * 5)
    centred = (labels == np.arange(10)[:, None]) - 0.1
    eigenvalues, vectors = np.linalg.eigh(centred @ centred.T)
    roots, vectors = np.sqrt(eigenvalues[1:]), vectors[:, 1:]
    columns = vectors.T @ centred[:, np.searchsorted(labels, np.arange(10))]
    classifiers, features = vectors @ np.diag(roots) @ vectors.T, columns.T @ np.diag(1 / roots) @ columns
    at = f"ratio={ratio}"
    assert values(theory(), "seli_classifier_ratio")[at] == near([classifiers[0, 0] / classifiers[9, 9]])
    assert values(theory(), "seli_feature_ratio")[at] == near([features[0, 0] / features[9, 9]])
    assert values(theory(), "seli_classifier_cosine")[at] == near([classifiers[8, 9] / classifiers[9, 9]])
    assert values(theory(), "seli_feature_cosine")[at] == near([features[8, 9] / features[9, 9]])


def test_seli_has_the_values_that_the_claim_states():
    assert values(theory(), "seli_classifier_ratio")["ratio=10"] == near([2.672], abs=1e-3)
    assert values(theory(), "seli_feature_ratio")["ratio=10"] == near([0.351], abs=1e-3)
    assert values(theory(), "seli_classifier_cosine")["ratio=100"] == near([0.338], abs=1e-3)
    assert values(theory(), "seli_feature_cosine")["ratio=100"] == near([-0.228], abs=1e-3)


SIZES = (20, 8, 3, 3)
DECAYS = [0.02, 0.03, 0.0505, 0.0525, 0.07, 0.0806, 0.0808, 0.1, 0.14]
JUDGED = [0, 1, 3, 4, 5, 7, 8]  # the others are within 3 % of sqrt(3)/34 and sqrt(8)/34


def branch(beta: float, depth: int) -> float:
    """Largest x^M with beta (x^M + 1)^2 = M x^(M-1); 0 where there is none."""
    powers = np.zeros(2 * depth + 1)
    powers[[0, depth, 2 * depth]] = beta, 2 * beta, beta
    powers[depth + 1] -= depth
    return max([x.real for x in np.roots(powers) if abs(x.imag) < 1e-9 and x.real > 0], default=0.0) ** depth


def one_layer(decay: float) -> list[float]:
    return [max(math.sqrt(size) - 34 * decay, 0.0) for size in SIZES]


def two_layers(decay: float) -> list[float]:
    """A class is zero from beta = 1/2 on."""
    betas = [68 * math.sqrt(34 * decay**3) / size for size in SIZES]
    return [34 * decay * branch(beta, 2) if beta < 0.5 else 0.0 for beta in betas]


@functools.cache
def lengths() -> np.ndarray:
    """Those of one layer but for a few errors, [seeds, decays, classes]."""
    found = np.array([[one_layer(decay) for decay in DECAYS]] * 2)
    found[0, 1, 0] -= 3e-3
    found[0, 8, 1], found[1, 8, 0] = 2e-6, 5e-7  # a class of 1e-6 at most is zero
    found[0, [2, 6]] += 0.5
    found[1, 0, 2] += 1e-3
    found[1, [4, 5], 1] = 0.0
    return found


LEVELS = {  # name of the level: (beta, x^M / (1 + x^M) by hand where that is short)
    "cold3": {"0.75": (0.75, 1 / 2), "1.05 T": (1.05 * 4 ** (1 / 3) / 3, None), "0.9 S": (0.9 * 0.8399473666, None)},
    "warm2": {"0.16": (0.16, 4 / 5), "0.06": (0.06, 9 / 10), "0.95 T": (0.475, None), "1.03 S": (0.6690046244, 0.0)},
}
BRANCHES = {
    "cold3": {"depth": 3, "sizes": [6] * 3, "betas": [0.75], "over_threshold": [1.05], "over_spinodal": [0.9]},
    "warm2": {"depth": 2, "sizes": [5] * 2, "betas": [0.16, 0.06], "over_threshold": [0.95], "over_spinodal": [1.03]},
}
OUTPUTS = {  # self-outputs by class, [seeds, levels]
    "cold3": [[(0.4, 0.5, 0.9), (0.1, 0.2, 0.9), (0.3, 0.3, 0.0)], [(0.6, 0.1, 0.2), (0, 0, 0.3), (0.7, 0.8, 0.9)]],
    "warm2": [[(0.7, 0.8), (0.9, 0.96), (0.5, 0.7), (0.1, 0.3)], [(0.2, 0.9), (0.8, 1.1), (0.6, 0.3), (0.0, 0.02)]],
}
OBJECTIVES = {
    "cold3": [[0.41, 0.52, 0.47], [0.43, 0.55, 0.49]],
    "warm2": [[0.31, 0.22, 0.48, 0.51], [0.33, 0.24, 0.46, 0.53]],
}


def padded(diagonal: list[float]) -> np.ndarray:
    matrix = np.full((4, 4), np.nan)
    matrix[: len(diagonal), : len(diagonal)] = np.diag(diagonal) + 0.01 * (1 - np.eye(len(diagonal)))
    return matrix


@functools.cache
def sweep() -> Tables:
    """Two seeds of a staircase and of two branches; problems of the same level lie together."""
    rows = []
    for seed in range(2):
        for index, decay in enumerate(DECAYS):
            rows.append((index, 2 + seed, decay, decay, padded(lengths()[seed, index]), padded([0.3] * 4), 0.4))
        for first, name in ((0, "cold3"), (4, "warm2")):
            for index, (beta, _) in enumerate(LEVELS[name].values()):
                output, objective = padded(OUTPUTS[name][seed][index]), OBJECTIVES[name][seed][index]
                rows.append((index, first + seed, beta, 0.1 * beta, padded([0.5] * 4), output, objective))
    rows.sort(key=lambda row: row[:2])
    names = ("index", "owner", "level", "common_decay", "first", "output", "objective")
    arrays = dict(zip(names, (np.array(column) for column in zip(*rows, strict=True)), strict=True))
    first = arrays.pop("first")[:, None]
    arrays["classifier"] = np.concatenate([first, np.full_like(first, 0.7)], 1)
    stairs = {
        "sizes": list(SIZES),
        "depth": 1,
        "decays": DECAYS,
        "betas": [0.1],
        "over_threshold": [],
        "over_spinodal": [],
    }
    plain = {"decays": [], "loss": "mse"}
    return measured("sweep", arrays, {"staircase": stairs} | BRANCHES, seeds=2, **plain)


def stairs(statistic: str) -> list[float]:
    return values(sweep(), statistic)["condition=staircase"]


def test_decays_near_a_threshold_are_not_judged():
    assert stairs("levels_judged") == [len(JUDGED)] * 2


def test_stairs_count_the_classes_that_are_not_zero():
    """The first seed keeps one class too many at the last decay, the second loses one at two."""
    assert stairs("count_errors") == [1, 2]


def test_stairs_have_the_lengths_of_one_layer():
    assert stairs("length_error") == near([3e-3, math.sqrt(8) - 34 * 0.07])


def test_stairs_do_not_have_those_of_two_layers():
    errors, counts = [[], []], [0, 0]
    for seed in range(2):
        for index in JUDGED:
            predicted = two_layers(DECAYS[index])
            counts[seed] += sum(p > 0 for p in predicted) != sum(p > 1e-6 for p in lengths()[seed, index])
            errors[seed] += [abs(a - b) for a, b in zip(predicted, lengths()[seed, index], strict=True)]
    assert stairs("length_error_wrong_depth") == near([max(row) for row in errors])
    assert stairs("count_errors_wrong_depth") == counts
    assert counts == [6, 3]


@pytest.mark.parametrize("name", LEVELS)
def test_branches_are_judged_level_by_level_and_seed_by_seed(name):
    depth = BRANCHES[name]["depth"]
    keys = [f"condition={name};level={level}" for level in LEVELS[name]]
    found = {statistic: values(sweep(), statistic) for statistic in ("self_output", "objective", "branch_error")}
    assert sorted(key for key in found["self_output"] if name in key) == sorted(keys)
    for index, (key, (beta, by_hand)) in enumerate(zip(keys, LEVELS[name].values(), strict=True)):
        outputs = [sum(OUTPUTS[name][seed][index]) / len(OUTPUTS[name][seed][index]) for seed in range(2)]
        power = branch(beta, depth)
        predicted = power / (1 + power)
        assert by_hand in (None, near(predicted, abs=1e-12))
        assert found["self_output"][key] == near(outputs)
        assert found["objective"][key] == [OBJECTIVES[name][seed][index] for seed in range(2)]
        assert found["branch_error"][key] == near([abs(output - predicted) for output in outputs])


@pytest.mark.parametrize("name", LEVELS)
def test_figures_get_branches_by_level_and_seed(name):
    table, levels = sweep().curves["sweep_branches"].query("condition == @name"), list(LEVELS[name])
    for seed in range(2):
        own = table[table["seed"] == seed]
        assert own["level"].tolist() == levels
        assert own["beta"].tolist() == [beta for beta, _ in LEVELS[name].values()]
        assert own["self_output"].tolist() == near([sum(row) / len(row) for row in OUTPUTS[name][seed]])
        assert own["objective"].tolist() == OBJECTIVES[name][seed]
    assert set(table["depth"]) == {BRANCHES[name]["depth"]}


def test_figures_get_the_length_of_every_class_by_decay():
    stairs = cells(sweep(), "sweep_staircase", "seed", "decay", "class", value="classifier")
    assert stairs == by_place(lengths(), range(2), DECAYS, range(4))
    sizes = cells(sweep(), "sweep_staircase", "seed", "decay", "class", value="size")
    assert sizes == by_place([[SIZES] * 9] * 2, range(2), DECAYS, range(4))
