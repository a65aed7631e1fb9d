"""Statistics of the paper-scale programs on made-up records: probes by data set, lottery tickets, connectivity."""

import numpy as np
import pytest
from made_up import artifact, cells, measuring, near, values

from replications.random_teachers.sarnthein2023.measure import measure
from verifig.measuring.tables import Tables

LINEAR, RIDGE, NEIGHBOURS = range(3)


measured = measuring(measure)


def distilled(conditions: dict[str, dict], seeds: int = 2, columns: int = 1, draw: int = 0):
    """Records at epochs 0, 10, 25: every number differs from every other."""
    count = sum(own.get("seeds", seeds) for own in conditions.values())
    stream = np.random.default_rng(draw)
    arrays = {
        "probes": stream.random((count, 3, columns, 3)),
        "teacher": stream.random((count, columns, 3)),
        "input": stream.random((count, columns, 3)),
        "kl": stream.random((count, 3)),
        "distance": stream.random((count, 3)),
        "epochs": np.tile([0, 10, 25], (count, 1)),
    }
    return artifact(arrays, conditions, seeds, alpha=1e-10, targets=["cifar10"])


@pytest.fixture(scope="module")
def cifar10():
    """Rows 0 and 1 are resnet18, whose pixels were not probed, rows 2 to 4 vgg11."""
    made = distilled({"vgg11": {"seeds": 3}, "resnet18": {}})
    made["input"][:2] = np.nan
    made["kl"][3, -1] = np.nan
    return made


@pytest.mark.parametrize(
    ("statistic", "probe"), [("linear_gain", LINEAR), ("ridge_gain", RIDGE), ("neighbours_gain", NEIGHBOURS)]
)
def test_gains_are_the_last_epoch_minus_the_teacher_of_the_same_seed(cifar10, statistic, probe):
    student, teacher = cifar10["probes"], cifar10["teacher"]
    expected = {
        "condition=resnet18;target=cifar10": [student[r, 2, 0, probe] - teacher[r, 0, probe] for r in (0, 1)],
        "condition=vgg11;target=cifar10": [student[r, 2, 0, probe] - teacher[r, 0, probe] for r in (2, 3, 4)],
    }
    assert values(measured(cifar10=cifar10), statistic, "cifar10") == near(expected)


@pytest.mark.parametrize("probe", ["linear", "ridge", "neighbours"])
def test_probes_are_those_of_the_last_epoch_and_of_the_best_after_training_began(cifar10, probe):
    """The best is the authors' protocol; the untrained network is not among the candidates."""
    out, column = measured(cifar10=cifar10), ("linear", "ridge", "neighbours").index(probe)
    student, teacher = cifar10["probes"][:, :, 0, column], cifar10["teacher"][:, 0, column]
    rows = {"condition=resnet18;target=cifar10": [0, 1], "condition=vgg11;target=cifar10": [2, 3, 4]}
    assert values(out, probe, "cifar10") == {c: [student[r, 2] for r in own] for c, own in rows.items()}
    best = {c: [max(student[r, 1], student[r, 2]) for r in own] for c, own in rows.items()}
    assert values(out, f"{probe}_best", "cifar10") == best
    assert values(out, f"teacher_{probe}", "cifar10") == {c: [teacher[r] for r in own] for c, own in rows.items()}
    for seed, row in ((0, 0), (1, 1), (0, 2), (1, 3), (2, 4)):
        table = out.curves["cifar10_probing"].query("probe == @probe")
        own = table[(table["condition"] == ("resnet18" if row < 2 else "vgg11")) & (table["seed"] == seed)]
        assert own["x"].tolist() == [0, 10, 25]
        assert own["value"].tolist() == student[row].tolist()
        assert own["teacher"].tolist() == [teacher[row]] * 3
        assert own["input"].tolist() == near([cifar10["input"][row, 0, column]] * 3)
        assert set(own["alpha"]) == {1e-10}


def test_pixels_are_compared_where_they_were_probed(cifar10):
    expected = [cifar10["probes"][r, 2, 0, LINEAR] - cifar10["input"][r, 0, LINEAR] for r in (2, 3, 4)]
    found = values(measured(cifar10=cifar10), "linear_over_input", "cifar10")
    assert found == near({"condition=vgg11;target=cifar10": expected})


def test_divergence_and_distance_are_those_of_the_last_epoch(cifar10):
    out = measured(cifar10=cifar10)
    kl, distance = cifar10["kl"], cifar10["distance"]
    rows = {"condition=resnet18": [0, 1], "condition=vgg11": [2, 3, 4]}
    assert values(out, "distance", "cifar10") == near({c: [distance[r, 2] for r in rows[c]] for c in rows})
    assert values(out, "kl", "cifar10") == near(
        {"condition=resnet18": [kl[0, 2], kl[1, 2]], "condition=vgg11": [kl[2, 2], np.nan, kl[4, 2]]}
    )


def test_gains_on_other_data_sets_have_a_column_each():
    """Row 0: resnet18 on STL10 alone; rows 1 and 2: vgg11 on TinyImageNet and STL10."""
    conditions = {"vgg11_both": {"seeds": 2, "targets": ["tinyimagenet", "stl10"]}, "resnet18": {"targets": ["stl10"]}}
    made = distilled(conditions, seeds=1, columns=2)
    made["probes"][0, :, 1] = made["teacher"][0, 1] = made["input"][0, 1] = np.nan
    student, teacher = made["probes"][:, 2, :, LINEAR], made["teacher"][:, :, LINEAR]
    assert values(measured(datasets=made), "linear_gain", "datasets") == near(
        {
            "condition=resnet18;target=stl10": [student[0, 0] - teacher[0, 0]],
            "condition=vgg11_both;target=tinyimagenet": [student[r, 0] - teacher[r, 0] for r in (1, 2)],
            "condition=vgg11_both;target=stl10": [student[r, 1] - teacher[r, 1] for r in (1, 2)],
        }
    )


@pytest.mark.parametrize(
    ("experiment", "a", "b"),
    [
        ("cifar10", "vgg11_alpha_06", "vgg11"),
        ("cifar10", "vgg11", "vgg11_alpha_1"),
        ("cifar10", "resnet18", "resnet18_alpha_1"),
        ("samples", "images_50000", "images_500"),
        ("ablations", "outputs_4096", "default"),
        ("ablations", "default", "outputs_16"),
        ("ablations", "weight_norm", "no_feature_norm"),
    ],
)
def test_differences_are_paired_by_seed_first_condition_minus_second(experiment, a, b):
    """The first by name has 2 seeds, the other 3; the linear probe on the first of two data sets."""
    first, second = sorted((a, b))
    made = distilled({first: {"seeds": 2}, second: {"seeds": 3}, "z": {}}, columns=2)
    last = made["probes"][:, 2, 0, LINEAR]
    rows = {first: last[[0, 1]].tolist(), second: last[[2, 3, 4]].tolist()}
    expected = [rows[a][0] - rows[b][0], rows[a][1] - rows[b][1]]
    assert values(measured(**{experiment: made}), "linear_difference") == near({f"a={a};b={b}": expected})


def test_transfer_is_the_foreign_student_minus_the_own_one_on_cifar10():
    targets = {
        "resnet18_tinyimagenet": ["cifar10", "tinyimagenet", "stl10"],
        "vgg11_tinyimagenet": ["tinyimagenet", "stl10", "cifar10"],
    }
    datasets = distilled({name: {"targets": own} for name, own in targets.items()}, columns=3)
    cifar10 = distilled({"vgg11": {"seeds": 3}, "resnet18": {"seeds": 1}}, draw=1)
    foreign, own = datasets["probes"][:, 2, :, LINEAR], cifar10["probes"][:, 2, 0, LINEAR]
    assert values(measured(datasets=datasets, cifar10=cifar10), "transfer_difference", "datasets") == near(
        {
            "network=resnet18": [foreign[0, 0] - own[0]],
            "network=vgg11": [foreign[2, 2] - own[1], foreign[3, 2] - own[2]],
        }
    )


@pytest.mark.parametrize("experiment", ["cifar10", "datasets", "samples", "ablations"])
def test_health_of_image_runs_is_read_at_the_last_epoch_on_the_first_data_set(experiment):
    made = distilled({"b": {"targets": ["stl10", "cifar10"]}, "a": {"targets": ["cifar10", "stl10"]}}, columns=2)
    made["kl"][2, -1] = np.inf
    out = measured(**{experiment: made})
    linear, kl = made["probes"], made["kl"]
    assert values(out, "run_linear", experiment) == near({"": [linear[row, 2, 0, 0] for row in range(4)]})
    assert values(out, "run_kl", experiment) == near({"": [kl[0, 2], kl[1, 2], np.nan, kl[3, 2]]})


@pytest.fixture(scope="module")
def tickets() -> Tables:
    """Rounds 0 to 2 of three arms."""
    accuracy = [[0.91, 0.85, 0.88], [0.93, 0.94, 0.70]]  # distilled
    accuracy += [[0.90, 0.80, 0.60], [0.95, 0.89, 0.72], [0.99, 0.98, 0.97]]  # initial
    accuracy += [[0.50, 0.40, 0.45], [0.30, 0.20, 0.10]]  # initial, rewound
    arrays = {"accuracy": accuracy, "remaining": np.tile([1, 0.8, 0.64], (7, 1))}
    return measured(tickets=artifact(arrays, {"initial_rewound": {}, "initial": {"seeds": 3}, "distilled": {}}, 2))


def test_tickets_are_compared_by_seed_after_every_round(tickets):
    assert values(tickets, "accuracy_difference", "tickets") == near(
        {
            "a=distilled;b=initial;round=0": [0.01, -0.02],
            "a=distilled;b=initial;round=1": [0.05, 0.05],
            "a=distilled;b=initial;round=2": [0.28, -0.02],
        }
    )


def test_figures_get_the_accuracy_of_every_arm_by_remaining_weights(tickets):
    found, left = cells(tickets, "tickets", "condition", "seed", "x"), [1, 0.8, 0.64]
    assert [found["distilled", 1, x] for x in left] == [0.93, 0.94, 0.70]
    assert [found["initial", 2, x] for x in left] == [0.99, 0.98, 0.97]
    assert [found["initial_rewound", 0, x] for x in left] == [0.50, 0.40, 0.45]
    assert len(found) == 21


def test_health_of_tickets_is_the_lowest_accuracy_of_each_arm(tickets):
    assert values(tickets, "run_accuracy", "tickets") == near({"": [0.85, 0.70, 0.60, 0.72, 0.97, 0.40, 0.10]})


@pytest.fixture(scope="module")
def connectivity() -> Tables:
    """Errors on 3 lines of 4 points by seed; barriers 0.3, 0.1, 0.5 and so on."""
    distilled = [
        [[0.1, 0.5, 0.2, 0.3], [0.2, 0.1, 0.3, 0.2], [0.4, 0.2, 0.8, 0.2]],  # 0.3, 0.1, 0.5: mean 0.3
        [[0.1, 0.2, 0.1, 0.1], [0.3, 0.3, 0.3, 0.3], [0.2, 0.1, 0.1, 0.6]],  # 0.1, 0, 0.2: mean 0.1
    ]
    initial = [
        [[0.1, 0.2, 0.9, 0.1], [0.1, 0.8, 0.5, 0.3], [0.0, 0.1, 0.2, 0.0]],  # 0.8, 0.6, 0.2: mean 0.533
        [[0.0, 0.2, 0.7, 0.2], [0.1, 0.5, 0.3, 0.1], [0.2, 0.3, 0.4, 0.2]],  # 0.6, 0.4, 0.2: mean 0.4
        [[0.5, 0.6, 0.9, 0.5], [0.5, 0.9, 0.6, 0.5], [0.5, 0.9, 0.6, 0.5]],
    ]
    arrays = {"errors": distilled + initial, "places": [0, 0.3, 0.6, 1]}
    return measured(connectivity=artifact(arrays, {"initial": {"seeds": 3}, "distilled": {}}, 2))


def test_barriers_rise_above_the_mean_of_the_ends_and_are_averaged_over_lines(connectivity):
    expected = {"condition=distilled": [0.3, 0.1], "condition=initial": [1.6 / 3, 0.4, 0.4]}
    assert values(connectivity, "barrier", "connectivity") == near(expected)


def test_figures_get_the_mean_error_of_the_lines_of_a_seed(connectivity):
    found, places = cells(connectivity, "connectivity", "condition", "seed", "x"), [0, 0.3, 0.6, 1]
    assert [found["distilled", 0, x] for x in places] == near([0.7 / 3, 0.8 / 3, 1.3 / 3, 0.7 / 3])
    assert [found["initial", 1, x] for x in places] == near([0.1, 1 / 3, 1.4 / 3, 0.5 / 3])
    assert len(found) == 20


def test_barriers_of_initial_encoders_are_compared_with_those_of_distilled_ones(connectivity):
    expected = {"a=initial;b=distilled": [1.6 / 3 - 0.3, 0.3]}
    assert values(connectivity, "barrier_difference", "connectivity") == near(expected)


def test_health_of_lines_is_the_highest_error_of_a_fine_tuned_network(connectivity):
    assert values(connectivity, "run_error", "connectivity") == near({"": [0.4, 0.6, 0.3, 0.2, 0.5]})
