"""The sentences in which schema checks end."""

import pytest

from verifig.ground import schema
from verifig.ground.errors import InputError
from verifig.planning import rulesets


def test_an_enum_may_say_why_it_refuses():
    properties = {"schedule": {"enum": ["constant"], "reason": "rates must not decay"}}
    with pytest.raises(InputError, match=r"x: schedule = 'cosine' must be one of constant: rates must not decay"):
        schema.validate({"schedule": "cosine"}, {"properties": properties}, "x")


def test_no_help_text_of_a_setting_is_cut_at_a_comma():
    """In a YAML flow mapping an unquoted text ends at a comma; what follows becomes a key of its own."""
    from verifig.ground.paths import slugs

    known = {
        "type",
        "enum",
        "items",
        "minItems",
        "maxItems",
        "uniqueItems",
        "properties",
        "additionalProperties",
        "$ref",
    }
    known |= {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "oneOf", "anyOf", "pattern"}
    known |= {"description", "unit", "data", "reason", "propertyNames", "required", "minProperties", "minLength"}
    for slug in slugs():
        for name, entry in rulesets.load(slug).settings_schema["properties"].items():
            assert set(entry) <= known, (slug, name, set(entry) - known)


@pytest.mark.parametrize(
    ("drawn", "message"),
    [
        ({"experiments": ["one"], "conditions": ["a", "b"]}, None),
        ({"experiments": ["two"]}, "paper.yaml: figures.f names the unknown experiment 'two'"),
        ({"experiments": ["one"], "conditions": ["c"]}, "paper.yaml: figures.f names the unknown condition 'c'"),
    ],
)
def test_a_figure_draws_experiments_and_conditions_that_there_are(drawn, message):
    runs = {
        "experiments": {"one": {"settings": {"conditions": {"a": {}}}}},
        "scales": {"paper": {"one": {"settings": {"conditions": {"b": {}}}}}},
    }
    if message is None:
        rulesets._check_drawn(drawn, runs, "paper.yaml: figures.f")
    else:
        with pytest.raises(InputError, match=message):
            rulesets._check_drawn(drawn, runs, "paper.yaml: figures.f")
