"""Statistics of training experiments on made-up records, against closed forms of hand-picked problems and plain loops.

The problems are chosen so that their minima are short decimals. One layer: p_k = sqrt(n_k lam_H / lam) - N lam_H. Two
layers: x = 2 where beta is 4/25 and x = 3 where it is 3/50. Both: p = N lam_H x^M and self-output x^M / (1 + x^M).
"""

import functools
import math

import numpy as np
import pytest
from made_up import artifact, by_place, cells, near, values

from replications.neural_collapse.dang2023.measure import measure
from verifig.measuring.tables import Tables

POINTS = {
    "direct": [0, 60, 100, 400, 500, 800, 1000],
    "networks": [0, 45, 50, 200, 1000],  # 50 is a twentieth
    "convnets": [0, 1, 3, 60],  # a twentieth is 3 epochs
}
COMMON = {"depth": 1, "width": 8, "bias": False, "sizes": [4, 4, 4], "learning_rate": 0.2, "momentum": 0.9}
COMMON |= {"weight_decay": 0.01, "feature_decay": 0.04}
TWO_LAYERS = {"depth": 2, "sizes": [8, 3], "weight_decay": 0.6 / 11, "feature_decay": 0.16 / 11}
CONDITIONS = {
    "direct": {
        "of1": {},
        "of2": {"depth": 2, "weight_decay": 1 / 15, "feature_decay": 0.16 / 12, "seeds": 3},
        "etf1": {"bias": True},
        "gof1": {"sizes": [9, 4, 1], "seeds": 3},
        "gof3": TWO_LAYERS | {"seeds": 3},
        "gof6": {"sizes": [3, 1], "seeds": 1},
        "off3": {"sizes": [9, 4, 1], "depth": 2, "weight_decay": 0.0, "feature_decay": 0.0},
    },
    "networks": {
        "of1": {},
        "etf1": {"bias": True},
        "gof1": {"sizes": [9, 4, 1], "weight_decay": 0.1, "feature_decay": 0.1},  # the smallest class is zero
        "gof3": TWO_LAYERS,
    },
    "convnets": {name: {"backbone": name[:-1], "depth": int(name[-1])} for name in ("resnet1", "resnet2", "vgg1")},
}
NO_MINIMUM = {"width": 2, "feature_decay": 0.0, "loss_scale": "authors"}
SIMPLEX = np.array([[2, -1, -1], [-1, 2, -1], [-1, -1, 2]]) / 3
MINIMUM = {  # objective
    ("direct", "of1"): 0.1128,
    ("direct", "of2"): 0.26,
    ("direct", "etf1"): 0.0752,
    ("direct", "gof1"): 0.1116,
    ("direct", "gof3"): 3.8 / 22,
    ("networks", "of1"): 0.1128,
    ("networks", "etf1"): 0.0752,
    ("networks", "gof1"): 0.25 + 1 / 28 + 0.11,
    ("networks", "gof3"): 3.8 / 22,
}
LENGTHS = {  # p_k
    "of1": [3.52] * 3,
    "of2": [0.64] * 3,
    "etf1": [3.52 * 2 / 3] * 3,
    "gof1": [5.44, 3.44, 1.44],
    "gof3": [1.44, 0.64],
}
TARGETS = {  # unequal classes: diagonals of the classifier's, features' and outputs' matrices
    ("direct", "gof1"): ([5.44, 3.44, 1.44], [5.44 / 36, 3.44 / 16, 1.44 / 4], [5.44 / 6, 3.44 / 4, 1.44 / 2]),
    ("direct", "gof3"): ([1.44, 0.64], [0.5625, 1.0], [0.9, 0.8]),
    ("networks", "gof1"): ([1.6, 0.6, 0.0], [1.6 / 9, 0.6 / 4, 0.0], [1.6 / 3, 0.6 / 2, 0.0]),
    ("networks", "gof3"): ([1.44, 0.64], [0.5625, 1.0], [0.9, 0.8]),
}
TRAINED = [(experiment, name) for experiment, own in CONDITIONS.items() for name in own]
TARGETED = [case for case in TRAINED if case not in (("direct", "gof6"), ("direct", "off3"))]


@functools.cache
def records(experiment: str) -> tuple[dict, dict]:
    """Records (seed 1 of `of2` diverges) and the rows of each condition."""
    own, width = CONDITIONS[experiment], len(POINTS[experiment])
    common = COMMON | (NO_MINIMUM if experiment == "convnets" else {})
    rows, found = {}, []
    for name in sorted(own):
        member = common | {"seeds": 2} | own[name]
        rows[name] = list(range(len(found), len(found) + member["seeds"]))
        found += [member] * member["seeds"]
    rng, count = np.random.default_rng(20230101), len(found)
    arrays = {name: np.exp(rng.standard_normal((count, width, 2, 3, 3))) for name in ("classifier", "feature")}
    arrays["output"] = rng.standard_normal((count, width, 3, 3)) + 2 * np.eye(3)
    for name in ("objective", "nc1", "nc1_shuffled", "imbalance"):
        arrays[name] = np.exp(rng.standard_normal((count, width)))
    for name in ("accuracy", "test_accuracy"):
        arrays[name] = rng.uniform(size=(count, width))
    arrays["bias"] = rng.uniform(size=(count, width, 3))
    for row, member in enumerate(found):
        classes = len(member["sizes"])
        for name in ("classifier", "feature", "output", "bias"):
            arrays[name][row, ..., classes:] = np.nan
        for name in ("classifier", "feature"):
            arrays[name][row, ..., classes:, :] = np.nan
            arrays[name][row, :, member["depth"] :] = np.nan
        arrays["output"][row, :, classes:] = np.nan
    if experiment == "direct":
        for array in arrays.values():
            array[rows["of2"][1], -2:] = np.nan
        arrays["classifier"][rows["gof1"][1], -1, 0, 1, 1] = 0.0
        arrays["classifier"][rows["gof3"], -1, 0, 0, 0] = 6.0, 0.2, 2.0
    absent = {"direct": ("nc1_shuffled", "test_accuracy"), "networks": ("imbalance", "bias")}
    left_out = absent.get(experiment, ("nc1_shuffled", "test_accuracy", "imbalance", "bias", "objective"))
    return {name: array for name, array in arrays.items() if name not in left_out}, rows


@functools.cache
def measured(experiment: str) -> Tables:
    arrays, _ = records(experiment)
    settings = COMMON | (NO_MINIMUM if experiment == "convnets" else {})
    made = artifact(arrays | {"iterations": np.array(POINTS[experiment])}, CONDITIONS[experiment], seeds=2, **settings)
    out = Tables()
    measure({experiment: made}, out)
    return out


@functools.cache
def by_condition(experiment: str, statistic: str) -> dict[str, list[float]]:
    return values(measured(experiment), statistic, experiment)


def found(statistic: str, case: tuple[str, str]) -> list[float]:
    return by_condition(case[0], statistic)[f"condition={case[1]}"]


def of(name: str, case: tuple[str, str]) -> np.ndarray:
    """Records of a condition, [seeds, points, ...], without what pads them."""
    arrays, rows = records(case[0])
    classes, depth = len(setting("sizes", case)), setting("depth", case)
    array = arrays[name][rows[case[1]]]
    if name in ("classifier", "feature"):
        return array[:, :, :depth, :classes, :classes]
    if name == "output":
        return array[:, :, :classes, :classes]
    return array[..., :classes] if name == "bias" else array


def setting(name: str, case: tuple[str, str]) -> object:
    return (COMMON | CONDITIONS[case[0]][case[1]])[name]


def last(name: str, case: tuple[str, str]) -> list[float]:
    return [row[-1] for row in of(name, case)]


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """Distance of two matrices of length one: the chord of the angle between them."""
    a, b = a.ravel().tolist(), b.ravel().tolist()
    inner = sum(x * y for x, y in zip(a, b, strict=True))
    return math.sqrt(2 - 2 * inner / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b)))


def targets(case: tuple[str, str]) -> list[np.ndarray]:
    if case in TARGETS:
        return [np.diag(diagonal) for diagonal in TARGETS[case]]
    return [SIMPLEX if case[1].startswith("etf") else np.eye(3)] * 3


def by_seed(case: tuple[str, str], point: int = -1) -> list[list[float]]:
    """Misfits of classifiers, features and outputs to the own target at a log point, by seed."""
    rows, counted = [], 1 if case[1].startswith("gof") else setting("depth", case)
    for classifier, feature, output in zip(
        *(of(name, case)[:, point] for name in ("classifier", "feature", "output")), strict=True
    ):
        if setting("bias", case):  # equal classes: the sample mean is the plain mean of the class means
            feature = [f - f.mean(0) - f.mean(1)[:, None] + f.mean() for f in feature]
            output = output - output.mean(1)[:, None]
        target = targets(case)
        layers = [[apart(classifier[m], target[0]), apart(feature[m], target[1])] for m in range(counted)]
        rows.append([*(max(column) for column in zip(*layers, strict=True)), apart(output, target[2])])
    return rows


def own(case: tuple[str, str], point: int = -1) -> list[float]:
    return [apart(matrix, targets(case)[0]) for matrix in of("classifier", case)[:, point, 0]]


def other(case: tuple[str, str]) -> list[float]:
    """Misfit to the simplex of what should be an orthogonal frame, else to the frame."""
    frame = case[1].startswith(("gof", "off", "etf"))
    classes = len(setting("sizes", case))
    target = np.eye(classes) - (0 if frame else 1 / classes)
    return [apart(matrix, target) for matrix in of("classifier", case)[:, -1, 0]]


def ratios(above: list[float], below: list[float]) -> list[float]:
    return [a / b for a, b in zip(above, below, strict=True)]


def fit(x: list[float], y: list[float]) -> float:
    """Slope of the line of least squares."""
    middle, mean = sum(x) / len(x), sum(y) / len(y)
    return sum((a - middle) * (b - mean) for a, b in zip(x, y, strict=True)) / sum((a - middle) ** 2 for a in x)


@pytest.mark.parametrize("case", TARGETED)
def test_misfits_to_the_own_geometry_are_the_worst_of_what_counts(case):
    expected = by_seed(case)
    assert found("nc2_w", case) == near([row[0] for row in expected])
    assert found("nc2_h", case) == near([row[1] for row in expected])
    assert found("nc3", case) == near([row[2] for row in expected])
    assert found("worst_misfit", case) == near([max(row) for row in expected])


def test_a_hand_made_matrix_has_the_misfits_of_its_angles():
    """diag(3, 4, 0) and the frame have the cosine 7 / (5 sqrt 3), and the simplex 14/3 / (5 sqrt 2)."""
    arrays = {name: np.tile(np.diag([3.0, 4.0, 0.0]), (2, 1, 1, 1, 1)) for name in ("classifier", "feature")}
    arrays |= {"output": np.tile(np.eye(3), (2, 1, 1, 1)), "iterations": [0], "accuracy": np.ones((2, 1))}
    out = Tables()
    measure({"direct": artifact(arrays, {"of1": {}, "etf1": {"bias": True}}, **COMMON)}, out)
    frame, simplex = math.sqrt(2 - 14 / (5 * math.sqrt(3))), math.sqrt(2 - 28 / (15 * math.sqrt(2)))
    assert values(out, "of_misfit")["condition=of1"] == near([frame])
    assert values(out, "etf_misfit")["condition=of1"] == near([simplex])
    assert values(out, "own_over_other")["condition=of1"] == near([frame / simplex])
    assert values(out, "own_over_other")["condition=etf1"] == near([simplex / frame])


@pytest.mark.parametrize("case", TRAINED)
def test_misfits_to_frame_and_simplex_are_those_of_the_product_of_all_layers(case):
    classes = len(setting("sizes", case))
    full, eye = of("classifier", case)[:, -1, 0], np.eye(classes)
    assert found("of_misfit", case) == near([apart(matrix, eye) for matrix in full])
    assert found("etf_misfit", case) == near([apart(matrix, eye - 1 / classes) for matrix in full])
    assert found("other_misfit", case) == near(other(case))


@pytest.mark.parametrize("case", TARGETED)
def test_the_own_misfit_is_compared_with_the_other_and_with_the_start(case):
    assert found("own_misfit", case) == near(own(case))
    assert found("own_over_other", case) == near(ratios(own(case), other(case)))
    assert found("other_over_own", case) == near(ratios(other(case), own(case)))
    assert found("own_fall", case) == near(ratios(own(case), own(case, 0)))


@pytest.mark.parametrize("case", TRAINED)
def test_accuracy_and_self_outputs_are_those_at_the_end(case):
    assert found("accuracy", case) == near(last("accuracy", case))
    diagonals = [[matrix[k, k] for k in range(len(matrix))] for matrix in last("output", case)]
    assert found("self_output", case) == near([sum(entries) / len(entries) for entries in diagonals])


@pytest.mark.parametrize("case", TRAINED)
def test_nc1_falls_from_an_early_log_point_to_the_end(case):
    early = {"direct": POINTS["direct"].index(100), "networks": 2, "convnets": 2}[case[0]]
    assert found("nc1", case) == near(last("nc1", case))
    assert found("nc1_fall", case) == near([row[early] / row[-1] for row in of("nc1", case)])
    if case[0] == "networks":
        assert found("nc1_shuffled", case) == near(last("nc1_shuffled", case))
        assert found("nc1_shuffled_fall", case) == near([row[2] / row[-1] for row in of("nc1_shuffled", case)])
        assert found("test_accuracy", case) == near(last("test_accuracy", case))


def test_a_training_without_a_later_point_than_the_early_one_has_no_fall():
    arrays, rows = records("direct")
    short = {name: array[rows["of1"], :2] for name, array in arrays.items()} | {"iterations": np.array([0, 60])}
    out = Tables()
    measure({"direct": artifact(short, {"of1": {}}, **COMMON | {"seeds": 2})}, out)
    assert values(out, "nc1_fall") == {}
    assert values(out, "nc1") == {"condition=of1": near(short["nc1"][:, 1].tolist())}


@pytest.mark.parametrize("case", MINIMUM)
def test_the_objective_is_compared_with_its_minimum(case):
    minimum = MINIMUM[case]
    assert found("gap", case) == near([row[-1] / minimum - 1 for row in of("objective", case)])
    assert found("least_excess", case) == near([np.min(row) - minimum for row in of("objective", case)])


@pytest.mark.parametrize("name", LENGTHS)
def test_lengths_miss_the_predicted_ones_in_units_of_the_largest(name):
    case, expected = ("direct", name), LENGTHS[name]
    errors = [max(abs(row[0][k, k] - p) for k, p in enumerate(expected)) for row in last("classifier", case)]
    assert found("classifier_error", case) == near([error / max(expected) for error in errors])


def test_without_decay_lengths_are_compared_with_those_at_the_decays_of_the_experiment():
    """Two layers: beta = 2 N sqrt(N lam^2 lam_H) / n, and x is the largest root of beta (x^2 + 1)^2 = 2 x."""
    case, predicted = ("direct", "off3"), []
    for size in (9, 4, 1):
        beta = 28 * math.sqrt(14 * 0.01**2 * 0.04) / size
        roots = np.roots([beta, 0, 2 * beta, -2, beta])
        predicted.append(0.56 * max(root.real for root in roots if abs(root.imag) < 1e-9) ** 2)
    errors = [max(abs(row[0][k, k] - p) for k, p in enumerate(predicted)) for row in last("classifier", case)]
    assert found("classifier_error", case) == near([error / max(predicted) for error in errors])


@pytest.mark.parametrize("case", [case for case in TRAINED if case[0] == "direct"])
def test_the_bias_is_compared_with_the_shares_of_the_classes(case):
    sizes = setting("sizes", case)
    shares = [size / sum(sizes) for size in sizes]
    errors = [[abs(b - share) for b, share in zip(row, shares, strict=True)] for row in last("bias", case)]
    assert found("bias_error", case) == near([max(row) if row[0] == row[0] else math.nan for row in errors])


def slopes(case: tuple[str, str], classes: int) -> list[float]:
    """Slope of log lengths over log sizes, of the first classes; not a number where a length is zero."""
    sizes = [math.log(size) for size in setting("sizes", case)[:classes]]
    lengths = [[row[0][k, k] for k in range(classes)] for row in last("classifier", case)]
    return [fit(sizes, [math.log(p) for p in row]) if min(row) > 0 else math.nan for row in lengths]


SLOPES = [("direct", "gof1", 3), ("direct", "gof3", 2), ("direct", "gof6", 2), ("direct", "off3", 3)]
SLOPES += [("networks", "gof1", 2), ("networks", "gof3", 2)]


@pytest.mark.parametrize(("experiment", "name", "classes"), SLOPES)
def test_lengths_grow_with_class_sizes_at_the_slope_of_their_logarithms(experiment, name, classes):
    case = (experiment, name)
    assert found("slope", case) == near(slopes(case, classes))


PREDICTED = {("direct", "gof1"): [9, 4, 1], ("direct", "gof3"): [8, 3], ("networks", "gof1"): [9, 4]}


@pytest.mark.parametrize("case", PREDICTED)
def test_the_predicted_slope_is_that_of_the_lengths_at_the_minimum(case):
    sizes, lengths = PREDICTED[case], TARGETS[case][0]
    expected = fit([math.log(n) for n in sizes], [math.log(p) for p in lengths[: len(sizes)]])
    assert found("predicted_slope", case) == near([expected])


def shown(case: tuple[str, str], kind: str, *places: str, value: str = "value") -> dict:
    """A column of a figure's table, of one condition."""
    table = cells(measured(case[0]), case[0] + kind, "condition", *places, value=value)
    return {place[1:]: element for place, element in table.items() if place[0] == case[1]}


@pytest.mark.parametrize("case", TRAINED)
def test_figures_get_curves_over_all_log_points(case):
    table = shown(case, "", "curve", "seed", "x")
    last_point = POINTS[case[0]][-1]
    for seed, (accuracy, output) in enumerate(zip(of("accuracy", case), of("output", case), strict=True)):
        for point, x in enumerate(POINTS[case[0]]):
            assert table["accuracy", seed, x] == near(accuracy[point])
            assert table["self_output", seed, x] == near(np.trace(output[point]) / len(output[point]))
            if case in MINIMUM:
                assert table["gap", seed, x] == near(of("objective", case)[seed][point] / MINIMUM[case] - 1)
            if case in TARGETED:
                assert table["own_misfit", seed, x] == near(own(case, point)[seed])
    ends = {name for name, _, x in table if x == last_point}
    assert {"of_misfit", "etf_misfit", "other_misfit", "nc1"} <= ends
    for name in ends:
        assert [table[name, seed, last_point] for seed in range(len(of("accuracy", case)))] == near(found(name, case))


def centred(matrix: np.ndarray, sides: int) -> np.ndarray:
    matrix = matrix - matrix.mean(1)[:, None]
    return matrix - matrix.mean(0) if sides == 2 else matrix


@pytest.mark.parametrize("case", [("direct", "gof1"), ("direct", "off3"), ("networks", "gof3"), ("direct", "etf1")])
def test_figures_get_the_matrices_of_the_first_seed_at_start_and_end(case):
    """With a bias, features and outputs without their mean over classes."""
    table = shown(case, "_geometry", "matrix", "stage", "row", "column")
    for name in ("classifier", "feature", "output"):
        for stage, point in (("start", 0), ("end", -1)):
            matrix = of(name, case)[0, point] if name == "output" else of(name, case)[0, point, 0]
            if setting("bias", case) and name != "classifier":
                matrix = centred(matrix, 2 if name == "feature" else 1)
            classes = range(len(matrix))
            expected = by_place(matrix[None, None], [name], [stage], classes, classes)
            assert {place: table[place] for place in expected} == near(expected)


@pytest.mark.parametrize("case", TARGETS)
def test_figures_get_the_predicted_matrices_beside_them(case):
    table = shown(case, "_geometry", "matrix", "stage", "row", "column")
    for name, diagonal in zip(("classifier", "feature", "output"), TARGETS[case], strict=True):
        classes = range(len(diagonal))
        expected = by_place(np.diag(diagonal)[None, None], [name], ["predicted"], classes, classes)
        assert {place: table[place] for place in expected} == near(expected, abs=1e-12)


@pytest.mark.parametrize("case", TARGETS)
def test_figures_get_lengths_at_the_end_beside_the_predicted_ones(case):
    classes = range(len(setting("sizes", case)))
    for k, name in enumerate(("classifier", "feature")):
        ends = [[matrix[0][c, c] for c in classes] for matrix in last(name, case)]
        expected = by_place(ends, range(len(ends)), classes)
        assert shown(case, "_lengths", "seed", "class", value=name) == near(expected)
        expected = by_place([TARGETS[case][k]] * len(ends), range(len(ends)), classes)
        assert shown(case, "_lengths", "seed", "class", value=f"predicted_{name}") == near(expected, abs=1e-12)
    sizes = by_place([setting("sizes", case)] * len(ends), range(len(ends)), classes)
    assert shown(case, "_lengths", "seed", "class", value="size") == sizes


def test_slopes_are_compared_between_depths_seed_by_seed():
    one, three, six = (slopes(("direct", name), k) for name, k in (("gof1", 3), ("gof3", 2), ("gof6", 2)))
    assert math.isnan(one[1])
    assert values(measured("direct"), "slope_difference") == {
        "a=gof3;b=gof1": near([three[0] - one[0], math.nan, three[2] - one[2]]),
        "a=gof6;b=gof3": near([six[0] - three[0]]),
    }


@pytest.mark.parametrize(("name", "decay"), [("of2", 1 / 15), ("gof3", 0.6 / 11), ("off3", 0.01)])
def test_imbalance_decays_over_the_last_half_in_units_of_the_predicted_rate(name, decay):
    """Predicted: 2 lam eta / (1 - mu), with the decay of the experiment where the condition has none."""
    late = [list(zip(POINTS["direct"][4:], row[4:], strict=True)) for row in of("imbalance", ("direct", name))]
    rates = [-fit([x for x, _ in row], [math.log(value) for _, value in row]) for row in late]
    expected = [rate / (2 * decay * 0.2 / 0.1) for rate in rates]
    assert found("imbalance_rate", ("direct", name)) == near(rates)
    assert found("imbalance_rate_over_prediction", ("direct", name)) == near(expected)


def test_a_single_layer_has_no_imbalance():
    rates = values(measured("direct"), "imbalance_rate_over_prediction")
    assert list(rates) == ["condition=gof3", "condition=of2", "condition=off3"]


@pytest.mark.parametrize("statistic", ["nc1_fall", "worst_misfit", "gap", "self_output", "own_over_other"])
def test_the_diverged_seed_is_flagged_and_no_other(statistic):
    rows = measured("direct").statistics().query("condition == 'condition=of2' and statistic == @statistic")
    assert rows["status"].tolist() == ["ok", "diverged", "ok"]
    assert rows["seed"].tolist() == [0, 1, 2]
