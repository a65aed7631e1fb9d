"""Dates of curves."""

import numpy as np
import pytest

from replications.grokking.instruments2026.timing import departure, half_step, octaves, over, progress

STEPS = np.array([0, 1, 2, 4, 8])


def test_departures_count_both_ways_and_relative_ones_in_units_of_the_start():
    rows = [[2, 1, 3, 5, 2], [-4, -4, -2, -6, -4]]
    assert departure(rows).tolist() == [[0, 1, 1, 3, 0], [0, 0, 2, 2, 0]]
    assert departure(rows, relative=True).tolist() == [[0, 0.5, 0.5, 1.5, 0], [0, 0, 0.5, 0.5, 0]]


def test_progress_ends_at_one_where_the_departure_is_largest_and_is_nothing_where_nothing_moves():
    assert progress(np.array([[0, 1, 4, 2], [0, 0, 0, 0]])).tolist() == [[0, 0.25, 1, 0.5], [0, 0, 0, 0]]


def test_half_of_the_largest_departure_is_dated_between_log_points_and_not_of_what_stays_below_the_floor():
    """Half of 4 is reached from 1 (step 2) to 3 (step 4) in the middle; half of the second, 0.5, at step 1 at once."""
    found, never = half_step(STEPS, np.array([[0, 0, 1, 3, 4], [0, 0.5, 1, 1, 0.2]]), floor=1)
    assert found.tolist() == [3, 1]
    assert never.tolist() == [False, False]
    assert [each.tolist() for each in half_step(STEPS, np.array([[0, 0, 0, 0.5, 0.9]]), floor=1)] == [[8], [True]]
    assert half_step(STEPS, np.array([[0, 0, 0, 0.5, 1.0]]), floor=1)[1].tolist() == [False]


def test_octaves_are_positive_for_what_is_earlier():
    assert octaves(np.array([8, 2, 3]), np.array([2, 8, 3])).tolist() == [2, -2, 0]


def test_there_is_no_share_of_what_does_not_move():
    assert over(np.array([1.0, 0, 2]), np.array([2.0, 0, 0])).tolist() == pytest.approx(
        [0.5, np.nan, np.nan], nan_ok=True
    )
