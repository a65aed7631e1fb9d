"""Statistics away from the default settings, and the download."""

import warnings

import numpy as np
import pandas as pd
import pytest

from replications.scaling_laws.besiroglu2024 import published
from replications.scaling_laws.besiroglu2024.fitting import law
from replications.scaling_laws.besiroglu2024.measure import measure
from replications.scaling_laws.science import hoffmann
from verifig.ground.errors import InputError
from verifig.ground.files import sha256
from verifig.measuring.tables import Tables
from verifig.planning import jobs, rulesets
from verifig.running.stages.train import train
from verifig.training import artifacts


def tables(tmp_path, experiment: str, **overrides) -> Tables:
    """Train at smoke scale and measure, with every warning an error."""
    job = jobs.train("besiroglu2024", experiment, "smoke", "cpu", overrides=overrides, data_dir=tmp_path)
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


def runs(count: int = 60) -> pd.DataFrame:
    """Training runs on the published law with one per cent of noise, as the Chinchilla table has them."""
    rng = np.random.default_rng(20230101)
    N, D = np.exp(rng.uniform(np.log([[1e8], [1e9]]), np.log([[1e10], [1e11]]), (2, count)))
    L = law.loss(published.REFIT, N, D) * np.exp(0.01 * rng.standard_normal(count))
    return pd.DataFrame({"model": N.astype(str), "N": N, "D": D, "L": L, "C": 6 * N * D})


@pytest.mark.parametrize("dropped", [0, 3])
def test_refit_with_any_number_of_dropped_rows(tmp_path, monkeypatch, dropped):
    monkeypatch.setattr(hoffmann, "runs", lambda path: runs())
    found = statistics(tables(tmp_path, "chinchilla", highest_dropped=dropped, bootstraps=12, grid_steps=4))
    assert found.loc[("", "rows_kept"), "value"] == 60 - dropped
    assert (("", "largest_dropped_tokens_per_parameter") in found.index) == (dropped > 0)
    exact = law.coefficients(published.REFIT)[3]
    assert found.loc[("fit=huber;name=alpha", "coefficient"), "value"] == pytest.approx(exact, abs=0.1)


def test_published_grid_has_4500_starts():
    assert published.HOFFMANN_GRID.shape == (4500, 5)
    assert len(np.unique(published.HOFFMANN_GRID, axis=0)) == 4500


def test_wrong_checksum_names_file_and_sums(tmp_path):
    entry = rulesets.load("besiroglu2024").downloads["chinchilla"]
    file = tmp_path / entry.file
    file.parent.mkdir(parents=True)
    file.write_text("Model Size,Training FLOP,loss\n")
    with pytest.raises(InputError) as error:
        jobs.train("besiroglu2024", "chinchilla", "smoke", "cpu", data_dir=tmp_path)
    found = sha256(file)
    for words in (str(file), found, entry.sha256, entry.url):
        assert words in str(error.value)


def test_every_download_is_pinned():
    for entry in rulesets.load("besiroglu2024").downloads.values():
        assert any(len(part) == 40 for part in entry.url.split("/"))
