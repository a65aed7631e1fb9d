"""Statistics of the loss on lines and planes through teacher and students, on made-up grids."""

import numpy as np
import pytest
from made_up import artifact, by_place, cells, measuring, near, values

from replications.random_teachers.sarnthein2023.measure import measure

PLACES = (-0.5, -0.1, 0.1, 0.4, 0.8, 1.0, 1.5)
LINES = {  # final KL by condition, one row a seed
    "independent": [[8, 6, 4, 5, 7, 2, 99], [9, 2, 8, 5, 3, 16, 99]],
    "local": [[50, 9, 3, 12, 4, 2, 70], [60, 5, 20, 1, 6, 8, 80], [70, 7, 2, 1, 24, 6, 90]],
}
RANDOM = {
    "independent": [[1, 3, 2, 1, 1, 1, 1], [1, 1, 4, 1, 1, 1, 1]],
    "local": [[1, 5, 4, 1, 1, 1, 1], [1, 2, 8, 1, 1, 1, 1], [1, 6, 5, 1, 1, 1, 1]],
}
SETTINGS = {
    "alpha": 1.0,
    "source": "real",
    "distinct_images": 4000,
    "output_size": 256,
    "bottleneck": 4,
    "output_std": 0.5,
    "weight_norm": False,
}
LOGGED = ("linear", "ridge", "neighbours", "linear_long", "ridge_shuffled", "kl", "distance", "alive", "scale")


def lines(lines: dict, random: dict):
    """Records at steps 0, 1 and 9 with these final losses on the lines; what is recorded before is another number."""
    curves = {}
    for name, final in (("kl_line", lines), ("kl_random_line", random)):
        rows = np.concatenate([np.array(final[c], float) for c in sorted(final)])
        curves[name] = np.stack([np.full_like(rows, 3.5), rows[:, ::-1], rows], 1)
    count = len(curves["kl_line"])
    arrays = curves | {name: np.full((count, 3), np.nan) for name in LOGGED}
    arrays |= {f"teacher_{name}": np.full(count, np.nan) for name in LOGGED[:5]}
    arrays |= {f"input_{name}": 0.5 for name in LOGGED[:3]} | {"steps": [0, 1, 9], "line": PLACES}
    return artifact(arrays, {c: {"seeds": len(final)} for c, final in lines.items()}, 2, **SETTINGS)


measured = measuring(measure)


@pytest.mark.parametrize("experiment", ["kick", "wide_kick"])
@pytest.mark.parametrize(
    ("statistic", "independent", "local"),
    [
        ("asymmetry", [1.5, 0.25], [3.0, 0.25, 3.5]),
        ("random_asymmetry", [1.5, 0.25], [1.25, 0.25, 1.2]),
        ("barrier", [3.5, 0.5], [6.0, 2.5, 4.0]),
    ],
)
def test_lines_have_a_cliff_behind_the_teacher_and_a_barrier_before_the_student(
    experiment, statistic, independent, local
):
    """Cliff: KL at -0.1 over KL at 0.1. Barrier: the highest KL strictly between 0 and 1 over that at 1."""
    out = measured(**{experiment: lines(LINES, RANDOM)})
    assert values(out, statistic, experiment) == near({"condition=independent": independent, "condition=local": local})
    for column, losses in (("value", LINES), ("random", RANDOM)):
        expected: dict = {}
        for condition, rows in losses.items():
            expected |= by_place([rows], [condition], range(len(rows)), PLACES)
        assert cells(out, f"{experiment}_line", "condition", "seed", "x", value=column) == expected


def test_lines_without_divergence_are_flagged_by_seed():
    flat = {"local": [[1, 4, 2, 3, 1, 6, 1], [1, 2, 0, 3, 1, 0, 1]]}
    random = {"local": [[1, 2, 0, 1, 1, 1, 1], [1, 3, 2, 1, 1, 1, 1]]}
    out = measured(kick=lines(flat, random))
    assert values(out, "asymmetry") == near({"condition=local": [2.0, np.nan]})
    assert values(out, "random_asymmetry") == near({"condition=local": [np.nan, 1.5]})
    assert values(out, "barrier") == near({"condition=local": [0.5, np.nan]})


AXIS = np.array([-0.5, 0.0, 1.2, 1.9])
MAPS = {"shared": [[3.0, 1.0], [0.0, 2.0]], "nonlocal": [[2.0, -1.0], [0.0, 4.0]]}
SHIFTS = {"shared": [0.5, -1.0], "nonlocal": [-2.0, 3.0]}
HEIGHTS = {"shared": 2.0, "nonlocal": 5.0}  # distance of the plane from the origin


def norms(view: str, height: np.ndarray) -> np.ndarray:
    """Norms of the parameters on a plane at these distances from the origin; rows run along the second axis."""
    result = np.zeros((4, 4))
    for row, b in enumerate(AXIS):
        for column, a in enumerate(AXIS):
            (first, second), (third, fourth) = MAPS[view]
            x = SHIFTS[view][0] + first * a + second * b
            y = SHIFTS[view][1] + third * a + fourth * b
            result[row, column] = (x**2 + y**2 + height[row, column] ** 2) ** 0.5
    return result


def planes(axis: np.ndarray = AXIS, heights: dict | None = None, **changed):
    """Both views; KL is 1, 2, ... row by row, and ten times that in the second view."""
    arrays = {"axis": axis}
    for view in ("shared", "nonlocal"):
        grid = np.arange(1.0, 17).reshape(4, 4) * (1 if view == "shared" else 10)
        arrays |= {f"{view}_{field}": grid + k / 4 for k, field in enumerate(("kl", "encoder_kl", "linear", "ridge"))}
        height = np.full((4, 4), HEIGHTS[view]) if heights is None else heights[view]
        arrays |= {f"{view}_norm": norms(view, height), f"{view}_map": MAPS[view], f"{view}_shift": SHIFTS[view]}
    return artifact(arrays | changed, {"local": {"alpha": 0.001}, "independent": {}}, 1, **SETTINGS)


def test_divergence_at_the_teacher_is_read_where_both_coordinates_are_0():
    signed = -np.arange(1.0, 17).reshape(4, 4)
    out = measured(planes=planes(shared_kl=signed))
    assert values(out, "kl_at_teacher") == near({"view=shared": [6.0], "view=nonlocal": [60.0]})
    away = measured(planes=planes(AXIS + 0.001))
    assert values(away, "kl_at_teacher") == {}


def test_figures_get_the_planes_at_their_own_coordinates():
    """Rows of a grid run along the second axis."""
    table = measured(planes=planes()).curves["planes"]
    for view, factor in (("shared", 1), ("nonlocal", 10)):
        own = table[table["view"] == view]
        assert own["a"].tolist() == [*AXIS] * 4
        assert own["b"].tolist() == [b for b in AXIS for _ in range(4)]
        (first, second), (third, fourth) = MAPS[view]
        assert own["x"].tolist() == near([*(SHIFTS[view][0] + first * own["a"] + second * own["b"])])
        assert own["y"].tolist() == near([*(SHIFTS[view][1] + third * own["a"] + fourth * own["b"])])
        for k, field in enumerate(("kl", "encoder_kl", "linear", "ridge")):
            assert own[field].tolist() == [factor * point + k / 4 for point in range(1, 17)]
        assert own["norm"].tolist() == norms(view, np.full((4, 4), HEIGHTS[view])).ravel().tolist()


def test_a_true_plane_keeps_its_distance_from_the_origin():
    assert values(measured(planes=planes()), "norm_spread") == {
        "view=shared": [pytest.approx(0, abs=1e-12)],
        "view=nonlocal": [pytest.approx(0, abs=1e-12)],
    }


def test_spread_of_the_distance_is_its_range_over_its_mean():
    """15 points at distance 2 and one at 3: 1 / (33 / 16); 14 at 5, one at 1, one at 9: 8 / 5."""
    heights = {view: np.full((4, 4), height) for view, height in HEIGHTS.items()}
    heights["shared"][1, 3] = 3
    heights["nonlocal"][0, 2], heights["nonlocal"][3, 1] = 1, 9
    out = measured(planes=planes(heights=heights))
    assert values(out, "norm_spread") == near({"view=shared": [16 / 33], "view=nonlocal": [1.6]})


def test_finite_points_are_counted_in_both_views():
    """4 of 160 values are not finite."""
    linear, norm = np.ones((4, 4)), norms("nonlocal", np.full((4, 4), 5.0))
    linear[0, 1], linear[2, 2], norm[3, 3] = np.nan, np.nan, np.nan
    kl = np.arange(1.0, 17).reshape(4, 4)
    kl[0, 0] = np.inf
    out = measured(planes=planes(shared_kl=kl, nonlocal_linear=linear, nonlocal_norm=norm))
    assert values(out, "finite", "planes") == near({"": [156 / 160]})
    assert values(measured(planes=planes()), "finite", "planes") == near({"": [1.0]})


def test_students_of_the_plane_are_read_next_to_1_on_either_axis():
    """The local one lies on the first axis (row 1, column 2: KL 7), the independent one on the second (10)."""
    out = measured(planes=planes())
    assert values(out, "run_kl", "planes") == near({"": [7 / 0.25, 10 / 0.25]})
