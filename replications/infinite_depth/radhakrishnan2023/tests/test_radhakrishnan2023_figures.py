"""Figures and their captions from made-up tables: what is drawn is what stands in them."""

import numpy as np
import pandas as pd
import pytest
from made_up import near

from replications.infinite_depth.radhakrishnan2023 import captions, plots
from verifig.measuring.tables import melt
from verifig.pages import figures


@pytest.fixture(autouse=True)
def closed():
    yield
    figures.plt.close("all")


def line(axes, label: str) -> np.ndarray:
    (found,) = [each.get_ydata() for each in axes.get_lines() if each.get_label() == label]
    return np.asarray(found)


def networks() -> pd.DataFrame:
    frames = []
    for k, name in enumerate(plots.NETWORKS):
        values = np.array([[0.5, 0.6], [0.52, 0.66]]) + k / 100
        fields = {"agreement": values, "majority_share": 1 - values}
        frames.append(melt(fields, network=name, seed=[0, 1], x=[2, 8]))
    return pd.concat(frames)


def test_networks_by_depth():
    for draw, names in (
        (plots.regimes, ("h2", "cubic", "majority", "relu")),
        (plots.edges, ("cubic", "knife", "ordered")),
    ):
        left, right = draw(networks()).axes
        for name in names:
            label, k = plots.NETWORKS[name][0], list(plots.NETWORKS).index(name)
            assert line(left, label) == near([51 + k, 63 + k])
            assert line(right, label) == near([49 - k, 37 - k])
        assert len(left.get_lines()) == len(names)
    assert len(plots.mnist(networks()).axes[0].get_lines()) == 5
    told = captions.by_depth_alt(networks(), ("knife",))
    assert told.endswith("cubic with A = 0.05, from L = 2 to 8: agreement 55 to 67 %, larger class 45 to 33 %.")


def test_networks_that_did_not_run_are_left_out():
    rows = figures.pick(networks(), network="h2")
    assert len(plots.regimes(rows).axes[0].get_lines()) == 1
    assert "ReLU" not in captions.by_depth_alt(rows, ("h2", "relu"))


def test_kernels_by_angle():
    angles = [10.0, 45, 90]
    frames = [
        melt(np.array([[3.0, 2, 1], [30, 20, 10]]) * scale, kind=kind, depth=[1, 4], x=angles)
        for kind, scale in (("nearest", 0.01), ("singular", 1), ("majority", 2))
    ]
    limit = melt(np.array([9.0, 8, 7]), x=angles)
    axes = plots.kernels(pd.concat(frames), limit).axes
    assert line(axes[0], "L = 4") == near([0.3, 0.2, 0.1])
    assert line(axes[1], "limit").tolist() == [9, 8, 7]
    assert line(axes[2], "L = 1").tolist() == [6, 4, 2]


def test_singularities_against_their_slope():
    radii = np.array([0.001, 0.01, 0.1])
    table = melt(np.array([7.0 - 2 * np.log10(radii), 1 - 4 * np.log10(radii)]) + [0, 0.3, 0], d=[2, 4], x=radii)
    left, right = plots.singularity(table).axes
    assert line(left, "d = 4") == near([13, 9.3, 5])
    for d in (2, 4):
        assert line(right, f"d = {d}") == near([-0.1, 0.2, -0.1], abs=1e-9)


def test_votes_and_levels_of_the_nearest_neighbour():
    errors = {"right": 0.02, "wrong": 0.1}
    frames = [
        melt(np.array([[0.4, 0.1, level], [0.2, 0.3, level]]), labels=labels, seed=[0, 1], x=[1, 4, np.inf])
        for labels, level in errors.items()
    ]
    (axes,) = plots.noise(pd.concat(frames)).axes
    assert line(axes, "all labels right") == near([30, 20])
    assert line(axes, "nearest neighbour, with wrong training labels") == near([10, 10])
    assert line(axes, "nearest neighbour, all labels right") == near([2, 2])
    told = captions.noise_alt(pd.concat(frames))
    assert "wrong labels: α = 1 30.0; α = 4 20.0; nearest neighbour 10.0" in told


def test_errors_by_number_of_points():
    rows = melt(
        np.arange(16.0).reshape(2, 2, 2, 2) / 16,
        seed=[0, 1], target=["constant", "cap"], x=[100, 1000], order=[2, np.inf],
    )  # fmt: skip
    laws = pd.DataFrame({"order": [3.0], "value": [0.27]})
    left, right = plots.consistency(rows, laws).axes
    assert line(left, "α = 2") == near([4 / 16, 6 / 16])
    assert line(right, "nearest neighbour") == near([9 / 16, 11 / 16])
    assert any(list(each.get_ydata()) == [0.27, 0.27] for each in left.get_lines())
    assert "constant, α = 2: 0.250 to 0.375" in captions.consistency_alt(rows)


def test_errors_and_agreement_by_depth():
    frames = []
    for condition in ("constant", "cap"):
        for k, kernel in enumerate(("ntk", "nngp", "solved")):
            depths = [24] if kernel == "solved" else [1, 24]
            values = np.full((2, len(depths)), 0.2 + k / 10)
            fields = {"error": values, "agreement": 1 - values}
            frames.append(melt(fields, condition=condition, kernel=kernel, seed=[0, 1], x=depths))
    table = pd.concat(frames)
    left, right = plots.depth(table, 0.15, 0.29).axes
    assert line(left, "all layers trained") == near([0.2, 0.2])
    assert line(right, "last layer alone") == near([0.7, 0.7])
    assert line(left, "all layers, solved") == near([0.4])
    assert line(right, "all layers, solved") == near([0.6])
    assert [list(each.get_ydata()) for each in left.get_lines()][-2:] == [[0.15, 0.15], [0.29, 0.29]]
    assert "cap, nngp, error and agreement: L = 1: 0.300, 0.700; L = 24" in captions.depth_alt(table)


def test_errors_of_finite_networks():
    frames = [
        melt({"value": np.full((3, 2, 2), 0.1 * (k + 1))}, activation=name, seed=range(3), x=[1, 3], xi=[1.0, 0.5])
        for k, name in enumerate(("relu", "sine", "cubic", "h2"))
    ]
    axes = plots.width(pd.concat(frames)).axes
    assert line(axes[1], "cubic") == near([0.3, 0.3])
    assert axes[0].get_title("left") == "ξ = 1"
    told = captions.width_alt(pd.concat(frames))
    assert "At L = 3 and ξ = 0.5: cubic 0.30; h2 0.40; relu 0.10; sine 0.20" in told
