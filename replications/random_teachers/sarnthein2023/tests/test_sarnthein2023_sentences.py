"""Sentences of the page follow the statistics; what the runs do not hold is not told."""

import numpy as np
import pandas as pd
import pytest

from replications.random_teachers.sarnthein2023.captions import Run, data, landscapes, locality, probing
from replications.random_teachers.sarnthein2023.measuring import soundness
from replications.random_teachers.sarnthein2023.measuring.conditions import PROBES
from verifig.ground.conditions import condition_text
from verifig.measuring.tables import Tables
from verifig.pages import marked, prose
from verifig.planning import rulesets
from verifig.training.artifacts import Artifact
from verifig.training.members import merge


class Stub:
    """A page over given statistics, with the configured settings."""

    def __init__(self, tables: Tables):
        self.rows, self.ruleset = tables.statistics(), rulesets.load("sarnthein2023")

    def value(self, experiment, statistic, condition=None):
        rows = self.rows
        mask = (rows["experiment"] == experiment) & (rows["statistic"] == statistic)
        return rows[mask & (rows["condition"] == condition_text(condition))].set_index("seed")["value"]

    def settings(self, experiment, condition=None):
        settings = self.ruleset.entry(experiment, "laptop").settings
        own = {name: value for name, value in settings.items() if name != "conditions"}
        return merge(own, settings["conditions"][condition]) if condition else settings

    def number(self, *asked, **how):
        return "7"

    def told(self, text, *asked, **how):
        return text

    def formed(self, text, *how):
        return text

    def paper(self, name):
        return {"fig4": {"images": [500, 50000], "accuracy": [40.0, 50.0]}}[name]


def run_with(**values: list[float]) -> Run:
    """A run over `plain__ridge_gain__condition_full=[...]`-like statistics."""
    tables = Tables()
    for name, found in values.items():
        experiment, statistic, *rest = name.split("__")
        condition = dict(part.split("_", 1) for part in rest)
        tables.per_seed(experiment, statistic, found, condition)
    return Run(Stub(tables))


def around(centre: float) -> list[float]:
    return [centre - 0.001, centre, centre + 0.001]


@pytest.mark.parametrize(
    ("differences", "told"),
    [
        ((-0.1, -0.1, -0.1), "the reverse of the paper's order"),
        ((0.1, 0.1, 0.1), "shows under the linear probe, ridge and nearest neighbours."),
        ((0.1, 0, 0.1), "shows under the linear probe and nearest neighbours, not under ridge."),
        ((0, 0, 0), "is not seen."),
    ],
)
def test_the_order_by_locality_is_the_measured_one(differences, told):
    pairs = zip(PROBES, differences, strict=True)
    run = run_with(**{f"plain__{probe}_difference__a_local__b_full": around(value) for probe, value in pairs})
    assert told in locality.order(run, "plain")


def test_raw_pixels_are_compared_with_the_student():
    student = {f"plain__{probe}__condition_full": around(0.8) for probe in PROBES}
    below = run_with(**student, **{f"plain__input_{probe}": [0.9] for probe in PROBES})
    assert "does not beat the raw pixels" in probing.against_pixels(below)
    assert "10 (ridge)" in probing.against_pixels(below)
    above = run_with(**student, **{f"plain__input_{probe}": [0.7] for probe in PROBES})
    assert probing.against_pixels(above) == "It beats the raw pixels under every probe, as in the paper."


@pytest.mark.parametrize(
    ("gain", "told"), [(-0.2, "below its teacher, as in the paper"), (0, "where its teacher is"), (0.1, "helps")]
)
def test_noise_is_told_by_where_it_leaves_the_student(gain, told):
    both = {f"plain__{probe}_gain__condition_noise": around(gain) for probe in ("ridge", "linear")}
    assert told in data.noise(run_with(**both))


def test_images_next_to_the_teacher_matter_if_they_do():
    found = {f"kick__{probe}_difference__a_local__b_local_noise": around(0.045) for probe in ("linear", "ridge")}
    run = Run(Stub(_pairs(found)))
    assert "4.5 points under the linear probe" in data.noise_next_to_teacher(run)
    assert "so images matter there too" in data.noise_next_to_teacher(run)


def _pairs(found) -> Tables:
    tables = Tables()
    for name, values in found.items():
        tables.per_seed("kick", name.split("__")[1], values, {"a": "local", "b": "local_noise"})
    return tables


def test_without_statistics_nothing_is_told():
    run = run_with()
    for told in (
        probing.against_teacher(run),
        probing.against_pixels(run),
        locality.order(run, "plain"),
        data.noise(run),
        locality.by_alpha(run, "kick", "linear"),
    ):
        assert prose.collapse(told) == "Not computed here."


def test_barriers_are_read_off_the_plane():
    steps = [-0.5, 0.0, 0.5, 1.0]
    a, b = (grid.ravel() for grid in np.meshgrid(steps, steps))
    plane = pd.DataFrame({"view": "shared", "a": a, "b": b, "kl": 1e-5, "linear": 0.5})
    plane.loc[(plane["a"] == 0.5) & (plane["b"] == 0), "kl"] = 4e-5
    plane.loc[(plane["b"] == 0.5) & (plane["a"] == 0), "kl"] = 8e-5
    told = marked.plain(landscapes.barriers(plane))
    assert "4 times the student's own) to the local" in told
    assert "lower towards the local student, as in the paper" in told
    assert prose.collapse(landscapes.barriers(plane[plane["a"] != 0])) == "Not computed here."


def test_a_run_that_failed_is_not_sound():
    settings = {"seeds": 3, "output_std": 0.02, "weight_norm": False, "bottleneck": 32}
    good = {name: np.full((3, 2), 0.5) for name in ("alive", *PROBES)} | {"kl": np.full((3, 2), 1e-5)}
    good["kl"][1, -1] = np.nan
    good["ridge"][2, -1] = np.nan
    out = Tables()
    soundness.measure({"plain": Artifact(good, {"job": {"settings": settings}})}, out)
    rows = out.statistics().set_index(["statistic", "seed"])
    assert rows.loc[("run_kl", 0), "value"] == pytest.approx(1e-5 / 0.02**2)
    assert rows.loc[("run_kl", 1), "status"] == "diverged"
    assert rows.loc[("run_probe", 2), "status"] == "diverged"
