"""The sentences in which schema checks end."""

import pytest

from verifig.ground import schema
from verifig.ground.errors import InputError


def test_an_enum_may_say_why_it_refuses():
    properties = {"schedule": {"enum": ["constant"], "reason": "rates must not decay"}}
    with pytest.raises(InputError, match=r"x: schedule = 'cosine' must be one of constant: rates must not decay"):
        schema.validate({"schedule": "cosine"}, {"properties": properties}, "x")
