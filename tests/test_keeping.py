"""Which tables of a paper-scale run are kept for its figures, merged with earlier ones, and how they become small."""

import io

import numpy as np
import pandas as pd
import pytest

from verifig.judging.recorded import Record
from verifig.measuring.tables import Tables, long
from verifig.pages import figures, keeping
from verifig.pages.picture import Picture

STATISTICS = keeping.STATISTICS


def draw(frame: pd.DataFrame, label: str = "test"):
    """Draws one of the curves, of one of the conditions."""
    figure, (axes,) = figures.grid()
    figures.band(axes, figures.pick(frame, curve=label, condition="a"))
    return figure


def picture(*curves: str, path="drawn", **more) -> Picture:
    return Picture("Figure 1", draw, curves, **{"alt": "", "note": "", "path": path} | more)


def runs(points: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    curves = {name: rng.normal(size=(3, points)) for name in ("test", "train", "norm")}
    frames = [long(np.arange(points), curves, condition) for condition in ("a", "b")]
    return pd.concat(frames, ignore_index=True).assign(unused=0.5)


# what `draw` needs of them
DRAWN = keeping.rounded(figures.pick(runs(), curve="test", condition="a")).drop(columns=["seed", "unused"])


def statistics(*experiments: str, value: float = 1.0) -> pd.DataFrame:
    out = Tables()
    for name in experiments:
        out.per_seed(name, "accuracy", [value, value])
    return out.statistics()


def read(content: bytes) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(content))


@pytest.fixture
def frames() -> dict[str, pd.DataFrame]:
    return {STATISTICS: statistics("one"), "curves/runs.parquet": runs(), "curves/other.parquet": runs()}


def test_only_what_a_figure_draws_is_kept_with_the_statistics(frames):
    files, left_out = keeping.small(frames, [picture("runs")])
    assert (set(files), left_out) == ({STATISTICS, "curves/runs.parquet"}, [])
    kept = read(files["curves/runs.parquet"])
    assert set(kept["curve"]) == {"test", "train", "norm"}, "all that fits"
    assert kept.groupby(["curve", "condition", "seed"]).size().eq(200).all()
    assert keeping.small(frames, []) == ({}, []), "statistics alone draw nothing"
    assert keeping.small(frames, [picture("runs")])[0] == files, "equal tables, equal bytes"


def test_beyond_the_budget_what_changes_no_picture_goes_first(frames):
    large = sum(map(len, keeping.small(frames, [picture("runs")])[0].values()))
    files, left_out = keeping.small(frames, [picture("runs")], budget=large - 1)
    kept = read(files["curves/runs.parquet"])
    assert left_out == []
    assert set(kept) == {"curve", "condition", "x", "value"}, "a band needs no names of its seeds"
    assert set(kept["curve"]) == {"test"}
    assert set(kept["condition"]) == {"a"}
    assert kept.groupby("x").size().eq(3).all()
    assert kept["x"].nunique() == 200
    assert picture("runs").shown([kept]) == picture("runs").shown([keeping.rounded(keeping.thin(runs()))])


def test_what_a_caption_reads_is_kept_too(frames):
    tells = picture("runs", note=lambda table: f"{figures.pick(table, curve='norm')['value'].max():.3f} at most")
    kept = keeping.needed(frames, [tells])["curves/runs.parquet"]
    assert set(kept["curve"]) == {"test", "norm"}


def test_tables_of_a_figure_that_waits_for_others_stay_whole(frames):
    waiting = picture("runs", "to come", path=None)
    assert keeping.needed(frames, [picture("runs"), waiting])["curves/runs.parquet"].equals(runs())
    broken = picture("runs")
    failing = Picture("F", lambda frame: 1 / 0, ["runs"], "", "", "drawn")
    assert keeping.needed(frames, [broken, failing])["curves/runs.parquet"].equals(runs())


def test_then_points_go_and_at_last_the_largest_tables(frames):
    sizes = {points: len(keeping.packed(keeping.thin(DRAWN, points))) for points in (200, 100, 50)}
    statistics = len(keeping.packed(frames[STATISTICS]))
    for points, size in sizes.items():
        kept = keeping.small(frames, [picture("runs")], budget=statistics + size + 200)[0]
        assert read(kept["curves/runs.parquet"])["x"].nunique() == points
    smallest, largest = sorted((sizes[50], statistics))
    files, left_out = keeping.small(frames, [picture("runs")], budget=smallest + 200)
    assert [len(content) for content in files.values()] == [pytest.approx(smallest, abs=200)]
    assert len(left_out) == 1
    assert keeping.small(frames, [picture("runs")], budget=0) == ({}, [*left_out, *files])
    assert smallest + 200 < largest


def record(**keys: str) -> Record:
    return Record("some", "paper", {"runs": {name: {"key": key} for name, key in keys.items()}})


def test_new_runs_replace_their_statistics_and_the_others_stay():
    old = {STATISTICS: statistics("one", "two", "three"), "curves/one.parquet": runs(), "curves/two.parquet": runs()}
    new = {STATISTICS: statistics("two", "three", value=2.0).query("seed == 0"), "curves/two.parquet": runs(5)}
    fresh = {"two": {"key": "new"}, "three": {"key": "same"}}
    found = keeping.merged(new, old, record(one="o", two="t", three="same"), fresh)
    values = found[STATISTICS].groupby("experiment")["value"].agg(list).to_dict()
    assert values == {"one": [1.0, 1.0], "two": [2.0], "three": [2.0, 1.0]}, "of the same run, what the new ones lack"
    assert found["curves/two.parquet"].equals(runs(5))
    assert found["curves/one.parquet"].equals(runs())


def test_rows_that_name_an_experiment_of_before_stay_in_a_common_table():
    def rows(**values):
        return pd.DataFrame({"model": list(values), "value": list(values.values())})

    found = keeping.merged(
        {"curves/runs.parquet": rows(two=2.0)},
        {"curves/runs.parquet": rows(one=1.0, two=1.0, three=1.0)},
        record(one="o", two="t"),
        {"two": {"key": "new"}},
    )["curves/runs.parquet"]
    assert dict(zip(found["model"], found["value"], strict=True)) == {"two": 2.0, "one": 1.0}
