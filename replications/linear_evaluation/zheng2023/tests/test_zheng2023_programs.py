"""Programs as they are run on small data: splits, representations, errors, searches, and the perceptrons' steps."""

import numpy as np
import pytest
import torch
from scipy.special import ndtr
from tape import assert_replays, assert_resumes, assert_stays_on_device, take

from replications.linear_evaluation.science.logistic import logistic
from replications.linear_evaluation.science.mixture import Mixture
from replications.linear_evaluation.science.naive_bayes import naive_bayes
from replications.linear_evaluation.science.sample_sizes import sample_size
from replications.linear_evaluation.zheng2023 import checks
from replications.linear_evaluation.zheng2023.experiments import datasets, features, identities, sample_sizes
from replications.linear_evaluation.zheng2023.experiments.networks import Perceptrons
from replications.linear_evaluation.zheng2023.experiments.padding import padded
from verifig.ground.errors import InputError
from verifig.planning import rulesets
from verifig.training.checkpoint import Checkpoint
from verifig.training.ensemble import generator
from verifig.training.members import members_of
from verifig.training.run import Run

CPU = torch.device("cpu")
RULESET = rulesets.load("zheng2023")
COUNT, PIXELS = 160, 12
PROGRAMS = {"images": "features", "small": "features", "mixture": "sample_sizes", "identities": "identities"}


@pytest.fixture(autouse=True)
def images(monkeypatch):
    """Made-up images in place of mnist_5k: a class moves a pixel; the last pixel is always 0."""
    rng = np.random.default_rng(0)
    labels = np.tile(np.arange(10), COUNT // 10)
    made = rng.random((COUNT, PIXELS)) + np.eye(10, PIXELS)[labels]
    made[:, -1] = 0
    monkeypatch.setattr(datasets, "embedded", lambda name: (made, labels))
    datasets.load.cache_clear()
    features._directions.cache_clear()
    yield made, labels
    datasets.load.cache_clear()
    features._directions.cache_clear()


def member(**changes) -> dict:
    values = rulesets.settings(RULESET, "images", "laptop")
    small = {"width": 5, "batch_size": 8, "epochs": 2, "components": 4, "sizes": [20, 30], "draws": 2}
    return next(m for m in members_of(values) if m["condition"] == "pca") | small | changes


def run_of(settings: dict) -> Run:
    job = {"settings": settings, "device": "cpu", "slug": "zheng2023", "experiment": "made up"}
    return Run(job, Checkpoint(None, "key"), {}, lambda text: None)


def test_splits_are_disjoint_and_depend_on_the_seed_alone():
    parts = datasets.split(member())
    assert [len(parts[name]) for name in ("fit", "pool", "test")] == [80, 40, 40]
    assert sorted(torch.cat(list(parts.values())).tolist()) == list(range(COUNT))
    again, other = datasets.split(member(condition="other", representation="raw")), datasets.split(member(seed=1))
    assert all(torch.equal(parts[name], again[name]) for name in parts)
    assert not torch.equal(parts["test"], other["test"])


def test_small_data_sets_are_split_within_classes():
    parts, labels = datasets.split(member(dataset="breast_cancer")), datasets.load("breast_cancer")[1]
    assert [len(parts[name]) for name in ("fit", "pool", "test")] == [0, 341, 228]
    assert [int((labels[parts["pool"]] == k).sum()) for k in range(2)] == [127, 214]
    assert len({*parts["pool"].tolist()} | {*parts["test"].tolist()}) == 569


def test_another_breast_cancer_is_refused(monkeypatch):
    monkeypatch.setattr(datasets, "BREAST_CANCER", "0")
    with pytest.raises(InputError, match="expected 0"):
        datasets.load.__wrapped__("breast_cancer")


def test_the_pools_that_settings_are_checked_against_are_those_of_the_splits(monkeypatch):
    monkeypatch.undo()
    datasets.load.cache_clear()
    assert checks.DATASETS["mnist_5k"] == (10, 28 * 28, 5000 // 2, 5000 // 4)
    for name in ("digits", "breast_cancer"):
        classes, count, fit, pool = checks.DATASETS[name]
        x, y = datasets.load(name)
        parts = datasets.split({"dataset": name, "seed": 0})
        assert (len(y.unique()), x.shape[1], len(parts["fit"]), len(parts["pool"])) == (classes, count, fit, pool)


def test_subsets_hold_every_class_and_no_sample_twice():
    labels = torch.arange(10).repeat(6)
    rows = datasets.subsets(labels, 20, member(draws=30))
    assert rows.shape == (30, 20)
    for each in rows:
        assert len(each.unique()) == 20
        assert len(labels[each].unique()) == 10
    assert torch.equal(rows[:2], datasets.subsets(labels, 20, member(draws=2, condition="x")))


def test_principal_components_are_those_of_the_fitting_part(images):
    pool, test = features.represented(member(), None)
    parts = datasets.split(member())
    fit = images[0][parts["fit"]]
    _, _, right = np.linalg.svd(fit - fit.mean(0), full_matrices=False)
    wanted = images[0][parts["pool"]] @ right[3::-1].T  # the largest last
    np.testing.assert_allclose(np.abs(pool.numpy()), np.abs(wanted), atol=1e-9)
    assert test.shape == (40, 4)


@pytest.mark.parametrize("representation", ["raw", "pca"])
def test_errors_are_those_of_scaling_fitting_and_counting(images, representation):
    chosen = member(representation=representation, strengths=[0.5, 4.0])
    found = features.errors(chosen, None)
    pool, test = features.represented(chosen, None)
    parts, labels = datasets.split(chosen), torch.from_numpy(images[1])
    wrong = {"naive_bayes": [], "floored": [], "logistic": []}
    for rows in datasets.subsets(labels[parts["pool"]], 30, chosen):
        x, y = pool[rows], labels[parts["pool"]][rows][None]
        low, wide = x.amin(0), x.amax(0) - x.amin(0)
        wide[wide == 0] = 1
        x, scaled = ((x - low) / wide)[None], (test - low) / wide
        rules = {
            "naive_bayes": [naive_bayes(x, y, 10)],
            "floored": [naive_bayes(x, y, 10, 1e-2)],
            "logistic": [logistic(x, y, 10, c) for c in (0.5, 4.0)],
        }
        for name, fitted in rules.items():
            guesses = [(scaled @ weights[0] + biases[0]).argmax(1) for weights, biases in fitted]
            wrong[name].append([float((guess != labels[parts["test"]]).double().mean()) for guess in guesses])
    for name, values in wrong.items():
        np.testing.assert_allclose(np.atleast_1d(found[name][1]), np.mean(values, 0), atol=1e-12)
    assert np.isnan(found["network"])


def test_permuted_labels_are_at_chance(images):
    found = features.errors(member(representation="raw", labels="permuted", draws=20, strengths=[1.0]), None)
    assert found["naive_bayes"].mean() == pytest.approx(0.9, abs=0.06)
    assert features.errors(member(representation="raw", draws=20, strengths=[1.0]), None)["naive_bayes"].mean() < 0.7


def test_the_program_gives_each_member_its_row_and_its_network():
    conditions = {"a": {}, "b": {"representation": "supervised", "sizes": [20], "strengths": [1.0], "seeds": 3}}
    base = {name: value for name, value in member().items() if name not in ("condition", "seed")}
    found = features.features(run_of(base | {"seeds": 2, "conditions": conditions}))
    assert found["logistic"].shape == (5, 2, 2)
    assert np.isnan(found["network"][:2]).all()
    assert np.isfinite(found["network"][2:]).all()
    assert np.isnan(found["naive_bayes"][2:, 1]).all()
    np.testing.assert_allclose(found["naive_bayes"][1], features.errors(member(seed=1), None)["naive_bayes"])
    network = Perceptrons([member(seed=2)], CPU)
    take(network, 0, 20)
    last = network.record()
    alone = features.errors(
        member(seed=2, representation="supervised", sizes=[20], strengths=[1.0]),
        {"hidden": last["hidden"][0].numpy(), "accuracy": last["accuracy"][0]},
    )
    assert found["network"][4] == pytest.approx(float(last["accuracy"][0]))
    assert found["naive_bayes"][4, 0] == pytest.approx(alone["naive_bayes"][0], abs=0.02)


def test_perceptrons_are_those_of_a_plain_loop():
    ours = Perceptrons([member(), member(seed=1)], CPU)
    flat = ours.parameters.views
    model = torch.nn.Sequential(*(torch.nn.Linear(a, b) for a, b in ((PIXELS, 5), (5, 5), (5, 10))))
    with torch.no_grad():
        for k, layer in enumerate(model, 1):
            layer.weight.copy_(flat[f"w{k}"][1].T)
            layer.bias.copy_(flat[f"b{k}"][1][0])
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    part = datasets.split(member(seed=1))
    x, y = datasets.load("mnist_5k")[0].float(), datasets.load("mnist_5k")[1]

    def hidden(rows: torch.Tensor) -> torch.Tensor:
        return torch.relu(model[1](torch.relu(model[0](x[rows]))))

    for step in range(12):
        take(ours, step, step + 1)
        rows = part["fit"][ours.batches.rows[1]]
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model[2](hidden(rows)), y[rows]).backward()
        optimizer.step()
    rest = torch.cat([part["pool"], part["test"]])
    found = ours.record()
    torch.testing.assert_close(found["hidden"][1], hidden(rest).detach(), rtol=1e-4, atol=1e-5)
    right = (model[2](hidden(part["test"])).argmax(1) == y[part["test"]]).double().mean()
    assert float(found["accuracy"][1]) == pytest.approx(float(right))


def test_steps_of_perceptrons_replay_resume_and_stay_on_the_device():
    assert_replays(lambda: Perceptrons([member(), member(seed=1)], CPU), steps=14)
    assert_resumes(lambda: Perceptrons([member(), member(seed=1)], CPU), at=5, steps=13)
    assert_stays_on_device(lambda device: Perceptrons([member(), member(seed=1)], device))


def test_searches_are_those_of_the_theme_by_condition_and_seed():
    settings = rulesets.settings(RULESET, "mixture", "smoke") | {
        "dimensions": [16, 32],
        "seeds": 2,
        "draws": 2,
        "points": 100,
    }
    settings["conditions"] = {
        "a": {"rules": ["naive_bayes"], "dimensions": [16]},
        "b": {"covariance": "identity"},
        "c": {"rules": ["nearest_mean"], "seeds": 1},
    }
    found = sample_sizes.sample_sizes(run_of(settings))
    assert found["naive_bayes"].shape == (5, 2)
    assert np.isnan(found["naive_bayes"][0, 1])
    assert np.isnan(found["logistic"][[0, 1, 4]]).all()
    assert np.isinf(found["nearest_mean"][4]).all()
    assert found["nearest_mean_seen"][4, 1][:, 0].max() <= 32

    def stream(name: object) -> torch.Generator:
        return generator("linear_evaluation", "mixture", 2, 32, 1, name)

    wanted, seen = sample_size(Mixture(32, 2, "identity"), "logistic", stream, 2, 100, 16.0)
    assert found["logistic"][3, 1] == wanted
    np.testing.assert_array_equal(found["logistic_seen"][3, 1][: len(seen)], seen)


def test_arrays_of_different_lengths_are_padded():
    found = padded([np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.empty((0, 1))])
    np.testing.assert_array_equal(found, [[[1, 2], [np.nan] * 2], [[3, np.nan], [4, np.nan]], [[np.nan] * 2] * 2])
    assert padded([np.array(1.0), np.array(2.0)]).tolist() == [1, 2]


def test_identities_hold_and_a_doubled_regret_does_not():
    found = identities.identities(
        run_of(rulesets.settings(RULESET, "identities", "smoke") | {"dimension": 60, "samples": 80})
    )
    assert found["slack"].shape == (4,)
    assert found["slack"].min() > -1e-12
    assert found["slack_doubled"].max() < 0
    for name in ("tight_error", "discriminant_error", "scaled_bayes", "bayes_error", "gradient"):
        assert found[name] < 1e-8, name
    assert found["permuted"] < 1e-6
    assert found["scaled_logistic"] > 0.01
    assert found["exact_error"] < 4.5
    assert found["bayes_three_40"] == pytest.approx(0.0079, abs=5e-5)
    assert found["bayes_three_100"] == pytest.approx(2 / 3 * ndtr(-0.5 * 50.5**0.5), rel=1e-9)
    np.testing.assert_allclose(found["newton"], found["tight_tolerance"], atol=1e-4)
    assert found["shown"].shape[1] == 3
    assert (found["shown"][:, 1] > 0).all()


def test_the_sabotage_doubles_the_regret(monkeypatch):
    fixed = lambda p, scores: (np.full(p.shape[:-1], 0.3), np.zeros(p.shape[:-1]))  # noqa: E731
    monkeypatch.setattr(identities, "regrets", fixed)
    found = identities.consistency({"classes_list": [2, 3], "pairs": 20})
    assert found["slack"] == pytest.approx([-identities.gamma(0.3)] * 2)
    assert found["slack_doubled"] == pytest.approx([-identities.gamma(0.6)] * 2)


@pytest.mark.parametrize(
    ("experiment", "changes", "said"),
    [
        ("images", {"sizes": [10, 50]}, "twice the classes"),
        ("images", {"sizes": [20, 2000]}, "the samples to draw from"),
        ("images", {"sizes": [50, 20]}, "must be increasing"),
        ("images", {"components": 800}, "at most 784"),
        ("images", {"batch_size": 3000}, "at most 2500"),
        ("small", {"representation": "pca"}, "must be raw"),
        ("mixture", {"classes": 9, "dimensions": [16]}, "at least 18"),
        ("mixture", {"dimensions": [200, 100]}, "must be increasing"),
        ("identities", {"classes_list": [3, 2]}, "must be increasing"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(experiment, changes, said):
    values = rulesets.settings(RULESET, experiment, "laptop")
    first = next(iter(values.get("conditions") or {"base": {}}))
    chosen = [m | changes for m in members_of(values) if m["condition"] in (first, "base")]
    with pytest.raises(InputError, match=said):
        getattr(checks, PROGRAMS[experiment])(chosen)
