"""`held-out-error`: families as people write them down, and one sentence for what is none."""

import numpy as np
import pandas as pd
import pytest

from replications.scaling_laws.choshen2025 import rules
from replications.scaling_laws.science import runs
from verifig import cli


def family() -> pd.DataFrame:
    rows = [
        {"model": name, "N": f"{N / 1e6:g}M", "D": f"{D / 1e9:.12g}B", "L": 1.9 + 520 / N**0.35 + 1500 / D**0.35}
        for name, N in (("large", 1e9), ("small", 1e7), ("middle", 1e8))
        for D in np.linspace(1e9, 1e10, 10)
    ]
    return pd.DataFrame(rows)


def run(folder, table: pd.DataFrame, *options: str) -> int:
    table.to_csv(folder / "family.csv", index=False)
    with pytest.raises(SystemExit) as stop:
        cli.main(["held-out-error", str(folder / "family.csv"), *options])
    return stop.value.code


def test_a_family_is_predicted_from_ever_more_of_its_smaller_models(tmp_path, capsys):
    table = family()
    assert run(tmp_path, table) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "error on the last 30 % of the training of large, predicted from its smaller models:"
    assert said[1].startswith("  1 model up to small: law: too few models or rows, lowest loss seen ")
    assert said[2].startswith("  2 models up to middle: law 0.")
    frame = runs.read_family(tmp_path / "family.csv")
    held_out, small = rules.held_out(frame, "large")["L"], rules.select(frame, ["small"], cut=0)["L"].min()
    expected = float(np.mean((small - held_out) / held_out))
    assert said[1].endswith(f"{expected:.2%}")
    assert run(tmp_path, table, "--target", "middle", "--after", "2B") == 0
    assert "of middle" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "options", "sentence"),
    [
        ({}, ["--target", "huge"], "no model 'huge'; the table has small, middle, large"),
        ({}, ["--target", "small"], "small is the smallest model"),
        ({}, ["--columns", "model,N,D"], "must name four columns"),
        ({}, ["--columns", "name,N,D,L"], "no column 'name'; the table has model, N, D, L"),
        ({}, ["--after", "soon"], "must be a number of tokens, as in 10B"),
        ({"L": "-1"}, [], "column 'L' must hold positive numbers; line 4 has '-1'"),
        ({"model": ""}, [], "column 'model' must name a model; line 4 does not"),
        ({"N": "5M"}, [], "model 'large' has 2 sizes in column 'N'"),
    ],
)
def test_what_is_no_family_is_refused_by_cell(tmp_path, capsys, change, options, sentence):
    table = family().astype(object)
    for name, value in change.items():
        table.loc[2, name] = value
    assert run(tmp_path, table, *options) == 2
    assert sentence in capsys.readouterr().err


def test_rows_with_an_empty_cell_are_left_out_and_counted(tmp_path, capsys):
    table = family()
    table.loc[5, "L"] = np.nan
    assert run(tmp_path, table) == 0
    assert "1 of 30 rows lack one of N, D, L and are left out (the first is line 7)" in capsys.readouterr().out
