"""Generated bad input, more than a thousand cases in process: one sentence naming key and value, never another error."""

import contextlib
import copy
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from verifig import cli
from verifig.ground import schema
from verifig.ground.errors import InputError
from verifig.ground.files import read_json
from verifig.ground.paths import SCHEMAS
from verifig.ground.yaml_files import read_yaml
from verifig.judging import claims
from verifig.measuring import tables
from verifig.planning import rulesets, userconfig
from verifig.training import artifacts

MANY = settings(deadline=None, suppress_health_check=list(HealthCheck))
WORD = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=12)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    WORD,
    st.lists(st.integers(), max_size=2),
    st.dictionaries(WORD, st.integers(), max_size=2),
)
RULESET = rulesets.load("prieto2025")
SETTINGS = rulesets.settings(RULESET, "delay53", "laptop")
NUMBERS = sorted(
    name for name, value in SETTINGS.items() if isinstance(value, int | float) and not isinstance(value, bool)
)
CLAIMS = read_yaml(RULESET.folder / "claims.yaml")
OF_CLAIMS = read_yaml(SCHEMAS / "claims.schema.yaml")


def sentence(error: InputError) -> str:
    text = str(error)
    assert text.strip()
    assert len(text) < 2000
    return text


@MANY
@given(st.dictionaries(WORD, ODD, min_size=1, max_size=3))
def test_configuration(given_values):
    known = set(read_yaml(SCHEMAS / "config.schema.yaml")["properties"])
    unknown = set(given_values) - known
    if not unknown:
        return
    with pytest.raises(InputError) as caught:
        userconfig.load(given_values)
    assert any(str(name) in sentence(caught.value) for name in given_values)


@MANY
@given(
    st.sampled_from(NUMBERS),
    st.one_of(WORD, st.booleans(), st.lists(st.integers(), max_size=2), st.floats(max_value=-1e-9, allow_nan=False)),
)
def test_settings_of_a_wrong_type_or_sign(name, value):
    with pytest.raises(InputError) as caught:
        rulesets.settings(RULESET, "delay53", "laptop", {name: value})
    assert name in sentence(caught.value)


@MANY
@given(WORD.filter(lambda name: name.split(".")[0] not in SETTINGS), ODD)
def test_unknown_settings(name, value):
    with pytest.raises(InputError) as caught:
        rulesets.settings(RULESET, "delay53", "laptop", {name: value})
    assert "unknown setting" in sentence(caught.value)


@MANY
@given(st.integers(0, len(CLAIMS["claims"]) - 1), st.data())
def test_claims(index, data):
    """A claim with one of its fields renamed or replaced by something odd is refused."""
    claim = copy.deepcopy(CLAIMS["claims"][index])
    field = data.draw(st.sampled_from(sorted(claim)))
    if data.draw(st.booleans()):
        claim[field + "x"] = claim.pop(field)
    else:
        claim[field] = data.draw(st.one_of(st.booleans(), st.lists(st.booleans(), max_size=1), st.just({"x": 1})))
    with pytest.raises(InputError) as caught:
        schema.validate(CLAIMS | {"claims": [claim]}, OF_CLAIMS, "claims.yaml")
    sentence(caught.value)


@MANY
@given(
    st.lists(
        st.one_of(
            WORD, st.sampled_from(["run", "list", "prieto2025", "--scale", "--set", "x=1", "--seeds", "-1", "explain"])
        ),
        min_size=1,
        max_size=5,
    )
)
def test_command_lines(arguments):
    """Whatever is typed ends with an exit code, never with a traceback; only help and listings succeed."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output), pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code in (0, 1, 2)
    if caught.value.code == 2:
        assert output.getvalue().startswith("error: ")
    assert "Traceback" not in output.getvalue()


@MANY
@given(st.binary(max_size=200))
def test_damaged_files(tmp_path_factory, contents):
    path = tmp_path_factory.mktemp("damaged") / "file"
    path.write_bytes(contents)
    for read in (artifacts.read, tables.read):
        with pytest.raises(InputError) as caught:
            read(path)
        assert str(path) in sentence(caught.value)
    for read in (read_yaml, read_json):  # a few bytes may happen to be YAML or JSON
        with contextlib.suppress(InputError):
            read(path)


def test_every_rule_set_s_claims_are_valid():
    from verifig.ground.paths import slugs

    for slug in slugs():
        assert claims.load(slug)
