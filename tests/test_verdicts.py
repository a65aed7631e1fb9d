"""Reading verdicts: kinds, counts, the deciding part, what fails a check, by lists small enough to count by hand."""

import dataclasses

import pytest

from verifig.judging import verdicts


def claim(verdict="reproduced", basis="number", setting="paper's", **more) -> dict:
    base = {"id": "A", "kind": "claim", "statement": "a is b", "parts": [], "p_bound": None, "headroom": None}
    return base | {"verdict": verdict, "basis": basis, "setting": setting} | more


def part(verdict="reproduced", headroom=None, **more) -> dict:
    place = {"experiment": "e", "condition": "a=1", "statistic": "s"}
    return place | {"verdict": verdict, "headroom": headroom, "observed": 3.0, "bounds": [1, "inf"]} | more


ORACLE, CONTROL = {"kind": "oracle"}, {"kind": "control", "of": "A"}
SOME = [
    claim(),
    claim("contradicted"),
    claim("not tested"),
    claim(setting="reduced"),
    claim("inconclusive", setting="reconstruction"),
    claim(basis="direction"),
    claim(basis="direction"),
    claim("not tested", basis="ours"),
    claim("inconclusive", **ORACLE),
    claim(**ORACLE),
    claim("caught", **CONTROL),
    claim("missed", **CONTROL),
    claim("not tested", **CONTROL),
    claim("contradicted", kind="control"),
    claim("not tested", **ORACLE),
]


# ---- kinds and counts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, "number"),
        ({"setting": "reduced"}, "reduced"),
        ({"setting": "reconstruction"}, "reduced"),
        ({"basis": "direction", "setting": "reduced"}, "statement"),
        ({"basis": "direction"}, "statement"),
        ({"basis": "identity"}, "identity"),
        ({"basis": "ours"}, "extension"),
    ],
)
def test_the_kind_of_a_claim(given, kind):
    assert verdicts.kind_of(claim(**given)) == verdicts.KIND[kind]
    assert verdicts.kind_of(claim(**given, **ORACLE)) is None
    assert verdicts.kind_of(claim(**given, **CONTROL)) is None


def test_a_kind_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        verdicts.KIND["number"].word = "x"


def test_only_claims_of_a_paper_count():
    assert verdicts.paper_claims(SOME) == SOME[:8]


def test_claims_are_counted_by_kind_and_verdict():
    none = dict.fromkeys(("reproduced", "contradicted", "inconclusive", "not tested"), 0)
    assert verdicts.by_kind(SOME) == {
        "number": none | {"reproduced": 1, "contradicted": 1, "not tested": 1},
        "reduced": none | {"reproduced": 1, "inconclusive": 1},
        "statement": none | {"reproduced": 2},
        "identity": none,
        "extension": none | {"not tested": 1},
    }
    assert list(verdicts.by_kind([])) == ["number", "reduced", "statement", "identity", "extension"]


def test_what_was_not_tested_was_not_judged():
    counts = {"reproduced": 2, "contradicted": 3, "inconclusive": 5, "not tested": 70}
    assert verdicts.tested(counts) == 10
    assert verdicts.tally(counts) == "2 of 10"
    assert verdicts.tally(counts | {"reproduced": 0}) == "0 of 8"
    assert verdicts.tally(dict.fromkeys(counts, 0) | {"not tested": 4}) == "–"


def test_what_is_open_and_what_behaves():
    assert verdicts.open_counts(SOME) == {"contradicted": 1, "inconclusive": 1, "not tested": 2}
    assert list(verdicts.open_counts(SOME)) == ["contradicted", "inconclusive", "not tested"]
    assert verdicts.controls(SOME) == (2, 5)
    assert verdicts.controls(SOME[:8]) == (0, 0)


def test_a_row_stands_below_its_columns():
    assert dict(zip(verdicts.COLUMNS, verdicts.row(SOME), strict=True)) == {
        "paper's numbers": "1 of 2",
        "numbers, reduced": "1 of 2",
        "statements": "2 of 2",
        "identities": "–",
        "extensions": "–",
        "contradicted": "1",
        "inconclusive": "1",
        "not tested": "2",
        "controls": "2 of 5",
    }
    assert verdicts.row([claim()])[5:] == ["–", "–", "–", "0 of 0"]


def test_agreement_is_counted_by_answer():
    answers = [claim(agrees=answer) for answer in ("yes", "yes", "no", "too few", "yes")]
    assert verdicts.agreement([*answers, claim()]) == {"yes": 3, "no": 1, "too few": 1}
    assert verdicts.agreement([claim()]) == {"yes": 0, "no": 0, "too few": 0}


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({}, "reproduced"),
        ({"basis": "direction"}, "holds"),
        ({"basis": "ours", "verdict": "inconclusive"}, "inconclusive"),
        (ORACLE, "as it must be"),
        (CONTROL | {"verdict": "missed"}, "missed"),
    ],
)
def test_the_word_of_a_verdict(given, word):
    assert verdicts.word(claim(**given)) == word


# ---- the part that decides -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([("inconclusive", -9), ("contradicted", 5)], 1),
        ([("contradicted", 5), ("contradicted", 4)], 1),
        ([("contradicted", None), ("contradicted", 4)], 1),
        ([("reproduced", -9), ("inconclusive", None)], 1),
        ([("reproduced", 0.1), ("inconclusive", 5)], 1),
        ([("inconclusive", 1), ("inconclusive", 2)], 0),
        ([("reproduced", None), ("reproduced", 1e9)], 1),
        ([("reproduced", 2.0), ("reproduced", 1.5), ("reproduced", 3.0)], 1),
    ],
)
def test_the_worst_verdict_decides_and_then_the_nearest_bound(parts, expected):
    parts = [part(*given, place=k) for k, given in enumerate(parts)]
    assert verdicts.deciding(claim(parts=parts))["place"] == expected


def test_without_parts_nothing_decides():
    assert verdicts.deciding(claim()) is None


# ---- all at once ---------------------------------------------------------------------------------------------------


def test_simultaneous_intervals_share_two_and_a_half_percent():
    """Of two random claims each may use .0125; what is not random, not found right or no claim takes no share."""

    def named(*p_values, **more):
        return [claim(p_bound=p, id=str(p), **more) for p in p_values]

    def lost(claims):
        return [item["id"] for item in verdicts.not_simultaneous(claims)]

    assert lost([]) == []
    assert lost(named(0.025)) == []
    assert lost(named(0.0251)) == ["0.0251"]
    assert lost(named(0.0125, 0.013)) == ["0.013"]
    assert lost(named(0.0125, 0.013, None, None)) == ["0.013"]
    assert lost(named(0.0125, 0.013) + named(0.02, **ORACLE)) == ["0.013"]
    assert lost(named(0.012, 0.001) + named(0.5, verdict="inconclusive")) == ["0.012"]


# ---- what fails a check ----------------------------------------------------------------------------------------------


def test_a_verdict_that_is_not_as_it_must_be_is_a_sentence():
    expected = {"expect": "contradicted", "because": "small nets do not"}
    assert verdicts.failures(
        [
            claim("contradicted", id="C1"),
            claim("inconclusive", id="O1", **ORACLE),
            claim("missed", id="K1", **CONTROL),
            claim("contradicted", id="K2", kind="control"),
            claim("reproduced", id="E1", **expected),
        ]
    ) == [
        "C1 is contradicted without an explanation: a is b",
        "oracle O1 is inconclusive, must be reproduced: a is b",
        "control K1 is missed, must be caught: a is b",
        "control K2 is contradicted, must be reproduced: a is b",
        "E1 is reproduced, though it is expected to be contradicted: small nets do not",
    ]


@pytest.mark.parametrize(
    "fine",
    [
        {},
        {"verdict": "inconclusive"},
        {"verdict": "not tested"},
        {"verdict": "not tested", **ORACLE},
        {"verdict": "contradicted", "expect": "contradicted", "because": "x"},
        ORACLE,
        {"kind": "control"},
        {"verdict": "caught", **CONTROL},
    ],
)
def test_what_is_as_it_must_be_does_not_fail(fine):
    assert verdicts.failures([claim(**fine)]) == []
    assert verdicts.failures([claim(**fine)], {}) == []


def test_a_void_bound_fails_whatever_the_verdict():
    arm = {"experiment": "f", "condition": "", "statistic": "t", "observed": 2.5, "verdict": "reproduced"}
    void, sound = part(control_arm=arm), part(control_arm=arm | {"verdict": "contradicted"})
    assert [verdicts.is_void(found) for found in (void, sound, part())] == [True, False, False]
    sentence = "A: the bound of s is void, its control arm (f / t) passes it too: 2.50"
    assert verdicts.failures([claim(parts=[sound, void, part()])]) == [sentence]
    assert verdicts.failures([claim("contradicted", parts=[void])])[1:] == [sentence]
    assert verdicts.failures([claim("not tested", parts=[void])]) == []


def test_runs_that_are_not_sound_fail_unless_declared():
    sick = part("contradicted", label="loss", observed=0.5)
    health = {"e": [part(), sick, sick | {"declared": "why"}, part("inconclusive")], "f": [part()]}
    assert verdicts.unsound(health["e"]) == health["e"][1:]
    assert verdicts.failures([], health) == [
        "runs of e are not sound: loss is 0.500, must be ≥ 1",
        "runs of e are not sound: s is 3, must be ≥ 1",
    ]


def test_a_part_is_named_by_its_label_or_its_statistic_and_its_place():
    assert [verdicts.name_of(part(**more)) for more in ({}, {"label": "l"}, {"label": ""})] == ["s", "l", "s"]
    assert verdicts.place(part()) == "e / a=1 / s"
    assert verdicts.place(part(condition="")) == "e / s"
