"""The tables that `measure` fills, against loops over the same numbers and against values worked out by hand."""

import itertools

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up import artifact

from verifig.measuring import tables
from verifig.measuring.series import Series

VALUES = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def test_melt_has_a_row_for_every_element():
    found = tables.melt(VALUES, seed=[7, 9], x=[10, 20, 30])
    assert found.to_dict("list") == {
        "seed": [7, 7, 7, 9, 9, 9],
        "x": [10, 20, 30, 10, 20, 30],
        "value": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    }


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_melt_agrees_with_loops_over_every_dimension(shape):
    values = np.random.default_rng(0).normal(size=shape)
    axes = {f"axis {k}": [10.0 * k + place for place in range(size)] for k, size in enumerate(shape)}
    places = itertools.product(*(range(size) for size in shape))
    rows = [[*(labels[k] for labels, k in zip(axes.values(), place, strict=True)), values[place]] for place in places]
    found = tables.melt(values, **axes)
    assert found.columns.tolist() == [*axes, "value"]
    assert found.to_numpy().tolist() == rows


def test_melt_fills_the_columns_of_single_values_and_keeps_the_order_of_columns():
    found = tables.melt(VALUES, arm="ridge", seed=range(2), width=40, x=np.array(["a", "b", "c"]))
    assert found.columns.tolist() == ["arm", "seed", "width", "x", "value"]
    assert found["arm"].tolist() == ["ridge"] * 6
    assert found["width"].tolist() == [40] * 6
    assert found["x"].tolist() == ["a", "b", "c", "a", "b", "c"]


def test_melt_broadcasts_several_fields_to_the_axes():
    found = tables.melt({"value": VALUES, "theory": [0.1, 0.2, 0.3], "limit": 9}, seed=range(2), x=range(3))
    assert found["value"].tolist() == [1, 2, 3, 4, 5, 6]
    assert found["theory"].tolist() == [0.1, 0.2, 0.3, 0.1, 0.2, 0.3]
    assert found["limit"].tolist() == [9] * 6


def test_melt_follows_the_axes_of_a_transposed_array_and_does_not_share_its_memory():
    array = VALUES.copy()
    found = tables.melt(array.T, x=[10, 20, 30], seed=range(2))
    assert found.to_numpy().tolist() == [[10, 0, 1], [10, 1, 4], [20, 0, 2], [20, 1, 5], [30, 0, 3], [30, 1, 6]]
    row = tables.melt(array, seed=range(2), x=range(3))
    row.loc[0, "value"] = -1.0
    assert array[0, 0] == 1.0


def test_melt_refuses_labels_that_do_not_fit():
    with pytest.raises(ValueError, match="broadcast"):
        tables.melt(VALUES, seed=range(2), x=range(4))


def test_long_is_one_curve_after_the_other():
    found = tables.long(np.array([5, 10]), {"loss": [[1.0, 2.0], [3.0, 4.0]], "norm": [[8.0, 9.0]]}, "sgd")
    assert found.columns.tolist() == ["curve", "condition", "seed", "x", "value"]
    assert found.to_numpy().tolist() == [
        ["loss", "sgd", 0, 5, 1.0],
        ["loss", "sgd", 0, 10, 2.0],
        ["loss", "sgd", 1, 5, 3.0],
        ["loss", "sgd", 1, 10, 4.0],
        ["norm", "sgd", 0, 5, 8.0],
        ["norm", "sgd", 0, 10, 9.0],
    ]
    assert found.index.tolist() == list(range(6))


def test_pairs_are_of_the_units_that_all_have():
    few, many = np.array([3.0, 5.0]), np.array([1.0, 2.0, 4.0])
    assert tables.difference(few, many).tolist() == [2, 3]
    assert tables.difference(VALUES, few[:1, None]).tolist() == [[-2, -1, 0]]
    assert tables.ratio(many, few).tolist() == [1 / 3, 2 / 5]
    assert [part.tolist() for part in tables.paired(VALUES, few, many[:1])] == [[[1, 2, 3]], [3], [1]]


@pytest.mark.filterwarnings("error")
def test_a_ratio_over_zero_is_not_finite_and_gives_no_warning():
    found = tables.ratio(np.array([1.0, 0.0, -1.0, 1e300, 4.0]), np.array([0.0, 0.0, 0.0, 1e-300, 2.0]))
    np.testing.assert_array_equal(found, [np.inf, np.nan, -np.inf, np.inf, 2])


@pytest.mark.parametrize(
    ("row", "position", "never"),
    [
        ([0.0, 0.2, 0.6, 0.9], 4 + 0.75 * 4, False),  # 0.5 lies at 3/4 of the way from 0.2 to 0.6
        ([0.0, 0.5, 0.1, 0.9], 4, False),  # reached exactly; later falls do not count
        ([0.7, 0.1, 0.9, 0.9], 2, False),  # there from the start: the first log point
        ([0.0, 0.1, 0.2, 0.49], 20, True),  # never: the last log point
        ([0.0, np.nan, 0.6, 0.6], np.nan, False),  # between a value that is none and one above
        ([np.nan, np.nan, np.nan, np.nan], 20, True),
    ],
)
def test_first_crossings_worked_out_by_hand(row, position, never):
    found, unseen = tables.first_crossing([2, 4, 8, 20], row, 0.5)
    np.testing.assert_allclose(found, [position])
    assert unseen.tolist() == [never]


def test_first_crossings_lie_on_the_interpolated_curve():
    rng = np.random.default_rng(1)
    x, rows = np.cumsum(rng.uniform(1, 5, 30)), np.cumsum(rng.normal(0.05, 0.2, (40, 30)), 1)
    found, never = tables.first_crossing(x, rows, 0.5)
    fine = np.linspace(x[0], x[-1], 200_001)
    for row, position, unseen in zip(rows, found, never, strict=True):
        above = np.flatnonzero(np.interp(fine, x, row) >= 0.5)
        assert unseen == (not len(above))
        assert position == pytest.approx(x[-1] if unseen else fine[above[0]], abs=2 * (fine[1] - fine[0]))


def test_series_are_the_rows_of_a_condition():
    loss = np.arange(24.0).reshape(4, 3, 2)
    records = artifact({"steps": [1, 10, 100], "loss": loss}, {"b": {"seeds": 1}, "a": {"seeds": 3, "rate": 2}}, rate=1)
    series = Series(records, "steps")
    assert list(series.settings) == ["a", "b"]
    assert (series.settings["a"]["rate"], series.settings["b"]["rate"]) == (2, 1)
    assert ("a" in series, "c" in series) == (True, False)
    assert (series.seeds("a"), series.seeds("b")) == (3, 1)
    assert series["a", "loss"].tolist() == loss[:3].tolist()
    assert series["b", "loss"].tolist() == loss[3:].tolist()
    assert series.last("a", "loss").tolist() == [[4, 5], [10, 11], [16, 17]]
    assert series.at("b", "loss", 10).tolist() == series.at("b", "loss", 99.5).tolist() == [[20, 21]]
    assert series.at("b", "loss", 1).tolist() == [[18, 19]]


def test_statistics_hold_a_row_a_unit_and_say_what_became_of_it():
    out = tables.Tables()
    out.per_seed("e", "time", [5, 20.0, np.inf], {"b": 1, "a": "x"}, seeds=[2, 0, 1], never=[False, True, False])
    out.exact("e", "limit", np.nan)
    out.exact("e", "limit", 3, {"p": 53})
    assert out.statistics().columns.tolist() == list(tables.COLUMNS)
    shown = out.statistics()[["condition", "statistic", "seed", "value", "status"]].astype(object)
    assert shown.where(shown.notna(), None).to_numpy().tolist() == [
        ["", "limit", None, None, "diverged"],
        ["a=x;b=1", "time", 0, 20.0, "never"],
        ["a=x;b=1", "time", 1, np.inf, "diverged"],
        ["a=x;b=1", "time", 2, 5.0, "ok"],
        ["p=53", "limit", None, 3.0, "ok"],
    ]


def test_statistics_of_more_values_than_seeds_are_refused():
    with pytest.raises(ValueError, match="longer"):
        tables.Tables().per_seed("e", "s", [1.0, 2.0], seeds=[0])


def test_curves_are_numbered_anew_and_read_back(tmp_path):
    out = tables.Tables()
    out.curve("losses", pd.concat([tables.melt(VALUES, seed=range(2), x=range(3))] * 2))
    assert out.curves["losses"].columns.tolist() == ["seed", "x", "value"]
    assert out.curves["losses"].index.tolist() == list(range(12))
    tables.write(tmp_path / "losses.parquet", out.curves["losses"])
    assert pq.read_schema(tmp_path / "losses.parquet").names == ["seed", "x", "value"]
    assert tables.read(tmp_path / "losses.parquet").equals(out.curves["losses"])
