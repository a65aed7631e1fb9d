"""What the programs compare with what, and which settings are refused."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from replications.attention_svm.science.multi_token import generalised_svm
from replications.attention_svm.science.svm import correlation, least_norm, rank, separations
from replications.attention_svm.tarzanagh2023 import checks
from replications.attention_svm.tarzanagh2023.experiments import (
    attention,
    local,
    multi,
    paths,
    problems,
    ranks,
    selection,
)
from replications.attention_svm.tarzanagh2023.names import DIRECTIONS
from verifig.ground.errors import InputError
from verifig.planning import rulesets
from verifig.training.members import members_of

MEMBER = {
    "condition": "w", "seed": 0, "first_data_seed": 7, "data": "sphere", "equal_scores": False, "inputs": 3, "tokens": 4, "dimension": 6,
    "steps": 10, "judged_steps": [3], "curve_points": 4, "start": "uniform",
}  # fmt: skip


def test_weights_start_as_the_setting_says():
    of = {kind: {name: attention.start(MEMBER | {"dimension": 40, "start": kind}, name) for name in "WKQ"} for kind in ("uniform", "zero", "small_key")}  # fmt: skip
    assert all(0.9 < 40**0.5 * float(weights.abs().max()) <= 1 for weights in of["uniform"].values())
    assert not any(weights.any() for weights in (*of["zero"].values(), of["small_key"]["Q"], of["small_key"]["W"]))
    assert float(of["small_key"]["K"].std()) == pytest.approx(0.1, rel=0.1)
    again = attention.start(MEMBER | {"dimension": 40, "condition": "other"}, "W")
    assert torch.equal(again, of["uniform"]["W"])


def test_the_directions_are_machines_of_the_named_tokens():
    members = [MEMBER, MEMBER | {"seed": 1}]
    drawn = [problems.draw(member) for member in members]
    selected = np.array([[0, 1, 2], [3, 0, 1]])
    found = local.directions(members, drawn, selected)
    matrices = dict(zip(DIRECTIONS, found["matrices"][1], strict=True))
    tokens, queries, scores = (getattr(drawn[1], name).numpy() for name in ("tokens", "queries", "scores"))
    rows = separations(tokens, queries, selected[1])
    assert matrices["frobenius"] == pytest.approx(least_norm(rows).matrix)
    assert matrices["means"] == pytest.approx(rows.mean(0))
    assert found["frobenius_rank"].tolist() == [3, 3]
    assert found["nuclear_gap"].max() < 1e-7
    assert rank(matrices["nuclear"]) == found["nuclear_rank"][1]
    assert found["nuclear_rank"].max() <= 3
    assert found["multiplier_error"].max() < 1e-10
    for name, chosen in (("best", scores.argmax(1)), ("lowest", scores.argmin(1))):
        assert matrices[name] == pytest.approx(least_norm(separations(tokens, queries, chosen)).matrix)
    moved = np.roll(queries, 1, 0)
    assert moved[0] == pytest.approx(queries[2])
    assert matrices["shifted_queries"] == pytest.approx(least_norm(separations(tokens, moved, selected[1])).matrix)
    exchanged = selected[1].copy()
    exchanged[0] = max((t for t in range(4) if t != 3), key=lambda t: scores[0, t])
    assert matrices["runner_up"] == pytest.approx(least_norm(separations(tokens, queries, exchanged)).matrix)


def test_only_the_first_input_s_token_is_exchanged_and_selected_ones_stay():
    scores = np.array([[[0.1, 0.9, 0.5], [0, 1, 2]], [[3.0, 1, 2], [0, 0, 1]]])
    selected = np.array([[1, 0], [2, 2]])
    assert local.runner_up(scores, selected).tolist() == [[2, 0], [0, 2]]
    assert selected.tolist() == [[1, 0], [2, 2]]


def test_a_machine_without_a_solution_is_not_a_number():
    rows = np.array([[[1.0, 0]], [[-1, 0]]])
    assert np.isnan(local.machine(rows).matrix).all()
    matrices, gaps = local.nuclear_machines(np.stack([rows, [[[1.0, 0]], [[0, 1]]]]))
    assert np.isnan(matrices[0]).all()
    assert np.isnan(gaps[0])
    assert matrices[1, 0] == pytest.approx([1, 1], abs=1e-6)


def test_points_hold_the_judged_steps_within_the_run():
    points = local.points_of({"steps": 100, "curve_points": 5, "judged_steps": [7, 100, 500]})
    assert points == sorted(set(points))
    assert {0, 1, 7, 100} <= set(points)
    assert max(points) == 100


@pytest.mark.parametrize(
    ("probability", "kept"),
    [
        ([0.6, 0.399, 1e-7, 0], True),
        ([0.6, 0.4, 1e-6, 0], True),
        ([0.6, 0.3999, 1e-4, 0], False),
        ([0.6, 0.4, 1.1e-6, 0], False),
        ([0.6, 0.4, 1e-3, 0], False),
        ([0.5, 0.3, 0.1, 0.1], False),
        ([np.nan] * 4, False),
    ],
)
def test_the_authors_filter(probability, kept):
    assert multi.accepted(np.array([probability]), 1e-6, 1e-3) is kept


def test_distances_are_to_the_line_its_direction_and_single_tokens():
    problem = problems.draw(MEMBER | {"data": "relu"})
    probability = np.array([[0.6, 0.4, 0, 0], [0, 0.1, 0, 0.9], [0, 0, 1, 0]])
    prediction = generalised_svm(problem.tokens.numpy(), problem.queries.numpy(), probability)
    on_line = prediction.finite + 5 * prediction.direction
    found = multi.distances(problem, probability, on_line, 1e-3)
    assert found[0] == pytest.approx(0, abs=1e-12)
    assert found[1] == pytest.approx(1 - correlation(on_line, prediction.direction))
    assert 0 < found[1] < found[2]
    assert np.isnan(multi.distances(problem, np.full((3, 4), 0.25), on_line, 1e-3)).all()


def run(settings: dict) -> SimpleNamespace:
    """A stand-in for a run, whose parts are computed each time."""
    members = members_of(MEMBER | settings)
    return SimpleNamespace(
        settings=MEMBER | settings, members=members, once=lambda name, compute: compute(), progress=lambda *given: None
    )


def test_ranks_by_cell():
    found = ranks.ranks(
        run(
            {"seeds": 3, "tokens": 3, "first_data_seed": 0, "input_sizes": [3], "dimensions": [1, 3], "nuclear_cells": [[3, 3]], "loose_gap": 1e-3,
             "absolute_tolerance": 1e-7},
        )
    )  # fmt: skip
    assert found["cells"].tolist() == [[3, 1], [3, 3]]
    assert np.isfinite(found["frobenius"][1]).all()
    assert (found["nuclear"][0] <= found["frobenius"][1]).all()
    assert (found["nuclear"][0] <= found["unfinished"][0]).all()
    problem = problems.draw(MEMBER | {"seed": 2, "first_data_seed": 0, "tokens": 3, "dimension": 3})
    rows = separations(problem.tokens.numpy(), problem.queries.numpy(), problem.scores.argmax(1).numpy())
    assert found["frobenius"][1, 2] == rank(least_norm(rows).matrix)


def test_selection_tells_best_tokens_from_others(monkeypatch):
    """Two conditions of other shapes: probabilities are padded."""
    settings = {"seeds": 1, "conditions": {"a": {}, "b": {"inputs": 2, "tokens": 3}}}
    best = [problems.draw(member).scores.argmax(1).numpy() for member in run(settings).members]
    probability = np.full((2, 1, 3, 4), np.nan)
    probability[0, 0], probability[1, 0, :2, :3] = np.eye(4)[best[0]], np.eye(3)[best[1]]
    probability[0, 0, 1] = np.roll(probability[0, 0, 1], 1)
    monkeypatch.setattr(selection, "train", lambda *given: {"probability": probability})
    found = selection.selection(run(settings))
    assert found["optimal"][0].tolist() == [1, 0, 1]
    assert found["optimal"][1, :2].tolist() == [1, 1]
    assert np.isnan(found["optimal"][1, 2])
    assert found["probability"].tolist() == [1, 1]


def test_only_data_with_a_negative_label_are_trained(monkeypatch):
    settings = {"seeds": 20, "data": "relu", "kept_from": 1e-3, "dropped_below": 1e-6, "inputs": 2, "steps": 5}
    trained = []

    def train(run, members, points):
        trained.extend(member["seed"] for member in members)
        assert points == [4, 5]
        probability = np.tile(np.eye(4)[:2], (len(members), 2, 1, 1))
        probability[:, 1] = 0.25  # the filter reads the last step before the end
        return {"probability": probability, "matrix": np.tile(np.eye(6), (len(members), 2, 1, 1))}

    monkeypatch.setattr(multi, "train", train)
    found = multi.multi(run(settings))
    negative = [seed for seed in range(20) if (problems.draw(MEMBER | settings | {"seed": seed}).labels < 0).any()]
    assert trained == negative
    assert np.flatnonzero(found["trained"]).tolist() == negative
    assert 0 < len(negative) < 20
    assert np.flatnonzero(found["accepted"]).tolist() == negative
    assert np.isnan(found["distance"][found["trained"] == 0]).all()
    assert found["kept"][negative].tolist() == [2] * len(negative)
    monkeypatch.setattr(multi, "draw", lambda member: problems.draw(member)._replace(labels=torch.ones(2)))
    assert not multi.multi(run(settings))["trained"].any()


def test_pictures_have_the_authors_machines():
    """The paths are W z, and the first picture's machine puts the queries at (0.966, 7.523) and (0.270, -7.723)."""
    member = MEMBER | {
        "data": "two_clouds",
        "first_data_seed": 1,
        "inputs": 2,
        "tokens": 3,
        "dimension": 2,
        "start": "zero",
    }
    problem = problems.draw(member)
    assert problem.labels.tolist() == [1, 1]
    rows = separations(problem.tokens.numpy(), problem.queries.numpy(), np.array([0, 2]))
    images = (least_norm(rows).matrix @ problem.queries.numpy().T).T
    assert images == pytest.approx(np.array([[0.966, 7.523], [0.270, -7.723]]), abs=1e-3)
    cloud = problems.draw(member | {"data": "one_against_cloud", "first_data_seed": 3, "tokens": 5})
    assert cloud.tokens[:, 0].tolist() == [[1, 0.5], [1, -0.5]]


def test_paths_are_images_of_the_queries(monkeypatch):
    member = {"data": "two_clouds", "first_data_seed": 1, "inputs": 2, "tokens": 3, "dimension": 2, "seeds": 1}
    matrix = np.array([[[[1.0, 2], [3, 4]]]])
    probability = np.eye(3)[[0, 2]][None, None]
    monkeypatch.setattr(paths, "train", lambda *given: {"matrix": matrix, "probability": probability})
    found = paths.paths(run(member))
    queries = problems.draw(MEMBER | member).queries.numpy()
    assert found["path"][0, 0, 1] == pytest.approx(matrix[0, 0] @ queries[1])
    assert found["image"][0, 0, 0] == pytest.approx([0.966, 7.523], abs=1e-3)
    assert found["correlation"].shape == (1, 1, 2)


@pytest.mark.parametrize(
    ("program", "change", "told"),
    [
        ("local", {"dimension": 2}, "dimension = 2 must be at least 3"),
        ("local", {"data": "relu"}, "data = relu has no scores"),
        ("local", {"data": "two_clouds"}, "has inputs = 2 and dimension = 2"),
        ("selection", {"data": "relu", "equal_scores": True}, "equal_scores needs a linear head"),
        ("multi", {"kept_from": 0.1, "dropped_below": 0.1}, "data = sphere must be relu"),
        ("multi", {"data": "relu", "kept_from": 0.1, "dropped_below": 0.2}, "dropped_below = 0.2 must be at most"),
        (
            "multi",
            {"data": "relu", "kept_from": 0.5, "dropped_below": 0.2},
            "kept_from = 0.5 must be at most 1 / tokens",
        ),
        ("paths", {}, "data = sphere must be a picture"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(program, change, told):
    with pytest.raises(InputError, match=told):
        getattr(checks, program)([MEMBER | change])


def test_cells_close_to_having_no_solution_are_refused():
    member = MEMBER | {"condition": "base", "input_sizes": [5], "dimensions": [5], "nuclear_cells": [[15, 5]]}
    with pytest.raises(InputError, match="n = 15, d = 5"):
        checks.ranks([member])
    checks.ranks([member | {"nuclear_cells": [[15, 10]]}])
    with pytest.raises(InputError, match="must be different pairs"):
        checks.ranks([member | {"nuclear_cells": [[15, 10], [15, 10]]}])


@pytest.mark.parametrize(
    ("experiment", "count"),
    [("local", 400), ("stall", 120), ("selection", 700), ("multi", 3500), ("ranks", 100), ("paths", 4)],
)
def test_members_of_the_laptop_scale(experiment, count):
    values = rulesets.settings(rulesets.load("tarzanagh2023"), experiment, "laptop")
    assert len(members_of(values)) == count
