"""Statistics of the trajectories and of the sweep of weight decays, on records made by hand; the section of a path."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from replications.grokking.prieto2025.experiments import modular
from replications.grokking.prieto2025.experiments.landscape import _section, plane
from replications.grokking.prieto2025.measuring import landscape, weight_decay
from verifig.measuring.tables import Tables

POINTS = np.array([0, 10, 20, 30])


class Records:
    """What `Series` offers, from a mapping (condition, field) -> [seeds, points]."""

    def __init__(self, values, settings):
        self.values, self.settings, self.points = values, settings, POINTS

    def __contains__(self, condition):
        return condition in self.settings

    def __getitem__(self, key):
        return np.asarray(self.values[key], float)


def by_unit(out: Tables, statistic: str) -> list[tuple[float, str]]:
    rows = out.statistics()
    rows = rows[rows["statistic"] == statistic]
    return [(round(value, 6), status) for value, status in zip(rows["value"], rows["status"], strict=True)]


def test_epochs_of_weight_decays_and_of_the_projection_are_compared_seed_by_seed():
    arms = {"wd2": 2.0, "wd6": 6.0, "wd8": 8.0, "perp_adamw": 0.0}
    fast, slow, never = [0, 0.95, 1, 1], [0, 0, 0.95, 1], [0, 0.1, 0.2, 0.3]
    test = {"wd2": [slow, slow], "wd6": [fast, slow], "wd8": [never, never], "perp_adamw": [fast, never]}
    records = Records(
        {(name, "test_accuracy"): rows for name, rows in test.items()},
        {name: {"weight_decay": decay} for name, decay in arms.items()},
    )
    out = Tables()
    weight_decay.sweep("decay53", records, out)
    assert by_unit(out, "grok_epoch_ratio") == [(0.5, "ok"), (1.0, "ok")]
    assert by_unit(out, "projection_over_best_decay") == [(1.0, "ok"), (1.5, "never")]


@pytest.mark.parametrize("left_out", ["perp_adamw", "wd6", "wd2"])
def test_arms_may_be_left_out(left_out):
    arms = {"wd2": 2.0, "wd6": 6.0, "perp_adamw": 0.0}
    del arms[left_out]
    values = {(name, "test_accuracy"): [[0, 1, 1, 1]] for name in arms}
    out = Tables()
    weight_decay.sweep("decay53", Records(values, {name: {"weight_decay": decay} for name, decay in arms.items()}), out)
    assert len(out.statistics()) == 1


def test_a_path_touches_its_plane_at_start_end_and_farthest_point():
    path = torch.randn(7, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).cumsum(0)
    axes = plane(path)
    assert torch.allclose(axes @ axes.T, torch.eye(2, dtype=torch.float64))
    moves = path - path[0]
    beside = (moves - (moves @ axes.T) @ axes).norm(dim=1)
    off_line = (moves - (moves @ axes[0])[:, None] * axes[0]).norm(dim=1)
    for touched in (0, -1, int(off_line.argmax())):
        assert beside[touched] < 1e-12
    assert beside.max() > 0.1, "elsewhere it lies beside"
    assert (axes[0] @ moves[-1]) > 0


def test_a_path_that_does_not_move_has_no_plane_and_no_failure():
    assert torch.isfinite(plane(torch.ones(3, 5, dtype=torch.float64))).all()


class Weighted:
    """A program of 3 parameters whose mean losses are sums of them with given weights."""

    train_set, test_set = ([1.0, 10.0, 100.0],), ([1.0, -1.0, 1.0],)

    def __init__(self):
        self.model = SimpleNamespace(parameters=SimpleNamespace(flat=torch.zeros(1, 3, dtype=torch.float64)))

    def mean_loss(self, weights):
        return self.model.parameters.flat[0] @ torch.tensor(weights, dtype=torch.float64)


@pytest.fixture
def section(monkeypatch):
    """The section of a path by `Weighted`, built in double precision."""
    run, member = SimpleNamespace(settings={"grid": 3}, device="cpu"), {"dtype": "float32"}
    monkeypatch.setattr(modular, "build", lambda members, device: {"float64": Weighted()}[members[0]["dtype"]])
    return lambda path: _section(run, member, torch.tensor(path, dtype=torch.float64))


def test_a_section_reaches_past_the_path_by_15_percent_and_holds_the_loss_in_its_plane(section):
    """From (5, 0, 0) two to the side, four ahead, and at the end ten ahead: the second axis points to the side."""
    found = section([[5, 0, 0], [5, 2, 0], [9, 1, 1], [15, 0, 0]])
    assert found["path"] == pytest.approx(np.array([[0, 0], [0, 2], [4, 1], [10, 0]]))
    x, y = [-1.5, 5, 11.5], [-0.3, 1, 2.3]
    assert found["grid"] == pytest.approx(np.array([x, y]))
    assert found["surface_train"] == pytest.approx(np.array([[5 + a + 10 * b for a in x] for b in y]))
    assert found["surface_test"] == pytest.approx(np.array([[5 + a - b for a in x] for b in y]))
    assert found["in_plane"] == pytest.approx([1, 1, 17 / 18, 1])


@pytest.mark.parametrize(("largest", "defined"), [(9e29, True), (1e30, False), (-1e31, False), (np.nan, False)])
def test_a_diverged_path_has_no_section(section, largest, defined):
    found = section([[0, 0, 0], [1, 0, 0], [0, largest, 0], [1, 1, 1]])
    shapes = {"path": (4, 2), "grid": (2, 3), "in_plane": (4,), "surface_train": (3, 3), "surface_test": (3, 3)}
    assert {name: values.shape for name, values in found.items()} == shapes
    assert all(np.isfinite(values).all() if defined else np.isnan(values).all() for values in found.values())


def test_a_diverged_run_is_told_by_its_end_over_its_lowest_loss():
    """What Figure 7's health asks for: at learning rate 10 training loss falls and then leaps."""
    settings = {"sgd": {}}
    losses = {("sgd", "train_loss"): [[4, 1, 0.1, 3.9]], ("sgd", "test_loss"): [[4, 4, 4, 8]]}
    records = Records(losses, settings)
    records.artifact = {
        "path": np.zeros((1, 4, 2)), "grid": np.zeros((1, 2, 3)), "surface_train": np.zeros((1, 3, 3)),
        "surface_test": np.zeros((1, 3, 3)), "in_plane": np.array([[1, 0.5, 0.75, 1]]),
    }  # fmt: skip
    out = Tables()
    landscape.measure(records, out)
    assert by_unit(out, "train_loss_end_over_lowest") == [(39.0, "ok")]
    assert by_unit(out, "test_loss_end_over_start") == [(2.0, "ok")]
    assert by_unit(out, "lowest_share_in_plane") == [(0.5, "ok")]
    assert out.curves["landscape_paths"]["train_loss"].tolist() == [4, 1, 0.1, 3.9]
