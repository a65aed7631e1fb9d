"""Statistics of the small networks on made-up records: probes, gains, paired differences, divergences, health."""

import numpy as np
import pytest
from made_up import artifact, by_place, cells, measuring, near, values
from scipy import stats

from replications.random_teachers.sarnthein2023.measure import measure
from verifig.measuring.tables import Tables

STEPS = (0, 1, 40, 200)
PROBES = ("linear", "ridge", "neighbours")
FIELDS = (*PROBES, "linear_long", "ridge_shuffled", "kl", "distance", "alive", "scale")
SETTINGS = {
    "alpha": 1.0,
    "source": "real",
    "distinct_images": 4000,
    "output_size": 256,
    "bottleneck": 5,
    "output_std": 0.1,
    "weight_norm": False,
}
PIXELS = {"input_linear": 0.625, "input_ridge": 0.5, "input_neighbours": 0.375}

# by condition, one row a seed, one column a log point: first, last, largest and mean all differ
LINEAR = {
    "alpha_0": [[0.30, 0.90, 0.20, 0.50], [0.35, 0.10, 0.80, 0.60]],
    "full": [[0.10, 0.20, 0.90, 0.70], [0.25, 0.95, 0.30, 0.40], [0.20, 0.30, 0.40, 0.85]],
}
RIDGE = {
    "alpha_0": [[0.41, 0.10, 0.90, 0.52], [0.44, 0.90, 0.10, 0.63]],
    "full": [[0.31, 0.90, 0.10, 0.74], [0.36, 0.10, 0.20, 0.45], [0.38, 0.90, 0.10, 0.81]],
}
NEIGHBOURS = {
    "alpha_0": [[0.21, 0.10, 0.95, 0.33], [0.26, 0.90, 0.10, 0.39]],
    "full": [[0.11, 0.90, 0.10, 0.57], [0.16, 0.10, 0.90, 0.68], [0.19, 0.90, 0.10, 0.29]],
}
TEACHERS = {
    "teacher_linear": {"alpha_0": [0.30, 0.75], "full": [0.45, 0.50, 0.55]},
    "teacher_ridge": {"alpha_0": [0.50, 0.40], "full": [0.60, 0.70, 0.20]},
    "teacher_neighbours": {"alpha_0": [0.31, 0.32], "full": [0.50, 0.70, 0.25]},
}


def small(own: dict[str, dict], seeds: int = 2, **given):
    """Records of small networks by field and condition; what is not given is NaN, as where nothing was measured."""

    def stacked(name: str, *shape: int) -> np.ndarray:
        found = given.get(name, {})
        missing = {c: np.full((own[c].get("seeds", seeds), *shape), np.nan) for c in own if c not in found}
        return np.concatenate([np.asarray((found | missing)[c], float) for c in sorted(own)])

    arrays = {name: stacked(name, len(STEPS)) for name in FIELDS}
    arrays |= {f"teacher_{name}": stacked(f"teacher_{name}") for name in FIELDS[:5]}
    return artifact(arrays | PIXELS | {"steps": STEPS, "line": []}, own, seeds, **SETTINGS)


measured = measuring(measure)


def at_the_end(numbers: list[float]) -> list[list[float]]:
    """Curves that end at these numbers, after larger and smaller ones."""
    return [[0.9, 0.05, 0.7, number] for number in numbers]


@pytest.fixture(scope="module")
def plain() -> Tables:
    """Two conditions with 2 and 3 seeds; the second seed of `full` diverges in what is logged about the network."""
    nothing = [np.nan] * 3
    shuffled = {
        "alpha_0": [[*nothing, 0.08], [*nothing, 0.13]],
        "full": [[*nothing, 0.11], [*nothing, 0.14], [*nothing, 0.05]],
    }
    logged = {
        "kl": {"alpha_0": at_the_end([0.002, 0.006]), "full": at_the_end([0.03, np.nan, 0.01])},
        "distance": {"alpha_0": at_the_end([3.0, 4.5]), "full": at_the_end([7.0, np.inf, 9.0])},
        "alive": {"alpha_0": at_the_end([0.5, 0.25]), "full": at_the_end([0.75, 0.0, 1.0])},
        "scale": {"alpha_0": at_the_end([1.5, 2.5]), "full": at_the_end([3.5, 4.5, 5.5])},
    }
    probes = {"linear": LINEAR, "ridge": RIDGE, "neighbours": NEIGHBOURS, "ridge_shuffled": shuffled}
    teachers = TEACHERS | {"teacher_ridge_shuffled": {"alpha_0": [0.10, 0.09], "full": [0.12, 0.10, 0.07]}}
    return measured(plain=small({"full": {"seeds": 3}, "alpha_0": {}}, **probes, **teachers, **logged))


@pytest.mark.parametrize(
    ("statistic", "copy", "independent"),
    [
        ("linear_gain", [0.20, -0.15], [0.25, -0.10, 0.30]),
        ("ridge_gain", [0.02, 0.23], [0.14, -0.25, 0.61]),
        ("neighbours_gain", [0.02, 0.07], [0.07, -0.02, 0.04]),
        ("linear", [0.50, 0.60], [0.70, 0.40, 0.85]),
        ("ridge", [0.52, 0.63], [0.74, 0.45, 0.81]),
        ("neighbours", [0.33, 0.39], [0.57, 0.68, 0.29]),
        ("teacher_linear", [0.30, 0.75], [0.45, 0.50, 0.55]),
        ("teacher_ridge", [0.50, 0.40], [0.60, 0.70, 0.20]),
        ("teacher_neighbours", [0.31, 0.32], [0.50, 0.70, 0.25]),
        ("linear_untrained_gain", [0.00, -0.40], [-0.35, -0.25, -0.35]),
        ("neighbours_untrained_gain", [-0.10, -0.06], [-0.39, -0.54, -0.06]),
        ("neighbours_over_input", [-0.045, 0.015], [0.195, 0.305, -0.085]),
        ("scale", [1.5, 2.5], [3.5, 4.5, 5.5]),
        ("ridge_untrained_gain", [-0.09, 0.04], [-0.29, -0.34, 0.18]),
        ("linear_over_input", [-0.125, -0.025], [0.075, -0.225, 0.225]),
        ("ridge_over_input", [0.02, 0.13], [0.24, -0.05, 0.31]),
        ("ridge_shuffled", [0.08, 0.13], [0.11, 0.14, 0.05]),
        ("ridge_shuffled_gain", [-0.02, 0.04], [-0.01, 0.04, -0.02]),
        ("kl", [0.002, 0.006], [0.03, np.nan, 0.01]),
        ("distance", [3.0, 4.5], [7.0, np.nan, 9.0]),
        ("alive", [0.5, 0.25], [0.75, 0.0, 1.0]),
    ],
)
def test_final_values_and_gains_are_those_of_each_condition_and_seed(plain, statistic, copy, independent):
    expected = near({"condition=alpha_0": copy, "condition=full": independent}, abs=1e-12)
    assert values(plain, statistic, "plain") == expected


def test_pixels_are_probed_once(plain):
    assert values(plain, "input_linear") == {"": [0.625]}
    assert values(plain, "input_ridge") == {"": [0.5]}
    assert values(plain, "input_neighbours") == {"": [0.375]}


def test_figures_get_probes_over_training_and_final_values_by_condition_and_seed(plain):
    curves = {"linear": LINEAR, "ridge": RIDGE, "neighbours": NEIGHBOURS}
    expected: dict = {}
    for probe, records in curves.items():
        for condition, rows in records.items():
            expected |= by_place([[rows]], [condition], [probe], range(len(rows)), STEPS)
    assert cells(plain, "plain_probing", "condition", "probe", "seed", "x") == expected

    def final(column: str) -> list[float]:
        shown = cells(plain, "plain_final", "condition", "seed", value=column)
        places = [("alpha_0", 0), ("alpha_0", 1), ("full", 0), ("full", 1), ("full", 2)]
        assert set(shown) == set(places)
        return [shown[place] for place in places]

    for probe, records in curves.items():
        assert final(probe) == [rows[-1] for condition in ("alpha_0", "full") for rows in records[condition]]
        teachers = TEACHERS[f"teacher_{probe}"]
        assert final(f"teacher_{probe}") == [*teachers["alpha_0"], *teachers["full"]]
        assert final(f"input_{probe}") == [PIXELS[f"input_{probe}"]] * 5
    assert final("kl") == near([0.002, 0.006, 0.03, np.nan, 0.01])
    assert final("distance") == [3.0, 4.5, 7.0, np.inf, 9.0]
    assert final("alive") == [0.5, 0.25, 0.75, 0.0, 1.0]
    assert final("scale") == [1.5, 2.5, 3.5, 4.5, 5.5]
    for field in ("alpha", "source", "distinct_images", "output_size"):
        assert final(field) == [SETTINGS[field]] * 5


def test_probes_that_were_not_run_have_no_statistics(plain):
    assert values(plain, "linear_long") == {}
    assert values(plain, "linear_long_gain") == {}
    assert values(plain, "ridge_shuffled_untrained_gain") == {}


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("run_kl", [0.2, 0.6, 3.0, np.nan, 1.0]),
        ("run_alive", [0.5, 0.25, 0.75, 0.0, 1.0]),
        ("run_probe", [0.33, 0.39, 0.57, 0.40, 0.29]),
    ],
)
def test_signs_of_health_have_one_value_a_run(plain, statistic, expected):
    """KL over output_std^2 = 0.01; probes: the lowest of the three."""
    assert values(plain, statistic, "plain") == near({"": expected})


def test_health_compares_each_run_with_an_untrained_student_of_its_own_settings():
    own = {"independent": {"weight_norm": True, "bottleneck": 8}, "local": {"output_std": 0.5}}
    kl = {"independent": at_the_end([0.25, 0.5]), "local": at_the_end([0.5, 0.125])}
    out = measured(kick=small(own, kl=kl))
    assert values(out, "run_kl", "kick") == near({"": [2.0, 4.0, 2.0, 0.5]})


ENDS = {
    "full": [0.80, 0.71, 0.90],
    "noise": [0.55, 0.62, 0.50, 0.70],
    "alpha_08": [0.77, 0.73],
    "images_1000": [0.66, 0.69],
    "images_100": [0.58, 0.67],
    "outputs_4": [0.40, 0.52],
    "outputs_64": [0.83, 0.64],
    "local": [0.35, 0.91],
    "alpha_06": [0.49, 0.74],
    "alpha_0": [0.31, 0.44],
    "independent": [0.57, 0.48, 0.22],
    "local_noise": [0.61, 0.20],
}
PAIRS = {
    "plain": [
        ("full", "noise"),
        ("full", "alpha_08"),
        ("full", "images_1000"),
        ("images_1000", "images_100"),
        ("full", "outputs_4"),
        ("full", "outputs_64"),
        ("local", "full"),
        ("alpha_06", "alpha_0"),
        ("alpha_0", "full"),
    ],
    "kick": [("local", "independent"), ("local", "local_noise")],
    "wide_kick": [("local", "independent")],
}


@pytest.mark.parametrize("experiment", PAIRS)
def test_differences_are_paired_by_seed_first_condition_minus_second(experiment):
    ends = {c: ENDS[c] for pair in PAIRS[experiment] for c in pair}
    own = {c: {"seeds": len(ends[c])} for c in ends}
    probes = {
        "linear": {c: at_the_end(numbers) for c, numbers in ends.items()},
        "ridge": {c: at_the_end([number**2 for number in numbers]) for c, numbers in ends.items()},
        "neighbours": {c: at_the_end([1 - number**3 for number in numbers]) for c, numbers in ends.items()},
    }
    out = measured(**{experiment: small(own, **probes)})
    pairs = {f"a={a};b={b}": list(zip(ends[a], ends[b], strict=False)) for a, b in PAIRS[experiment]}
    linear = {pair: [a - b for a, b in numbers] for pair, numbers in pairs.items()}
    ridge = {pair: [a**2 - b**2 for a, b in numbers] for pair, numbers in pairs.items()}
    neighbours = {pair: [b**3 - a**3 for a, b in numbers] for pair, numbers in pairs.items()}
    assert values(out, "linear_difference", experiment) == near(linear)
    assert values(out, "ridge_difference", experiment) == near(ridge)
    assert values(out, "neighbours_difference", experiment) == near(neighbours)


def test_slope_over_images_is_a_fit_in_decades_by_seed():
    """On the line 0.1 + 0.05 log10 n the slope is 0.05; elsewhere it is that of scipy."""
    images = {"images_100": 50, "images_1000": 1000, "full": 4000}
    bent = {"images_100": 0.3, "images_1000": 0.7, "full": 0.6}
    linear = {c: at_the_end([0.1 + 0.05 * np.log10(n), bent[c]]) for c, n in images.items()}
    linear["full"] += at_the_end([0.99])
    own = {condition: {"distinct_images": count} for condition, count in images.items()}
    own["full"]["seeds"] = 3
    out = measured(plain=small(own, linear=linear))
    reference = stats.linregress(np.log10(list(images.values())), list(bent.values())).slope
    assert values(out, "linear_per_decade") == near({"": [0.05, reference]})
    same = measured(plain=small(own | {name: {} for name in ("images_100", "images_1000")}, linear=linear))
    assert values(same, "linear_per_decade") == near({"": [np.nan, np.nan]})


def test_a_seed_that_diverged_leaves_the_others_of_its_condition():
    out = measured(plain=small({"full": {"seeds": 3}}, linear={"full": at_the_end([0.5, np.nan, 0.7])}))
    assert values(out, "linear", "plain") == near({"condition=full": [0.5, np.nan, 0.7]})


@pytest.mark.parametrize(
    ("experiment", "far"), [("plain", "full"), ("kick", "independent"), ("wide_kick", "independent")]
)
def test_divergences_of_independent_students_are_over_those_of_local_ones(experiment, far):
    kl = {
        far: [[0.008, 0.5, 0.6, 0.12], [0.011, 0.3, 0.2, 0.06], [0.009, 0.1, 0.2, 0.05]],
        "local": [[1e-6, 0.004, 0.7, 0.03], [2e-6, 0.0088, 0.9, 0.04]],
    }
    out = measured(**{experiment: small({far: {"seeds": 3}, "local": {"alpha": 0.001}}, kl=kl)})
    assert values(out, "kl_ratio", experiment) == near({f"a={far};b=local": [4.0, 1.5]})
    assert values(out, "first_step_ratio", experiment) == near({"": [0.5, 0.8]})
    assert values(out, "kl_start_ratio", experiment) == near({f"condition={far}": [0.8, 1.1, 0.9]})


def test_ratios_to_a_copy_without_divergence_are_flagged_by_seed():
    kl = {"full": [[0.0, 0.5, 0.6, 0.12], [0.4, 0.3, 0.2, 0.06]], "local": [[0, 0.1, 0, 0.03], [0, 0.2, 0, 0]]}
    out = measured(plain=small({"full": {}, "local": {}}, kl=kl))
    assert values(out, "kl_ratio") == near({"a=full;b=local": [4.0, np.nan]})
    assert values(out, "first_step_ratio") == near({"": [np.nan, 0.5]})


def test_start_under_weight_normalisation_is_over_one_by_the_bottleneck():
    kl = {"full": [[0.25, 0.9, 0.9, 0.9], [0.1, 0.9, 0.9, 0.9]]}
    out = measured(plain=small({"full": {"weight_norm": True}}, kl=kl))
    assert values(out, "kl_start_ratio") == near({"condition=full": [1.25, 0.5]})


def test_the_closed_form_is_asked_of_independent_students_alone():
    kl = {"full": [[0.25, 0.9, 0.9, 0.9], [0.1, 0.9, 0.9, 0.9]]}
    assert values(measured(plain=small({"full": {"alpha": 0.8}}, kl=kl)), "kl_start_ratio") == {}
