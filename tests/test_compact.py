"""Tables of curves made small: which points stay, which digits, and that equal tables give equal bytes."""

import io

import numpy as np
import pandas as pd
import pytest

from verifig.ground import numbers
from verifig.measuring.compact import packed, rounded, short, thin
from verifig.measuring.tables import long, melt


def runs(points: int, seeds: int = 3, condition: str = "a") -> pd.DataFrame:
    x = np.arange(points) * 10
    return long(x, {"loss": np.outer(np.arange(1, seeds + 1), x)}, condition)


def test_a_long_curve_keeps_its_ends_and_every_seed_the_same_points():
    kept = thin(pd.concat([runs(1000), runs(1000, condition="b")], ignore_index=True), 200)
    sizes = kept.groupby(["condition", "seed"])["x"].agg(["size", "min", "max"])
    assert (sizes == [200, 0, 9990]).all(axis=None)
    assert kept.groupby("x")["seed"].nunique().eq(3).all()
    steps = kept.query("condition == 'a' and seed == 0")["x"].diff().dropna()
    assert steps.between(50, 60).all(), "as even as whole rows can be"
    assert (kept["value"] == (kept["seed"] + 1) * kept["x"]).all(), "rows stay together"


def test_a_seed_that_stopped_before_keeps_the_points_of_the_others_and_its_last():
    whole = runs(1000)
    kept = thin(whole[(whole["seed"] != 1) | (whole["x"] <= 4321)], 100)
    grid = set(kept.query("seed == 0")["x"])
    stopped = kept.query("seed == 1")["x"].tolist()
    assert stopped[-1] == 4320
    assert set(stopped[:-1]) == {x for x in grid if x <= 4320} - {4320}


def test_curves_on_other_points_are_thinned_by_themselves():
    other = runs(300).assign(condition="c", x=lambda frame: frame["x"] + 3)
    kept = thin(pd.concat([runs(1000), other], ignore_index=True), 50)
    assert kept.groupby(["condition", "seed"]).size().eq(50).all()


def test_curves_whose_points_lie_close_are_thinned_as_others():
    close = runs(1000).assign(x=lambda frame: frame["x"] / 1000)
    assert thin(close, 50).groupby("seed").size().tolist() == [50] * 3


@pytest.mark.parametrize(
    "frame",
    [
        runs(200),
        melt(np.ones((30, 30)), x=range(30), y=range(30)),  # a surface: x does not grow from row to row
        pd.DataFrame({"objective": np.arange(5000.0)}),
        pd.DataFrame({"x": list("abc") * 100, "value": range(300)}),
        runs(0),
    ],
    ids=["short", "surface", "no x", "names as x", "empty"],
)
def test_what_is_no_long_curve_stays_as_it_is(frame):
    pd.testing.assert_frame_equal(thin(frame, 200), frame)


def test_a_curve_ends_where_a_label_changes_though_x_goes_on():
    frame = pd.DataFrame({"run": ["a"] * 150 + ["b"] * 150, "x": range(300), "value": 0.0})
    pd.testing.assert_frame_equal(thin(frame, 200), frame)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (0.00167, 0.00167), (0.123456, 0.1235), (-98.7654, -98.77), (12345.0, 12345.0), (123456.7, 123500.0),
        (1.23456e-30, 1.235e-30), (3.14159e12, 3.142e12), (0.0, 0.0), (np.inf, np.inf),
    ],
)  # fmt: skip
def test_four_digits_are_kept_and_whole_numbers_whole(value, kept):
    frame = pd.DataFrame({"value": [value, 0.5], "epoch": [123456, 1], "name": ["a", "b"]})
    assert rounded(frame)["value"].tolist() == [kept, 0.5]
    assert rounded(frame)[["epoch", "name"]].equals(frame[["epoch", "name"]])


def test_what_is_not_a_number_stays_so():
    assert np.isnan(rounded(pd.DataFrame({"value": [np.nan, 1.23456]}))["value"][0])
    assert numbers.significant(float("-inf"), 3) == float("-inf")


def test_verdicts_keep_ten_digits_and_their_first_single_units_four():
    part = {"bound": 1 / 3, "seeds": 7, "values": [2 / 3, 1.0, 1 / 7]}
    kept = {"bound": 0.3333333333, "seeds": 7, "values": [0.6667, 1.0, 0.1429]}
    assert short({"parts": [part], "why": "as told"}) == {"parts": [kept], "why": "as told"}
    assert short(part, units=2) == kept | {"values": [0.6667, 1.0]}
    assert short({"bound": 1 / 3}) == {"bound": 0.3333333333}


def test_equal_tables_give_equal_bytes_and_are_read_as_they_were():
    frame = rounded(thin(runs(1000)))
    assert packed(frame) == packed(frame.copy())
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(packed(frame))), frame)
