"""Every statistic that a claim names, on artifacts with known arrays."""

import numpy as np
import pandas as pd
import pytest
from made_up import artifact, cells, measuring, near, values

from replications.infinite_depth.radhakrishnan2023.measure import measure
from replications.infinite_depth.science import laws

measured = measuring(measure)


@pytest.fixture(scope="module")
def exact():
    arrays = {
        "closed_monomial": [1e-15, 2e-15],
        "closed_moebius": [3e-15],
        "relu_ntk": [0.3, 0.26],
        "relu_nngp": [0.8, 0.9],
        "quadrature": [1e-12, 4e-12, 2e-12],
        "diagonal": [0.0, 5e-14],
        "sine_order": [2.25, 2.5],
        "dual_at_one": [1.0, 0.75],
        "square_slope": [2.5, 2.0],
        "order": [2.0, 4.5],
        "slope": [-2.25, -4.0],
        "lowest": [-0.1, -0.2],
        "highest": [0.3, 0.1],
        "koenigs": [1e-9, 3e-9],
        "logs": np.log(10) * np.array([[8.0, 2], [16, 4]]),
        "radii": [1e-4, 0.1],
        "angles": np.radians([10.0, 90]),
        "kernel_nearest": [[1.0, 2]],
        "kernel_singular": [[3.0, 4]],
        "kernel_majority": [[5.0, 6]],
        "kernel_limit": [7.0, 8],
    }
    settings = {
        "degrees": [2, 3],
        "ps": [0.5],
        "relu_depths": [10, 100],
        "sine_orders": [2.0, 3.0],
        "dimensions": [2, 4],
    }
    return measured(exact=artifact(arrays, **settings, kernel_depths=[4]))


def test_closed_forms(exact):
    assert values(exact, "closed_form_error") == {
        "activation=h2": [1e-15],
        "activation=h3": [2e-15],
        "activation=moebius;p=0.5": [3e-15],
    }
    assert values(exact, "relu_kernel") == {"depth=10": [0.3], "depth=100": [0.26]}
    assert values(exact, "relu_nngp") == {"depth=10": [0.8], "depth=100": [0.9]}
    assert values(exact, "quadrature_error") == {"": [4e-12]}
    assert values(exact, "diagonal_error") == {"": [5e-14]}
    assert values(exact, "sine_order_error") == {"order=2": [0.25], "order=3": [0.5]}


def test_singularities(exact):
    assert values(exact, "order_error") == {"d=2": [0], "d=4": [0.5]}
    assert values(exact, "quarter_order_error") == {"d=2": [-1.5], "d=4": [-2.875]}
    assert values(exact, "slope_error") == {"d=2": [-0.25], "d=4": [0]}
    assert values(exact, "dual_error") == {"": [0.25]}
    assert values(exact, "square_slope_error") == {"": [0.5]}
    assert values(exact, "lowest") == {"": [-0.2]}
    assert values(exact, "highest") == {"": [0.3]}
    assert values(exact, "koenigs_error") == {"": [3e-9]}
    assert cells(exact, "singularity", "d", "x") == near({(2, 1e-4): 8, (2, 0.1): 2, (4, 1e-4): 16, (4, 0.1): 4})


def test_kernels_by_angle(exact):
    found = exact.curves["kernels"].round({"x": 9})
    assert found.set_index(["kind", "depth", "x"])["value"].to_dict() == {
        ("nearest", 4, 10): 1,
        ("nearest", 4, 90): 2,
        ("singular", 4, 10): 3,
        ("singular", 4, 90): 4,
        ("majority", 4, 10): 5,
        ("majority", 4, 90): 6,
    }
    assert exact.curves["limit"]["value"].tolist() == [7, 8]


CONDITIONS = {"h2": {"depths": [2, 10]}, "cubic": {"depths": [12]}}  # members: cubic, h2, two draws each


def classified(experiment="images", seeds=2):
    """The value of a field tells field, member and depth apart; the second depth of the cubic does not exist."""
    names = ("agreement", "majority_share", "error", "balanced_accuracy")
    members = 2 * seeds
    each = np.arange(members)[:, None] / 100 + np.array([0.001, 0.002])
    arrays = {name: each + 0.1 * k for k, name in enumerate(names)}
    for array in arrays.values():
        array[:seeds, 1] = np.nan
    arrays |= {"nearest_error": np.arange(members) / 10, "majority_error": np.arange(members) / 20}
    return measured(**{experiment: artifact(arrays, CONDITIONS, seeds=seeds)})


def test_networks_by_depth():
    out = classified()
    expected = {
        "depth=12;network=cubic": [0.001, 0.011],
        "depth=2;network=h2": [0.021, 0.031],
        "depth=10;network=h2": [0.022, 0.032],
    }
    assert values(out, "agreement") == near(expected)
    assert values(out, "majority_share") == near({name: [x + 0.1 for x in each] for name, each in expected.items()})
    assert values(out, "error") == near({name: [x + 0.2 for x in each] for name, each in expected.items()})
    assert values(out, "balanced_accuracy") == near({name: [x + 0.3 for x in each] for name, each in expected.items()})
    assert values(out, "nearest_error") == near({"network=cubic": [0, 0.1], "network=h2": [0.2, 0.3]})
    assert values(out, "majority_error") == near({"network=cubic": [0, 0.05], "network=h2": [0.1, 0.15]})
    table = out.curves["images"].set_index(["network", "seed", "x"])
    assert table.loc[("h2", 1, 10), "error"] == pytest.approx(0.232)
    assert sorted(table.index.unique()) == [("cubic", 0, 12), ("cubic", 1, 12)] + [
        ("h2", seed, depth) for seed in (0, 1) for depth in (2, 10)
    ]


def test_all_of_mnist_is_measured_once():
    out = classified("mnist", seeds=1)
    rows = out.statistics()
    assert rows["seed"].isna().all()
    assert set(rows["experiment"]) == {"mnist"}
    assert values(out, "agreement")["depth=10;network=h2"] == near([0.012])
    assert values(out, "majority_share")["depth=12;network=cubic"] == near([0.101])
    assert "mnist" in out.curves


def test_votes_on_wrong_labels():
    """Members are right, then wrong, two draws each; orders 1 and 4."""
    arrays = {"error": [[0.4, 0.05], [0.5, 0.03], [0.4, 0.06], [0.3, 0.08]], "nearest": [0.02, 0.01, 0.2, 0.3]}
    out = measured(noisy=artifact(arrays, {"wrong": {}, "right": {}}, seeds=2, orders=[1, 4]))
    assert values(out, "nearest_error") == {"labels=right": [0.02, 0.01], "labels=wrong": [0.2, 0.3]}
    assert values(out, "error")["labels=wrong;order=4"] == [0.06, 0.08]
    assert values(out, "below_nearest")["labels=wrong;order=4"] == near([0.14, 0.22])
    assert values(out, "below_nearest")["labels=right;order=4"] == near([-0.03, -0.02])
    assert values(out, "below_first") == near(
        {
            "labels=right;order=1": [0, 0],
            "labels=right;order=4": [0.35, 0.47],
            "labels=wrong;order=1": [0, 0],
            "labels=wrong;order=4": [0.34, 0.22],
        }
    )
    assert cells(out, "noisy", "labels", "seed", "x")["wrong", 1, np.inf] == 0.3


@pytest.fixture(scope="module")
def sphere():
    """Two seeds, targets constant and cap, sizes 10 and 100, orders 2 and 3."""
    error = np.array(
        [[[[0.5, 0.4], [0.25, 0.3]], [[0.2, 0.1], [0.3, 0.6]]], [[[0.6, 0.4], [0.2, 0.5]], [[0.1, 0.1], [0.4, 0.3]]]]
    )
    nearest = [[[0.31, 0.32], [0.33, 0.34]], [[0.35, 0.36], [0.37, 0.38]]]
    settings = {"targets": ["constant", "cap"], "sizes": [10, 100], "orders": [2, 3], "dimension": 2, "noise": 0.2}
    return measured(sphere=artifact({"error": error, "nearest": nearest}, seeds=2, **settings))


def test_votes_by_number_of_points(sphere):
    assert values(sphere, "error")["order=3;size=10;target=cap"] == [0.1, 0.1]
    assert values(sphere, "error")["order=2;size=100;target=constant"] == [0.25, 0.2]
    assert values(sphere, "nearest_error") == {
        "size=10;target=constant": [0.31, 0.35],
        "size=100;target=constant": [0.32, 0.36],
        "size=10;target=cap": [0.33, 0.37],
        "size=100;target=cap": [0.34, 0.38],
    }
    assert values(sphere, "fall") == near(
        {
            "order=2;target=constant": [0.25, 0.4],
            "order=3;target=constant": [0.1, -0.1],
            "order=2;target=cap": [-0.1, -0.3],
            "order=3;target=cap": [-0.5, -0.2],
        }
    )
    assert values(sphere, "below_order") == near(
        {
            "order=2;over=3;target=constant": [0.05, 0.3],
            "order=3;over=2;target=constant": [-0.05, -0.3],
            "order=2;over=3;target=cap": [0.3, -0.1],
            "order=3;over=2;target=cap": [-0.3, 0.1],
        }
    )


def test_curves_and_laws_of_the_sphere(sphere):
    found = cells(sphere, "sphere", "seed", "target", "x", "order")
    assert found[1, "cap", 100, 3] == 0.3
    assert found[0, "constant", 10, np.inf] == 0.31
    assert cells(sphere, "laws", "order") == near({3: laws.vote_error(3, 2, 0.2), np.inf: 0.32})


def test_kernels_before_their_limit():
    """Members: cap, then constant; two depths, one of them solved."""
    arrays = {
        "ntk_error": [[0.1, 0.2], [0.3, 0.4]],
        "ntk_agreement": [[0.5, 0.6], [0.7, 0.8]],
        "nngp_error": [[0.11, 0.21], [0.31, 0.41]],
        "nngp_agreement": [[0.51, 0.61], [0.71, 0.81]],
        "solved_error": [[0.12], [0.32]],
        "solved_agreement": [[0.52], [0.72]],
        "limit_error": [0.9, 0.8],
    }
    conditions = {"constant": {"target": "constant"}, "cap": {"target": "cap"}}
    out = measured(depth=artifact(arrays, conditions, depths=[3, 24], solved_depths=[24]))
    assert values(out, "limit_error") == {"condition=cap": [0.9], "condition=constant": [0.8]}
    agreement, error = values(out, "agreement"), values(out, "error")
    assert agreement["condition=cap;depth=24;kernel=ntk"] == [0.6]
    assert agreement["condition=constant;depth=3;kernel=nngp"] == [0.71]
    assert agreement["condition=cap;depth=24;kernel=solved"] == [0.52]
    assert error["condition=constant;depth=24;kernel=ntk"] == [0.4]
    assert error["condition=constant;depth=24;kernel=solved"] == [0.32]
    assert len(error) == len(agreement) == 10
    table = out.curves["depth"].set_index(["condition", "kernel", "seed", "x"])
    assert table.loc[("cap", "nngp", 0, 24), ["error", "agreement"]].tolist() == [0.21, 0.61]


def test_finite_networks():
    """Four activations, one group of two nets, depths 1 and 3, correlations 1 and 0.5; errors of the nets add up."""
    limit = np.full((4, 2, 2), 2.0)
    kernel = np.full((4, 1, 2, 2, 2), 2.0)
    kernel[0, 0, :, 1, 1] = [4, 1]  # errors 1 and -1/2: mean 1/4, root mean square sqrt(5/8)
    kernel[2, 0, :, 0, 0] = [0, 0.8]  # errors -1 and -0.6: mean -0.8
    out = measured(width=artifact({"kernel": kernel, "limit": limit}, seeds=1, depths=[1, 3], correlations=[1, 0.5]))
    assert values(out, "mean_error") == near(
        {"activation=relu": [0.25], "activation=sine": [0], "activation=cubic": [0.8], "activation=h2": [0]}
    )
    assert values(out, "single_error")["activation=relu;depth=3;xi=0.5"] == near([np.sqrt(5 / 8)])
    single = values(out, "single_error")
    assert single["activation=relu;depth=1;xi=0.5"] == [0]
    assert single["activation=cubic;depth=1;xi=1"] == near([np.sqrt(0.68)])
    assert cells(out, "width", "activation", "seed", "x", "xi", value="mean")["cubic", 0, 1, 1] == near(0.8)


def test_nets_that_overflow_are_not_ok():
    kernel = np.full((4, 1, 2, 1, 1), 2.0, np.float32)
    kernel[2, 0, 0] = np.inf
    limit = np.full((4, 1, 1), 2.0)
    out = measured(width=artifact({"kernel": kernel, "limit": limit}, seeds=1, depths=[1], correlations=[1]))
    assert values(out, "mean_error")["activation=cubic"] == near([np.nan])
    assert values(out, "mean_error")["activation=h2"] == [0]


def test_nothing_is_measured_of_nothing():
    out = measured()
    assert out.curves == {}
    assert isinstance(out.statistics(), pd.DataFrame)
    assert len(out.statistics()) == 0
