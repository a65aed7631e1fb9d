"""Statistics of extrapolation on made-up grids of errors, and of parameters across made-up families."""

import statistics

import numpy as np
import pytest
from made_up import artifact, by_place, cells, near, values

from replications.scaling_laws.choshen2025 import measure as measuring
from replications.scaling_laws.choshen2025 import published
from replications.scaling_laws.choshen2025.measure import measure
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact
from verifig.training.seeds import derive

OPT_SIZES = [0.125, 1.3, 6.7, 13, 30, 175]
GPT3_SIZES = [0.125, 0.35, 0.76, 1.3, 2.7, 6.7, 13, 175]
TOKENS = (2e10, 3e10, 1.5e10)  # of the longest training of a model, in turn
SHARES = [k / 10 for k in range(1, 11)]
GRIDS = ("final", "final_not_strict", "late", "late_no_cut", "scale_down")


def family(name: str, sizes: list[float], stream: np.random.Generator) -> dict[str, np.ndarray]:
    """Arrays of a family as fractions; no two numbers are equal."""
    models, counts = len(sizes), len(sizes) - 2

    def errors(*shape: int) -> np.ndarray:
        return stream.uniform(0.02, 0.6, shape)

    return {
        f"{name}_sizes": np.array(sizes) * 1e9,
        **{f"{name}_{grid}": errors(counts, 10) for grid in GRIDS},
        f"{name}_windows": errors(counts, models - 1),
        f"{name}_scale_up": errors(max(models - 4, 0), 10),
        f"{name}_drop_start": errors(counts, 8),
        f"{name}_one_model": errors(models, 10),
        f"{name}_best_seen": errors(counts),
        f"{name}_most_trained": errors(counts),
        f"{name}_final_only": errors(2),
        f"{name}_curves": np.array([(k, tokens, 3.0 + k) for k in range(models) for tokens in (1e9, TOKENS[k % 3])]),
        f"{name}_theta": np.array([6.0, 7.0, 0.5, 0.35, 0.36]),
    }


def arrays(families=("opt", "gpt3")) -> dict[str, np.ndarray]:
    stream = np.random.default_rng(7)
    found = {"opt_nats_final": stream.uniform(0.02, 0.6, (4, 10))}
    for name in families:
        found |= family(name, {"opt": OPT_SIZES, "gpt3": GPT3_SIZES}[name], stream)
    return found


def made(found: dict[str, np.ndarray], families=("opt", "gpt3")) -> Tables:
    out = Tables()
    measure({"extrapolation": artifact(found, families=list(families))}, out)
    return out


def exact(out: Tables, statistic: str, experiment: str = "extrapolation") -> dict[str, float]:
    return {condition: value for condition, (value,) in values(out, statistic, experiment).items()}


def beside_the_authors(name: str, counts: int, differences: dict[tuple[int, int], float]) -> np.ndarray:
    """A grid [counts, shares] of fractions as the authors print it, but for differences (points) by (models, share)."""
    grid = np.full((counts, 10), 0.9)
    for models, row in published.ARE_FINAL[name].items():
        grid[models - 2] = np.array(row) / 100
    for (models, share), points in differences.items():
        grid[models - 2, share] += points / 100
    return grid


# ---- cells beside the authors' ---------------------------------------------------------------------------------------


def test_cells_within_a_twentieth_of_a_point_are_equal_to_the_authors():
    found = arrays()
    found["opt_final"] = beside_the_authors("opt", 4, {(3, 0): 0.049, (3, 4): -0.051, (4, 9): 0.3, (4, 2): -0.7})
    found["gpt3_final"] = beside_the_authors("gpt3", 6, {(7, 9): 0.2, (4, 0): 0.06, (3, 1): -0.04})
    out = made(found)
    shares = {key: share for key, share in exact(out, "share_of_cells_equal").items() if "variant" not in key}
    assert shares == pytest.approx({"family=opt": 17 / 20, "family=gpt3": 28 / 30, "family=all": 45 / 50})
    assert exact(out, "cells") == {"family=opt": 20, "family=gpt3": 30, "family=all": 50}
    worst = {key: points for key, points in exact(out, "worst_cell").items() if "variant" not in key}
    assert worst == pytest.approx({"family=opt": 0.7, "family=gpt3": 0.2, "family=all": 0.7})


def test_a_cell_without_an_error_is_unequal_and_a_hundred_points_away():
    found = arrays(["opt"])
    found["opt_final"] = beside_the_authors("opt", 4, {(4, 3): np.nan, (3, 3): 1.0})
    out = made(found, ["opt"])
    assert exact(out, "share_of_cells_equal")["family=opt"] == pytest.approx(18 / 20)
    assert exact(out, "worst_cell")["family=opt"] == 100
    assert "family=all" not in exact(out, "worst_cell")  # one family is no agreement of all


def test_the_controls_compare_their_own_grid_with_the_authors_cells():
    found = arrays()
    found["opt_final"] = beside_the_authors("opt", 4, {})
    found["opt_nats_final"] = beside_the_authors("opt", 4, {(3, k): 2.0 + k for k in range(7)})
    found["opt_final_not_strict"] = beside_the_authors("opt", 4, {(4, 0): -5.0, (4, 1): np.nan, (3, 9): 0.04})
    found["gpt3_final_not_strict"] = beside_the_authors("gpt3", 6, {})
    out = made(found)
    shares = {"family=opt;variant=nats": 13 / 20, "family=opt;variant=not_strict": 18 / 20, "family=opt": 1.0}
    assert {key: exact(out, "share_of_cells_equal")[key] for key in shares} == pytest.approx(shares)
    worst = {"family=opt;variant=nats": 8.0, "family=opt;variant=not_strict": 100.0}
    assert {key: exact(out, "worst_cell")[key] for key in worst} == pytest.approx(worst)


# ---- errors ------------------------------------------------------------------------------------------------------------


def test_errors_are_those_of_the_whole_training_in_percent_by_number_of_models():
    found = arrays()
    expected = {
        f"family={name};grid={grid};models={models}": 100 * found[f"{name}_{grid}"][models - 2, 9]
        for name, most in (("opt", 5), ("gpt3", 7))
        for grid in ("final", "late", "late_no_cut")
        for models in range(2, most + 1)
    }
    assert exact(made(found), "error") == pytest.approx(expected)


def test_errors_of_windows_are_named_by_how_many_models_they_hold_and_by_the_largest():
    found = arrays()
    found["opt_windows"][2, 1] = np.nan  # no window of four models ends at the second
    expected = {
        f"family={name};largest={place + 1};models={row + 2}": 100 * found[f"{name}_windows"][row, place]
        for name, sizes in (("opt", OPT_SIZES), ("gpt3", GPT3_SIZES))
        for row in range(len(sizes) - 2)
        for place in range(len(sizes) - 1)
    }
    del expected["family=opt;largest=2;models=4"]
    assert exact(made(found), "window_error") == pytest.approx(expected)


def test_windows_of_three_opt_sizes_end_at_the_third_fourth_and_fifth():
    found = arrays()
    found["opt_windows"][1] = [np.nan, np.nan, 0.06, 0.19, 0.03]
    out = made(found)
    assert exact(out, "large_over_small_window") == pytest.approx({"": 0.5})
    assert exact(out, "middle_window_excess") == pytest.approx({"": 13})
    found["opt_windows"][1] = [np.nan, np.nan, 0.02, 0.05, 0.09]
    out = made(found)
    assert exact(out, "large_over_small_window") == pytest.approx({"": 4.5})
    assert exact(out, "middle_window_excess") == pytest.approx({"": -4})


def test_one_model_errors_are_named_by_size_and_fall_from_6_to_30_billion():
    found = arrays()
    found["opt_one_model"][:, -1] = [0.2, 0.33, 0.32, 0.25, 0.10, 0.12]
    expected = {
        f"family={name};size={size:g}": 100 * found[f"{name}_one_model"][k, 9]
        for name, sizes in (("opt", OPT_SIZES), ("gpt3", GPT3_SIZES))
        for k, size in enumerate(sizes)
    }
    out = made(found)
    assert exact(out, "one_model_error") == pytest.approx(expected)
    assert exact(out, "one_model_smallest_fall") == pytest.approx({"": 7})
    found["opt_one_model"][:, -1] = [0.9, 0.5, 0.32, 0.34, 0.10, 0.05]
    assert exact(made(found), "one_model_smallest_fall") == pytest.approx({"": -2})


def test_the_best_loss_seen_is_compared_with_the_law_from_as_many_models():
    found = arrays()
    expected = {
        f"family={name};models={models}": found[f"{name}_best_seen"][models - 2] / found[f"{name}_late"][models - 2, 9]
        for name, most in (("opt", 5), ("gpt3", 7))
        for models in range(2, most + 1)
    }
    out = made(found)
    assert exact(out, "best_seen_over_law") == pytest.approx(expected)
    for field in ("best_seen", "most_trained"):
        expected = {
            f"family={name};models={models}": 100 * found[f"{name}_{field}"][models - 2]
            for name, most in (("opt", 5), ("gpt3", 7))
            for models in range(2, most + 1)
        }
        assert exact(out, f"{field}_error") == pytest.approx(expected)


def test_the_error_from_last_checkpoints_is_the_numerator():
    found = arrays()
    found["opt_final_only"], found["gpt3_final_only"] = np.array([0.3, 0.12]), np.array([0.02, 0.08])
    out = made(found)
    assert exact(out, "last_over_all") == pytest.approx({"family=opt": 2.5, "family=gpt3": 0.25})
    assert exact(out, "error_last_checkpoints") == pytest.approx({"family=opt": 30, "family=gpt3": 2})
    assert exact(out, "error_all_checkpoints") == pytest.approx({"family=opt": 12, "family=gpt3": 8})


def test_an_undefined_error_is_no_value():
    found = arrays()
    found["opt_late"][1, 9] = found["opt_final_only"][0] = found["opt_windows"][1, 4] = np.nan
    out = made(found)
    assert np.isnan(exact(out, "error")["family=opt;grid=late;models=3"])
    assert np.isnan(exact(out, "best_seen_over_law")["family=opt;models=3"])
    assert np.isnan(exact(out, "last_over_all")["family=opt"])
    assert np.isnan(exact(out, "large_over_small_window")[""])


def test_fits_to_three_models_and_the_whole_training_must_give_an_error():
    found = arrays()
    found["opt_late"][2, 9] = found["gpt3_final"][5, 9] = found["gpt3_final"][1, 9] = np.nan
    found["opt_final"][0, 9] = found["opt_final"][2, 3] = np.nan  # two models; a part of the training
    found["opt_late_no_cut"][2:, 9] = np.nan
    assert exact(made(found), "finite") == pytest.approx({"": 13 / 16})  # opt 2 x 3, gpt3 2 x 5


# ---- figures -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn() -> tuple[dict, Tables]:
    found = arrays()
    return found, made(found)


@pytest.mark.parametrize("name", ["opt", "gpt3"])
@pytest.mark.parametrize("grid", ["final", "late", "late_no_cut", "scale_down"])
def test_grids_are_drawn_in_percent_beside_the_authors_cells(drawn, name, grid):
    found, out = drawn
    array = found[f"{name}_{grid}"]
    places = by_place(100 * array[None, None], [name], [grid], range(2, 2 + len(array)), SHARES)
    shown = cells(out, "h_grid", "family", "grid", "models", "share", value="error")
    assert {place: shown[place] for place in places} == near(places)
    authors = cells(out, "h_grid", "family", "grid", "models", "share", value="authors")
    printed = published.ARE_FINAL[name] if grid == "final" else {}
    for _, _, models, share in places:
        known = printed[models][SHARES.index(share)] if models in printed else np.nan
        assert authors[name, grid, models, share] == near(known)


def test_the_cost_of_a_cell_is_six_flop_a_parameter_and_token_up_to_the_share_of_the_longest(drawn):
    """Three models of 20, 30 and 15 billion tokens: half of the longest is 15 billion."""
    costs = cells(drawn[1], "h_grid", "family", "grid", "models", "share", value="flop")
    assert costs["opt", "final", 3, 0.5] == pytest.approx(6 * 1e9 * 15e9 * (0.125 + 1.3 + 6.7))
    assert costs["opt", "late", 3, 1.0] == pytest.approx(6e18 * (0.125 * 20 + 1.3 * 30 + 6.7 * 15))
    assert costs["gpt3", "final", 2, 0.8] == pytest.approx(6e18 * (0.125 * 20 + 0.35 * 24))


@pytest.mark.parametrize(("name", "sizes"), [("opt", OPT_SIZES), ("gpt3", GPT3_SIZES)])
def test_other_panels_are_drawn_in_percent(drawn, name, sizes):
    found, out = drawn
    billions, counts = [size * 1e9 for size in sizes], range(2, len(sizes))
    panels = {
        ("h_starts", "models", "start"): ("drop_start", counts, [0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99]),
        ("h_windows", "models", "largest"): ("windows", counts, billions[:-1]),
        ("h_scale_up", "factor", "share"): ("scale_up", [sizes[-1] / size for size in sizes[3:-1]], SHARES),
        (f"h_one_model_{name}", "size", "share"): ("one_model", billions, SHARES),
    }
    for (curve, *axes), (field, *labels) in panels.items():
        shown = cells(out, curve, "family", *axes, value="error")
        own = [value for place, value in shown.items() if place[0] == name]
        expected = by_place(100 * found[f"{name}_{field}"], *labels)
        assert own == near(list(expected.values()))
        assert [place[1:] for place in shown if place[0] == name] == [near(place) for place in expected]


def test_lines_are_drawn_with_the_law_of_their_family(drawn):
    for family, sizes in (("opt", OPT_SIZES), ("gpt3", GPT3_SIZES)):
        shown = {
            field: {
                place[1:]: value
                for place, value in cells(drawn[1], "h_lines", "family", "index", "D", value=field).items()
                if place[0] == family
            }
            for field in ("N", "L", "predicted")
        }
        for index, size in enumerate(sizes):
            for tokens in (1e9, TOKENS[index % 3]):
                law = np.exp(0.5) + np.exp(6) / (1e9 * size) ** 0.35 + np.exp(7) / tokens**0.36
                assert shown["predicted"][index, tokens] == near(law)
                assert shown["N"][index, tokens] == near(size * 1e9)
                assert shown["L"][index, tokens] == 3 + index


def test_baselines_are_drawn_beside_the_law_from_as_many_models(drawn):
    found, out = drawn
    for column, field in (("best", "best_seen"), ("most", "most_trained"), ("law", "late")):
        expected = {
            (name, models): 100 * np.atleast_1d(found[f"{name}_{field}"][models - 2])[-1]
            for name, most in (("opt", 5), ("gpt3", 7))
            for models in range(2, most + 1)
        }
        assert cells(out, "h_baselines", "family", "models", value=column) == near(expected)


# ---- across families ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def parameters() -> Artifact:
    stream = np.random.default_rng(3)
    theta = stream.normal(size=(7, 5)) * [5.0, 3.0, 0.2, 0.3, 0.1] + [6, 7, 0.5, 0.4, 0.4]
    theta[:, 3] += theta[:, 0] / 12
    centred = stream.normal(size=(7, 5)) * [1.0, 1.5, 0.2, 0.3, 0.1] + [1, 2, 0.5, 0.4, 0.4]
    centred[:, 2] += centred[:, 0]
    found = {"names": np.array(list("abcdefg")), "theta": theta, "theta_centred": centred}
    found["theta_all_sizes"] = stream.normal(size=(7, 5)) + [6, 7, 0.5, 0.4, 0.4]
    one_model = stream.uniform(0.01, 0.5, (2, 6, 10))
    found |= {"olmo_one_model": one_model[0, :2], "olmo_sizes": np.array([1.0, 7.0]) * 1e9}
    return artifact(found | {"t5_one_model": one_model[1, :3], "t5_sizes": np.array([0.25, 0.8, 11]) * 1e9})


@pytest.fixture(scope="module")
def families(parameters) -> Tables:
    out = Tables()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measuring, "SHUFFLES", 101)
        measure({"across_families": parameters}, out)
    return out


def share_of_three(values: np.ndarray) -> float:
    """Of the eigenvalues of the covariance."""
    eigenvalues = np.linalg.eigvalsh(np.cov(values, rowvar=False))
    return eigenvalues[-3:].sum() / eigenvalues.sum()


def standardised(values: np.ndarray) -> np.ndarray:
    columns = [[(v - statistics.fmean(c)) / statistics.pstdev(c) for v in c] for c in values.T.tolist()]
    return np.array(columns).T


def shuffles(values: np.ndarray) -> list[np.ndarray]:
    stream = np.random.default_rng(derive("scaling_laws", "shuffled families"))
    return [stream.permuted(values, axis=0) for _ in range(101)]


def test_families_are_counted_and_their_parameters_correlated(parameters, families):
    assert exact(families, "families", "across_families") == {"": 7}
    expected = {
        f"fit={fit};pair={name}": statistics.correlation(parameters[key][:, i].tolist(), parameters[key][:, j].tolist())
        for fit, key in (("routine", "theta"), ("all_sizes", "theta_all_sizes"))
        for name, i, j in (("a alpha", 0, 3), ("b beta", 1, 4))
    }
    mixed = [abs(statistics.correlation(m[:, 0].tolist(), m[:, 3].tolist())) for m in shuffles(parameters["theta"])]
    expected["fit=shuffled;pair=a alpha"] = statistics.median(mixed)
    assert exact(families, "correlation", "across_families") == pytest.approx(expected)


def test_three_components_of_parameters_as_they_are_standardised_and_shuffled(parameters, families):
    theta, centred = parameters["theta"], standardised(parameters["theta_centred"])
    expected = {
        "fit=routine": share_of_three(theta),
        "fit=all_sizes": share_of_three(parameters["theta_all_sizes"]),
        "fit=centred_standardised": share_of_three(centred),
        "fit=shuffled": statistics.median(map(share_of_three, shuffles(theta))),
        "fit=shuffled_standardised": statistics.median(map(share_of_three, shuffles(centred))),
    }
    assert exact(families, "three_components", "across_families") == pytest.approx(expected)


def test_parameters_are_drawn_by_family(parameters, families):
    for column, name in enumerate(("a", "b", "e", "alpha", "beta")):
        expected = by_place(parameters["theta"][:, column], list("abcdefg"))
        assert cells(families, "h_parameters", "family", value=name) == expected


def test_one_model_errors_of_olmo_and_t5(parameters, families):
    expected = {f"family=olmo;size={size}": 100 * parameters["olmo_one_model"][k, 9] for k, size in enumerate((1, 7))}
    expected |= {
        f"family=t5;size={size}": 100 * parameters["t5_one_model"][k, 9] for k, size in enumerate((0.25, 0.8, 11))
    }
    assert exact(families, "one_model_error", "across_families") == pytest.approx(expected)


def test_parameters_that_are_not_finite_are_counted(families):
    assert exact(families, "finite", "across_families") == {"": 1}
    theta, out = np.ones((4, 5)), Tables()
    theta[1, 2], theta[3, 0], theta[3, 4] = np.nan, np.inf, -np.inf
    measuring._finite(theta, out)
    assert exact(out, "finite", "across_families") == pytest.approx({"": 17 / 20})
