"""The program against a plain loop and the map of its theory; steps as a GPU takes them; settings; figures."""

import numpy as np
import pandas as pd
import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device, take

from replications.sgd_stability.lu2023 import checks, plots
from replications.sgd_stability.lu2023.experiments.oscillation import Oscillation, draw, expand, orders
from replications.sgd_stability.lu2023.theory import residuals
from verifig.ground.errors import InputError
from verifig.pages import figures
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")


def rows(condition: str = "mixed", **changes) -> list[dict]:
    """Entries of a condition at smoke scale, three seeds."""
    values = rulesets.settings(rulesets.load("lu2023"), "rates", "smoke", {"seeds": 3})
    return expand([member | changes for member in members_of(values) if member["condition"] == condition])


def program(device: torch.device = CPU, **changes) -> Oscillation:
    return Oscillation(rows(**changes), device)


def test_steps_replay_resume_and_stay_on_the_device():
    assert_replays(lambda: program(steps=20), steps=18)
    assert_resumes(lambda: program(steps=40), at=21, steps=37)
    assert_stays_on_device(program)


def test_members_together_are_what_they_are_alone():
    chosen = rows(steps=40)
    together = Oscillation(chosen, CPU)
    take(together, 0, 40)
    for k, member in enumerate(chosen[::4]):
        alone = Oscillation([member], CPU)
        take(alone, 0, 40)
        for name, value in alone.record().items():
            torch.testing.assert_close(value[0], together.record()[name][4 * k], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("condition", ["mixed", "shuffled"])
def test_steps_are_those_of_a_plain_loop(condition):
    """Autograd on (f - y)^2, in the order of the seed; swings are means over strong samples of the second half."""
    member = next(row for row in rows(condition, steps=48, dtype="float64") if row["rate"] == 0.325)
    ours = Oscillation([member], CPU)
    inputs, labels, strong = draw(member)
    x, y = torch.from_numpy(inputs), torch.from_numpy(labels)
    m = member["width"]
    weights = ours.weights[0].clone().requires_grad_()
    take(ours, 0, 48)
    swings = []
    for step in range(48):
        k = orders([member["seed"]], len(y), step // len(y))[0, step % len(y)].item()
        hidden = torch.relu(weights @ x[k].T).square().sum(1) / m
        residual = hidden[:m].sum() - hidden[m:].sum() - y[k]
        swings += [abs(residual.item())] if strong[k] and step >= 24 else []
        (gradient,) = torch.autograd.grad(residual.square(), weights)
        with torch.no_grad():
            weights -= member["rate"] * m * gradient
    torch.testing.assert_close(ours.weights[0], weights.detach(), rtol=1e-9, atol=1e-9)
    found = ours.record()
    assert found["swing"].item() == pytest.approx(np.mean(swings))
    w = weights.detach()
    assert found["weak"].item() == pytest.approx(0.1 * (w[:m, 0].max() + (-w[m:, 0]).max()).item() / 2)
    assert found["strong"].item() == pytest.approx((w[:m, 1].max() + (-w[m:, 1]).max()).item() / 2)
    hidden = (
        torch.relu(w @ torch.tensor([[0.1, 0], [0, 1]] + [[0, 0]] * (w.shape[1] - 2), dtype=w.dtype)).square().sum(1)
        / m
    )
    assert found["deviation"].item() == pytest.approx((hidden[:m].sum() - hidden[m:].sum() - 1).item())


def test_one_strong_sample_follows_the_map():
    """Positive neurons alone, no weak feature to speak of: y f - 1 is that of the formula."""
    member = next(
        row for row in rows("strong", samples=2, weak_norm=1e-6, dtype="float64", steps=40) if row["rate"] == 0.26
    )
    ours = Oscillation([member], CPU)
    ours.weights[:] = 0
    ours.weights[0, : ours.width, 1] = torch.linspace(0.1, 0.9, ours.width)
    ours._labels[1] = 1  # the second sample is the first
    ours._inputs[1] = ours._inputs[0]
    start = ours.record()["deviation"].item()
    take(ours, 0, 40)
    assert ours.record()["deviation"].item() == pytest.approx(residuals(start, 0.26, 40)[-1], rel=1e-6)


def test_data_have_their_features():
    member = rows()[0]
    inputs, labels, strong = draw(member)
    assert strong.sum() == len(labels) - member["weak_samples"]
    np.testing.assert_allclose(inputs[:, 0, 0], 0.1 * labels)
    np.testing.assert_allclose(inputs[strong, 1, 1], labels[strong])
    assert np.abs(inputs[strong, 1]).sum() == strong.sum()
    assert inputs[~strong, 1].std() == pytest.approx(member["noise"], rel=0.3)
    signs = draw(rows("shuffled")[0])[0][:, 0, 0] * labels
    assert [signs[labels == side].sum() for side in (1, -1)] == pytest.approx([0, 0])


def test_accuracies_at_the_end():
    """Weights that read the weak feature alone are right everywhere; those with the wrong sign nowhere."""
    ours = program(steps=4)
    half = ours.width
    ours.weights[:] = 0
    ours.weights[:, :half, 0], ours.weights[:, half:, 0] = 1, -1
    ours.weights[1] *= -1
    assert ours.record()["weak_accuracy"].isnan().all()
    ours.taken = 4
    found = ours.record()
    for name in ("weak_accuracy", "strong_accuracy"):
        assert found[name][0] == 1
        assert found[name][1] == 0


@pytest.mark.parametrize(
    ("changes", "word"), [({"rates": [0.2, 0.1]}, "rates"), ({"weak_samples": 16}, "weak_samples")]
)
def test_settings_that_do_not_go_together_are_refused(changes, word):
    with pytest.raises(InputError, match=word):
        checks.oscillation([row | changes for row in rows()])


def test_figures_draw_accuracies_in_percent_beside_the_paper_s():
    places = [(name, seed, rate) for name in plots.CONDITIONS for seed in (0, 1) for rate in (0.01, 0.24, 0.325)]
    runs = pd.DataFrame(places, columns=["condition", "seed", "rate"])
    runs = runs.assign(accuracy=0.9, weak_accuracy=0.5, strong_accuracy=1.0, swing=0.3)
    figure = plots.accuracy(runs, {"large": 0.9938, "small": 0.9375}, (0.25, 0.4))
    heights = {round(float(line.get_ydata()[0]), 2) for line in figure.axes[0].get_lines()}
    assert {90, 93.75, 99.38} <= heights
    assert {50, 100} <= {float(line.get_ydata()[0]) for line in figure.axes[1].get_lines()}
    series = runs.merge(pd.DataFrame({"x": [0, 40, 41]}), how="cross").assign(weak=0.2, strong=1.0, deviation=-0.3)
    assert len(plots.signal(series, (0.01, 0.24, 0.325)).axes) == 3
    left = plots.oscillation(series, runs, (0.01, 0.24, 0.325), 10).axes[0]
    assert [line.get_xdata().tolist() for line in left.get_lines()] == [[40, 41]] * 3
    figures.plt.close("all")
