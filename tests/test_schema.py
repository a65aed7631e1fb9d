"""The sentences in which schema checks end."""

import pytest

from verifig.ground import schema
from verifig.ground.errors import InputError


def test_an_enum_may_say_why_it_refuses():
    properties = {"schedule": {"enum": ["constant"], "reason": "rates must not decay"}}
    with pytest.raises(InputError, match=r"x: schedule = 'cosine' must be one of constant: rates must not decay"):
        schema.validate({"schedule": "cosine"}, {"properties": properties}, "x")


def test_no_help_text_of_a_setting_is_cut_at_a_comma():
    """In a YAML flow mapping an unquoted text ends at a comma; what follows becomes a key of its own."""
    from verifig.ground.paths import slugs
    from verifig.planning import rulesets

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
