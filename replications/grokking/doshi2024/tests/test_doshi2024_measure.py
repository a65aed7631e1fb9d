"""Every statistic that a claim names, on artifacts made up with known values."""

import numpy as np
from made_up import artifact, measuring, near, values

from replications.grokking.doshi2024.measure import measure

CONDITIONS = {name: {} for name in ("clean5", "wd0", "wd15", "wd5")}  # in the order of members: by name
STEPS = [0, 100, 200]
SHARES = [0.0, 0.3, 0.5, 1.0]
measured = measuring(measure)


def decay(**changes: object):
    """Two seeds of four conditions [8 members, 3 log points, ...]; what is not given is zero."""
    arrays = {f"{name}_accuracy": np.zeros((8, 3)) for name in ("train", "clean", "corrupted", "test")}
    arrays |= {name: np.zeros((8, 3)) for name in ("recovered", "loss", "shuffled")}
    arrays |= {"participation": np.full((8, 3, 4), 0.1), "pruned": np.ones((8, 3, 3, 4, 4))}
    return artifact(arrays | changes | {"steps": STEPS, "shares": SHARES}, CONDITIONS, seeds=2)


def rows(**by_condition: list) -> np.ndarray:
    """Values [8, ...] of both seeds of each condition, by name."""
    return np.array([row for name in CONDITIONS for row in by_condition[name]])


def at(condition: str, **where: object) -> str:
    return ";".join(f"{k}={v}" for k, v in sorted(({"condition": condition} | where).items()))


def test_final_values_are_those_of_the_last_log_point():
    for k, name in enumerate(
        ("train_accuracy", "clean_accuracy", "corrupted_accuracy", "test_accuracy", "recovered", "loss")
    ):
        field = np.tile([0.9, 0.8, 0.0], (8, 1))
        field[:, 2] = np.arange(8) / 10 + k / 100
        found = values(measured(decay=decay(**{name: field})), name)
        expected = {"clean5": [0, 0.1], "wd0": [0.2, 0.3], "wd15": [0.4, 0.5], "wd5": [0.6, 0.7]}
        assert found == near({at(c): [v + k / 100 for v in pair] for c, pair in expected.items()})


def test_all_named_final_values_exist():
    out = measured(decay=decay())
    for name in ("train_accuracy", "clean_accuracy", "corrupted_accuracy", "test_accuracy", "loss"):
        assert len(values(out, name)) == 4, name
    assert values(out, "train_accuracy")[at("wd5")] == [0, 0]
    assert values(out, "clean_accuracy")[at("wd5")] == [0, 0]
    assert values(out, "corrupted_accuracy")[at("wd5")] == [0, 0]
    assert values(out, "test_accuracy")[at("wd5")] == [0, 0]
    assert values(out, "loss")[at("wd15")] == [0, 0]


def test_neurons_are_compared_seed_by_seed_between_decays():
    ratios = np.zeros((8, 3, 4))
    ends = {"wd0": [[0.1] * 4, [0.3] * 4], "wd5": [[0.2, 0.2, 0.6, 0.6], [0.5] * 4], "wd15": [[0.9] * 4, [0.4] * 4]}
    ratios[:, 2] = rows(**ends, clean5=[[0.8] * 4, [0.49, 0.5, 0.9, 0.9]])
    shuffled = np.zeros((8, 3))
    shuffled[:, 2] = rows(wd0=[0.1, 0.2], wd5=[0.05, 0.3], wd15=[0.1, 0.1], clean5=[0.0, 0.0])
    out = measured(decay=decay(participation=ratios, shuffled=shuffled))
    gain = {"from=wd0;to=wd5": [0.3, 0.2], "from=wd5;to=clean5": [0.4, 0.1975], "from=wd5;to=wd15": [0.5, -0.1]}
    assert values(out, "participation_gain") == near(gain)
    expected = {"from=wd0;to=wd5": [-0.05, 0.1], "from=wd5;to=clean5": [-0.05, -0.3], "from=wd5;to=wd15": [0.05, -0.2]}
    assert values(out, "participation_shuffled_gain") == near(expected)
    assert values(out, "participation")[at("wd5")] == near([0.4, 0.5])
    below = {at("clean5"): [0, 0.25], at("wd0"): [1, 1], at("wd15"): [0, 1], at("wd5"): [0.5, 0]}
    assert values(out, "aperiodic_share") == near(below)


def test_a_fall_counts_from_the_peak_and_the_rise_meanwhile():
    train, test = np.zeros((8, 3)), np.zeros((8, 3))
    train[4:6] = [[0.1, 0.99, 0.7], [0.2, 0.6, 0.8]]
    test[4:6] = [[0.9, 0.1, 0.96], [0.0, 0.3, 0.5]]
    out = measured(decay=decay(train_accuracy=train, test_accuracy=test))
    assert values(out, "train_peak")[at("wd15")] == near([0.99, 0.8])
    assert values(out, "train_fall")[at("wd15")] == near([0.29, 0])
    assert values(out, "test_rise")[at("wd15")] == near([0.86, 0])
    assert values(out, "train_fall")[at("wd5")] == [0, 0]


def pruned() -> np.ndarray:
    """Of condition wd5: accuracies by order and share removed; sets are train, clean, corrupted, test."""
    result = np.ones((8, 3, 3, 4, 4))
    for seed, member in enumerate((6, 7)):
        by_order = {  # (corrupted, test) with 0, 0.3 and 0.5 removed
            0: [(1.0, 0.8), (0.7, 0.9), (0.25, 0.8)],
            1: [(1.0, 0.8), (0.95 - seed / 10, 0.1), (0.9, 0.0)],
            2: [(1.0, 0.8), (0.9, 0.6 + seed / 10), (0.75, 0.4)],
        }
        for order, pairs in by_order.items():
            for share, (corrupted, test) in enumerate(pairs):
                result[member, 2, order, share, 2:] = corrupted, test
    result[:, :2] = np.nan  # before the last log point
    return result


def test_pruning_at_the_shares_that_are_judged():
    out = measured(decay=decay(pruned=pruned()))

    def found(statistic: str, order: str, removed: float) -> list[float]:
        return values(out, statistic)[at("wd5", order=order, removed=removed)]

    assert found("corrupted_drop", "low", 0.5) == near([0.75, 0.75])
    assert found("corrupted_drop", "random", 0.5) == near([0.25, 0.25])
    assert found("test_drop", "low", 0.5) == near([0, 0], abs=1e-12)
    assert found("test_drop", "low", 0.3) == near([-0.1, -0.1])
    assert found("test_drop", "high", 0.3) == near([0.7, 0.7])
    assert found("corrupted_left", "high", 0.3) == near([0.95, 0.85])
    assert found("test_left", "random", 0.3) == near([0.6, 0.7])
    assert found("above_high", "random", 0.3) == near([0.5, 0.6])
    assert found("below_low", "random", 0.3) == near([0.3, 0.2])
    assert found("above_high", "high", 0.3) == near([0, 0], abs=1e-12)
    assert found("below_low", "low", 0.3) == near([0, 0], abs=1e-12)
    assert found("separation", "low", 0.5) == near([0.75, 0.75])
    assert found("separation", "high", 0.5) == near([-0.9, -0.9])
    assert found("separation", "random", 0.5) == near([-0.25, -0.25])


def phases(train, test, seeds: int = 2):
    """A grid of decays 0, 5, 10, fractions 0.3, 0.9 and corruptions 0, 0.3; accuracies by (decay, fraction, corruption)."""
    grid = [(s, d, a, x) for s in range(seeds) for d in (0.0, 5.0, 10.0) for a in (0.3, 0.9) for x in (0.0, 0.3)]
    seed, decay_, fraction, corruption = np.array(grid).T
    arrays = {"seed": seed.astype(int), "weight_decay": decay_, "train_fraction": fraction, "corruption": corruption}
    arrays |= {"train_accuracy": [train(*entry) for entry in grid], "test_accuracy": [test(*entry) for entry in grid]}
    return artifact(arrays | {"corrupted_accuracy": np.zeros(len(grid))}, seeds=seeds)


def test_entries_of_the_diagram_are_counted_by_seed():
    def train(seed, decay, fraction, corruption):
        return 0.8 if decay == 10 and (seed == 0 or fraction == 0.9) else 1.0

    def test(seed, decay, fraction, corruption):
        if decay == 5:
            return 0.95 if fraction == 0.9 and (seed == 0 or corruption == 0) else 0.1
        return 0.9 if decay == 10 or fraction == 0.9 else 0.89

    out = measured(phases=phases(train, test))
    assert values(out, "inverted") == {"decay=0": [0, 0], "decay=5": [0, 0], "decay=10": [4, 2]}
    assert values(out, "inverted_plain") == {"decay=0": [0, 0], "decay=5": [0, 0], "decay=10": [2, 1]}
    assert values(out, "gain_with_data") == {"decay=0": [2, 2], "decay=5": [2, 1], "decay=10": [0, 0]}
    assert values(out, "loss_with_corruption") == {"decay=0": [0, 0], "decay=5": [0, 1], "decay=10": [0, 0]}
    assert values(out, "finite_share") == {"": [1]}
    cells = out.curves["phases"]
    assert len(cells) == 12
    assert cells[cells["weight_decay"] == 0]["phase"].tolist() == ["memorisation"] * 2 + ["coexistence"] * 2


def test_a_diverged_run_is_seen():
    out = measured(phases=phases(lambda s, d, a, x: np.nan if (s, d, a, x) == (0, 0, 0.3, 0) else 1.0, lambda *_: 0.95))
    assert values(out, "finite_share") == near({"": [23 / 24]})
    assert values(out, "inverted")["decay=0"] == [0, 0]


def test_the_analytic_solution_by_modulus_and_width():
    grid = np.arange(4.0).reshape(1, 2, 2)
    names = ("accuracy", "correct", "participation", "printed_accuracy", "printed_correct")
    arrays = {name: grid + k / 10 for k, name in enumerate(names)} | {"spread": grid / 10}
    known = [[[1, 2 / 60 + 0.01, 0.07], [0.5, 1 / 59, 0.03]]]
    out = measured(analytic=artifact(arrays | {"known": known, "moduli": [59], "widths": [25, 100]}, seeds=2))
    for k, name in enumerate(names):
        assert values(out, name) == near(
            {"p=59;width=100": [2 + k / 10, 3 + k / 10], "p=59;width=25": [k / 10, 1 + k / 10]}
        )
    assert values(out, "accuracy")["p=59;width=25"] == near([0, 1])
    assert values(out, "correct")["p=59;width=25"] == near([0.1, 1.1])
    assert values(out, "participation")["p=59;width=25"] == near([0.2, 1.2])
    assert values(out, "printed_correct")["p=59;width=25"] == near([0.4, 1.4])
    assert values(out, "scaled_spread") == near({"p=59;width=100": [2, 3], "p=59;width=25": [0, 0.5]})
    assert values(out, "cosine_ratio") == near({"p=59;transform=all": [0.5], "p=59;transform=one_sided": [1]})
    assert values(out, "noise_ratio") == near({"p=59;transform=all": [0.03], "p=59;transform=one_sided": [0.07]})
    assert values(out, "known_error") == near(
        {"p=59;transform=all": [0], "p=59;transform=one_sided": [0.01]}, abs=1e-12
    )


def test_what_did_not_run_is_not_measured():
    assert not len(measured().statistics())
