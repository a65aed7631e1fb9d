"""`fit-scaling-law`: people's tables as they are, and one sentence for what is no table."""

import contextlib
import io
import os
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from besiroglu2024_tables import FRAME, D, L, N, ladder_of_runs
from hypothesis import HealthCheck, given, settings

from replications.scaling_laws.science import runs
from verifig import cli
from verifig.ground.errors import InputError

MANY = settings(deadline=None, suppress_health_check=list(HealthCheck))


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        cli.main(["fit-scaling-law", *arguments])
    return stop.value.code


def written(folder: Path, text: str, name: str = "runs.csv") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


# ---- tables as published -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (FRAME.to_csv(index=False, sep="\t"), {}),
        (FRAME.to_csv(index=False, sep=";"), {}),
        (FRAME.to_csv(index=False).replace("N,D,L", "N, D, L"), {}),
        ("\ufeff" + FRAME.to_csv(index=False).replace("\n", "\r\n"), {}),
        (FRAME.rename(columns={"L": "loss (nats, val)"}).to_csv(index=False), {"columns": 'N,D,"loss (nats, val)"'}),
        (FRAME.assign(C=6 * N * D).drop(columns="D").to_csv(index=False), {"flops": "C"}),
        (FRAME.assign(N=[f"{n / 1e6:.12g}m" for n in N], D=[f"{d / 1e9:.12g} B" for d in D]).to_csv(index=False), {}),
        (FRAME.assign(D=np.log10(D), L=np.exp(L)).to_csv(index=False), {"columns": "N,10**D,log(L)"}),
        (FRAME.rename(columns={"N": "Model Size"}).to_csv(index=False), {"columns": "Model Size,D,L"}),
        (FRAME.rename(columns={"N": "Model Size"}).to_csv(index=False), {"columns": "1*`Model Size`,D,L"}),
        (FRAME.assign(D=[f"{round(d):,}" for d in D]).to_csv(index=False), {}),
    ],
    ids=["tabs", "semicolons", "blanks", "bom", "comma", "flops", "units", "logs", "name", "backticks", "thousands"],
)
def test_same_runs_in_other_clothes(tmp_path, text, options):
    found = runs.read(written(tmp_path, text), **options)
    for ours, expected in zip((found.N, found.D, found.L), (N, D, L), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-8)


def test_empty_cells_are_left_out_and_counted(tmp_path):
    table = FRAME.astype(object)
    table.loc[[3, 7], "L"] = ["", "nan"]
    found = runs.read(written(tmp_path, table.to_csv(index=False)))
    assert len(found.L) == len(FRAME) - 2
    assert "2 of 240 rows lack one of N, D, L and are left out (the first is line 5)" in found.notes


def test_rows_longer_than_the_header_are_refused_by_line(tmp_path):
    text = FRAME.to_csv(index=False).replace("\n", ",1e20\n").replace("N,D,L,1e20", "N,D,L")
    with pytest.raises(InputError, match=r"line 2: the row has 4 fields, the header names 3"):
        runs.read(written(tmp_path, text))


def test_lines_are_those_of_the_file(tmp_path):
    rows = FRAME.assign(note="two\nlines").to_csv(index=False).splitlines()
    found = runs.read(written(tmp_path, "\n\n" + "\n".join(rows) + "\n"))
    assert found.line[:2].tolist() == [5, 7]


CELL = st.one_of(
    st.sampled_from(["0", "-1", "-3e9", "inf", "-inf", "1e999", "1,5", "12 Q", "=1+1", "'", "diverged", "TRUE"]),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Nd", "Z")), min_size=1, max_size=6),
).filter(lambda cell: cell.strip().lower() not in runs.EMPTY)


@MANY
@given(st.integers(0, 29), st.sampled_from(["N", "D", "L"]), CELL)
def test_one_bad_cell_is_named_by_column_and_line(row, column, cell):
    table = FRAME.head(30).astype(object)
    table.loc[row, column] = cell
    code, said = typed(table.to_csv(index=False).encode())
    assert code == 2, said
    assert said.startswith("error: ")
    assert len(said.strip().splitlines()) == 1
    assert f"column {column!r}" in said
    assert f"line {row + 2}" in said


@MANY
@given(st.binary(max_size=300) | st.text(alphabet='NDL,;\t\n0123456789.e-"', max_size=300).map(str.encode))
def test_any_bytes_are_a_table_or_one_sentence(contents):
    code, said = typed(contents)
    assert code == 2, said
    assert said.startswith("error: ")
    assert len(said.strip().splitlines()) == 1
    assert "Traceback" not in said


@MANY
@given(st.text(alphabet="NDL,()*+-/.@_ `'\"[]10", max_size=20))
def test_any_columns_are_read_or_one_sentence(columns):
    file = Path(tempfile.gettempdir()) / f"verifig-columns-{os.getpid()}.csv"
    if not file.exists():
        file.write_text(FRAME.head(9).to_csv(index=False))
    try:
        found, said = runs.read(file, columns), ""
    except InputError as error:
        found, said = None, str(error)
    assert "\n" not in said
    assert found is None or np.isfinite(found.L).all()


def typed(contents: bytes) -> tuple[int, str]:
    """Exit code and error output of the command on a file with these bytes; eight good rows at least would be fitted."""
    errors = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(errors):
        file = Path(folder) / "runs.csv"
        file.write_bytes(contents)
        code = run(str(file), "--bootstraps", "0")
    return code, errors.getvalue()


# ---- the command ---------------------------------------------------------------------------------------------------


def test_command_fits_prints_and_plots(tmp_path, capsys):
    file = tmp_path / "runs.csv"
    pd.DataFrame({"size": N, "tokens": D, "loss": L}).to_csv(file)
    plot = tmp_path / "fit.svg"
    options = ("--columns", "size,tokens,loss", "--bootstraps", "30", "--compute", "1e21", "--plot", str(plot))
    assert run(str(file), *options) == 0
    out = capsys.readouterr().out
    assert "240 runs" in out
    assert "tokens per parameter" in out
    assert "residuals of ln L" in out
    assert "runs cover N" in out
    assert "extrapolated" not in out
    assert plot.read_text().startswith("<svg")


def test_command_marks_extrapolation_and_says_what_is_not_determined(tmp_path, capsys):
    file = written(tmp_path, FRAME.to_csv(index=False))
    assert run(file, "--bootstraps", "0", "--compute", f"{60 * (N * D).max():g}") == 0
    assert "extrapolated, 10 times the largest run" in capsys.readouterr().out
    assert run(written(tmp_path, ladder_of_runs().to_csv(index=False)), "--bootstraps", "30") == 0
    out = capsys.readouterr().out
    assert "B      not determined by these runs" in out
    assert "no optimal policy" in out
    assert "tokens per parameter" not in out
    assert "inf" not in out


def test_command_shows_progress_on_long_work(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("replications.scaling_laws.besiroglu2024.commands.SPOKEN_SECONDS", 0)
    assert run(written(tmp_path, FRAME.to_csv(index=False)), "--bootstraps", "200") == 0
    assert "of 200 fits" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("contents", "options", "words"),
    [
        (b"N,D\n1,2\n", (), "no column 'L'"),
        (b"\x00\xff\xfe\x89PNG", (), "not a readable CSV"),
        (b"", (), "not a readable CSV"),
        (b"N,D,L\n", (), "no rows"),
        (b"N,D,L,L\n1,2,3,4\n", (), "'L' twice"),
        (b"N,D,L\n1,2,3\n", (), "at least 8"),
        (b"N,D,L\n1,2,3\n", ("--delta", "0"), "--delta"),
        (b"N,D,L\n1,2,3\n", ("--delta", "inf"), "--delta"),
        (b"N,D,L\n1,2,3\n", ("--delta", "nan"), "--delta"),
        (b"N,D,L\n1,2,3\n", ("--bootstraps", "-1"), "--bootstraps and --drop-highest must not be negative"),
        (b"N,D,L\n1,2,3\n", ("--drop-highest", "-1"), "--bootstraps and --drop-highest must not be negative"),
        (b"N,D,L\n1,2,3\n", ("--columns", "N,D"), "three columns"),
        (b"N,D,L\n1,2,3\n", ("--columns", "N,D,L", "--flops", "D"), "two columns"),
        (b"N,D,L\n1,2,3\n", ("--columns", "N,D,sqrt(M)"), "no column 'sqrt(M)'"),
        (b"N,D,L\n1,2,3\n", ("--columns", "N,D,open(L)"), "neither a column nor an expression"),
        (b"N,D,L\n1,2,3\n", ("--plot", "a.png"), "must end in .svg"),
        (b"N,D,L\n1,2,3\n", ("--compute", "-1"), "--compute"),
        (b"N,D,L\n1,2,3\n", ("--compute", "inf"), "--compute"),
    ],
)
def test_command_refuses_bad_input(tmp_path, capsys, contents, options, words):
    file = tmp_path / "runs.csv"
    file.write_bytes(contents)
    assert run(str(file), *options) == 2
    said = capsys.readouterr().err
    assert words in said
    assert len(said.strip().splitlines()) == 1


def test_command_names_a_missing_file(tmp_path, capsys):
    assert run(str(tmp_path / "none.csv")) == 2
    assert "does not exist" in capsys.readouterr().err


# ---- runs still to come --------------------------------------------------------------------------------------------


def test_a_further_run_and_the_number_of_runs_are_told_and_kept_on_a_page(tmp_path, capsys):
    table, page = written(tmp_path, FRAME.to_csv(index=False)), tmp_path / "fit.html"
    asked = ["--predict", "7B,1.4e11", "--runs-for", "alpha=0.01", "--runs-for", "gamma=1", "--page", str(page)]
    assert run(table, "--bootstraps", "40", *asked) == 0
    said = capsys.readouterr().out
    assert "  a run of N 7e+09, D 1.4e+11: loss " in said
    assert "  alpha: a 95 % interval 0.01 wide takes about " in said
    assert "  gamma: of must be one of A, B, E, alpha, beta, a, not 'gamma'" in said
    text = page.read_text(encoding="utf-8")
    assert "Scaling law of runs.csv" in text
    assert 'src="data:image/svg+xml;base64,' in text
    assert "a run of N 7e+09" in text


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--predict", "7B"], "must be two sizes, as in 7B,140B"),
        (["--predict", "7B,-1"], "must be two sizes"),
        (["--runs-for", "alpha"], "as in alpha=0.02"),
        (["--page", "fit.pdf"], "must end in .html"),
        (["--predict", "7B,1T", "--bootstraps", "10"], "need --bootstraps of at least 20"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_the_fit(tmp_path, capsys, options, sentence):
    assert run(written(tmp_path, FRAME.to_csv(index=False)), *options) == 2
    assert sentence in capsys.readouterr().err
