"""Members of an ensemble, merged settings, and seeds from names."""

import copy

import pytest

from verifig.training.members import members_of, merge
from verifig.training.seeds import derive


def test_a_member_has_its_settings_its_condition_and_its_seed():
    values = {"seeds": 2, "rate": 1.0, "model": {"width": 8, "depth": 2}, "conditions": {"b": {"model": {"width": 4}}, "a": {"seeds": 1}}}  # fmt: skip
    model = {"width": 8, "depth": 2}
    assert members_of(values) == [
        {"seeds": 1, "rate": 1.0, "model": model, "condition": "a", "seed": 0},
        {"seeds": 2, "rate": 1.0, "model": model | {"width": 4}, "condition": "b", "seed": 0},
        {"seeds": 2, "rate": 1.0, "model": model | {"width": 4}, "condition": "b", "seed": 1},
    ]


@pytest.mark.parametrize("conditions", [{}, {"conditions": {}}, {"conditions": None}])
def test_without_conditions_there_is_one_called_base(conditions):
    found = members_of({"seeds": 3, "rate": 1.0} | conditions)
    assert found == [{"seeds": 3, "rate": 1.0, "condition": "base", "seed": seed} for seed in range(3)]


@pytest.mark.parametrize(
    ("base", "change", "expected"),
    [
        ({"a": 1}, {}, {"a": 1}),
        ({"a": 1}, {"a": 2, "b": 3}, {"a": 2, "b": 3}),
        ({"a": {"x": 1, "y": {"z": 2}}}, {"a": {"y": {"w": 3}}}, {"a": {"x": 1, "y": {"z": 2, "w": 3}}}),
        ({"a": {"x": 1}, "b": 2}, {"a": None}, {"b": 2}),
        ({"a": 1}, {"a": None}, {"a": None}),  # a value may be null; only a mapping is removed
        ({}, {"a": None}, {"a": None}),
        ({"a": 1}, {"a": {"x": 1}}, {"a": {"x": 1}}),
        ({"a": {"x": 1}}, {"a": 1}, {"a": 1}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({}, {"a": {"x": None}}, {"a": {"x": None}}),
    ],
)
def test_merge(base, change, expected):
    given = copy.deepcopy((base, change))
    assert merge(base, change) == expected
    assert (base, change) == given, "what is merged stays as it was"


def test_a_merged_mapping_shares_nothing_with_its_sources():
    base, change = {"a": {"x": [1]}, "b": [1]}, {"c": {"y": [1]}, "a": {"z": [1]}}
    merged = merge(base, change)
    for values in (merged["a"]["x"], merged["b"], merged["c"]["y"], merged["a"]["z"]):
        values.append(2)
    assert (base, change) == ({"a": {"x": [1]}, "b": [1]}, {"c": {"y": [1]}, "a": {"z": [1]}})


# first 16 digits of `printf NAMES | sha256sum`, halved: no later version may draw other numbers
@pytest.mark.parametrize(
    ("names", "digits"),
    [(("grokking", "split", 53, 0), "6564d3fa2586974d"), (("a",), "ca978112ca1bbdca"), ((), "e3b0c44298fc1c14")],
)  # fmt: skip
def test_seeds_are_those_of_all_runs_so_far(names, digits):
    assert derive(*names) == int(digits, 16) // 2
