"""Statistics away from the default settings, runs without data, and downloads."""

import warnings

import numpy as np
import pandas as pd

from replications.scaling_laws.choshen2025 import rules
from replications.scaling_laws.choshen2025.experiments import families
from replications.scaling_laws.choshen2025.measure import measure
from verifig.judging import claims, judge
from verifig.measuring.tables import Tables
from verifig.planning import jobs, rulesets
from verifig.running.stages.train import train
from verifig.training import artifacts

THETA = (6.178, 7.643, 0.597, 0.348, 0.366)


def tables(tmp_path, experiment: str, **overrides) -> Tables:
    """Train at smoke scale and measure, with every warning an error."""
    job = jobs.train("choshen2025", experiment, "smoke", "cpu", overrides=overrides, data_dir=tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(job, tmp_path / "a.npz", tmp_path / "a.json", log=lambda text: None)
        out = Tables()
        measure({experiment: artifacts.read(tmp_path / "a.npz")}, out)
    return out


def statistics(out: Tables) -> pd.DataFrame:
    """By condition and statistic; what is not a number has a status that says so."""
    table = out.statistics()
    assert (np.isfinite(table["value"]) | (table["status"] != "ok")).all()
    return table.set_index(["condition", "statistic"]).sort_index()


def family(sizes: int) -> pd.DataFrame:
    """Loss curves of some model sizes on one law."""
    N, D = (values.ravel() for values in np.meshgrid(1e8 * 4.0 ** np.arange(sizes), np.linspace(2e9, 1e11, 25)))
    return pd.DataFrame({"model": [f"{n:g}" for n in N], "N": N, "D": D, "L": rules.law(np.stack([N, D]), *THETA)})


def test_extrapolation_of_a_family_of_four_sizes_without_published_cells(tmp_path, monkeypatch):
    monkeypatch.setitem(families.READERS, "t5", lambda path: family(4))
    out = tables(tmp_path, "extrapolation", families=["t5"])
    found = statistics(out)
    assert found.loc[("family=t5;grid=late;models=3", "error"), "value"] < 0.01  # per cent: the law is exact
    lines = out.curves["h_lines"]
    assert np.allclose(lines["predicted"], lines["L"], rtol=1e-3)
    assert not found.index.isin(["share_of_cells_equal"], level="statistic").any()


def test_without_data_nothing_runs_and_no_claim_is_tested(tmp_path):
    planned = jobs.all_jobs("choshen2025", "laptop", device="cpu", data_dir=tmp_path)
    assert set(planned) == {"measure", "judge", "report"}
    missing = planned["judge"]["missing_data"]
    assert missing["extrapolation"] == ["opt", "gpt3"]
    for verdict in judge.judge(claims.load("choshen2025"), Tables().statistics(), "laptop", missing):
        assert verdict["verdict"] in ("not tested", "missed")
        assert "data" in verdict["reason"]


def test_every_download_is_pinned():
    for entry in rulesets.load("choshen2025").downloads.values():
        assert any(len(part) == 40 for part in entry.url.split("/"))
