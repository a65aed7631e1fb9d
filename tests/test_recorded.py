"""What was recorded: where it still holds, how parts are merged, and that no count adds up two scales."""

import pytest
from test_counts import KINDS, Text, integers, of_kind
from test_pages import claim, part

from verifig.ground.errors import InputError
from verifig.ground.files import write_json
from verifig.ground.keys import key
from verifig.judging import claims as claims_module
from verifig.judging import record, recorded
from verifig.judging.judgement import finite
from verifig.judging.recorded import Record
from verifig.pages import cards, glance, publish, site
from verifig.pages import recorded as shown
from verifig.planning import rulesets

SLUG, CLAIM = "prieto2025", "EN-04"


def whole(resolved: dict) -> dict:
    """A judged part in full, as a record holds it."""
    kept = {name: resolved[name] for name in recorded.SAME if name in resolved}
    kept |= {"bounds": [finite(resolved["low"]), finite(resolved["high"])], "values": [1.0], "notes": []}
    kept |= {"observed": 1.0, "low": 0.9, "high": 1.1, "n": 5, "verdict": "reproduced", "p_bound": 0.0, "headroom": 9.0}
    if "control_arm" in resolved:
        arm = claims_module.control_arm(resolved)
        kept["control_arm"] = {name: arm[name] for name in recorded.PLACE} | {"verdict": "contradicted"}
    return kept


def run(experiment: str, day: int = 1, **more) -> dict:
    settings = rulesets.settings(rulesets.load(SLUG), experiment, "paper")
    return {
        "device": "one GPU", "date": f"2026-12-0{day}", "minutes": 1.5, "commit": f"c{day}", "verifig": "0.1.0", "seeds": [0, 1],
        "key": f"{experiment} {day}", "settings": key(settings),
    } | more  # fmt: skip


def entry(name: str = CLAIM) -> dict:
    """A claim as judged at paper scale, recorded."""
    known = claims_module.load(SLUG)
    found = next(item for item in known if item["id"] == name)
    parts = [whole(each) for each in claims_module.parts(found, "paper", known)]
    return {
        "id": name,
        "statement": found["statement"],
        "verdict": "reproduced",
        "p_bound": 0.0,
        "headroom": 9.0,
        "parts": parts,
    }


def contents(*claims: dict, **runs: dict) -> dict:
    judged = {each["id"]: each for each in claims}
    return {
        "schema": 1, "verifig": "0.1.0", "scale": "paper", "commit": "c", "date": "2026-12-01", "hardware": "one GPU",
        "runs": runs, "tables": {}, "health": {},
        "claims": [judged.get(each["id"], record._untested(each["id"])) for each in claims_module.load(SLUG)],
    }  # fmt: skip


def kept(*claims: dict, **runs: dict) -> Record:
    return Record(SLUG, "paper", contents(*claims, **runs))


def test_a_recorded_claim_has_its_verdict_its_runs_and_the_words_of_its_scale():
    found = {each["id"]: each for each in kept(entry(), edge113=run("edge113")).claims}
    assert found[CLAIM]["recorded_on"] == "one GPU, 2026-12-01"
    assert found[CLAIM]["verdict"] == "reproduced"
    assert found[CLAIM]["setting"] == "paper's"
    assert found["EN-13"]["verdict"] == "not tested"
    assert "reason" in found["EN-13"]
    assert [each["id"] for each in recorded.judged(found.values())] == [CLAIM]


def test_runs_of_several_days_and_machines_are_named():
    both = kept(edge113=run("edge113"), slow113=run("slow113", 3, device="another GPU"))
    assert both.place() == "another GPU and one GPU, 2026-12-01 to 2026-12-03"
    assert both.place(["edge113"]) == "one GPU, 2026-12-01"
    assert "parity" in both.not_covered


CHANGES = {
    "nothing": (lambda past: past, None),
    "statement": (lambda past: past | {"statement": "Another one."}, "its statement has"),
    "white space": (lambda past: past | {"statement": past["statement"].replace(" ", "\n  ")}, None),
    "bounds": (lambda past: past | {"parts": [past["parts"][0] | {"bounds": [0.1, "inf"]}]}, "its bounds have"),
    "statistic": (lambda past: past | {"parts": [past["parts"][0] | {"statistic": "s"}]}, "what it measures has"),
    "estimator": (lambda past: past | {"parts": [past["parts"][0] | {"estimator": "every"}]}, "what it measures has"),
    "another part": (lambda past: past | {"parts": past["parts"] * 2}, "what it measures has"),
    "health": (lambda past: past | {"healthy": past["parts"]}, "what it measures has"),
    "no claim": (lambda past: past | {"id": "EN-99"}, "what is judged at this scale has"),
    "not at this scale": (lambda past: past | {"id": "CT-1"}, "what is judged at this scale has"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_recorded_of_something_else_is_no_verdict(change):
    alter, what = CHANGES[change]
    past = alter(entry())
    found = Record(SLUG, "paper", {**contents(edge113=run("edge113")), "claims": [past]})
    assert found.changed(past) == what
    now = {each["id"]: each for each in found.claims}.get(past["id"])
    if now is not None:
        assert now["verdict"] == ("reproduced" if what is None else "not tested")
        assert ("changed" in now) == (what is not None)


def test_other_settings_than_the_configured_ones_end_a_verdict():
    found = kept(entry(), edge113=run("edge113", settings="of then"), gone=run("edge113"))
    assert found.other_settings == {"edge113", "gone"}
    assert found.changed(entry()) == "the settings of edge113 have"


def test_new_runs_replace_old_ones_and_what_rests_on_others_stays():
    fits, waits = entry(CLAIM), entry("EN-24")  # runs of edge113, and of slow113
    old = kept(fits, waits, edge113=run("edge113"), slow113=run("slow113"))
    new = contents(edge113=run("edge113", 2))
    found, lost = record.merged(new, old, SLUG)
    verdicts = {each["id"]: each["verdict"] for each in found["claims"]}
    assert (verdicts[CLAIM], verdicts["EN-24"]) == ("not tested", "reproduced")
    assert lost == {CLAIM: "there are new runs of edge113, without all that it needs"}
    assert {name: entry["date"] for name, entry in found["runs"].items()} == {
        "edge113": "2026-12-02",
        "slow113": "2026-12-01",
    }
    assert (found["date"], found["hardware"]) == ("2026-12-02", "one GPU")


def test_the_same_run_keeps_the_commit_of_its_first_record():
    old = kept(entry(), edge113=run("edge113"))
    again = contents(entry(), edge113=run("edge113", commit="later"))
    found, lost = record.merged(again, old, SLUG)
    assert (found["runs"]["edge113"]["commit"], lost) == ("c1", {})
    assert record.merged(again, None, SLUG) == (again, {})


def test_runs_of_experiments_that_are_no_more_go():
    old = kept(entry(), edge113=run("edge113"), gone=run("edge113"))
    found, _ = record.merged(contents(slow113=run("slow113")), old, SLUG)
    assert list(found["runs"]) == ["edge113", "slow113"]


def test_a_record_is_checked_where_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded, "path", lambda slug, scale: tmp_path / f"{scale}.json")
    assert recorded.load(SLUG, "paper") is None
    good = contents(entry(), edge113=run("edge113"))
    write_json(tmp_path / "paper.json", good)
    assert recorded.load(SLUG, "paper").verdicts[CLAIM] == "reproduced"
    for bad, said in (
        (good | {"runs": {"edge113": {"device": "one GPU"}}}, "runs.edge113 'date' is a required property"),
        (good | {"claims": [{"id": CLAIM, "verdict": "reproduced", "parts": []}]}, "paper.json: claims.0"),
        ({name: value for name, value in good.items() if name != "runs"}, "'runs' is a required property"),
        (good | {"tables": {"../x.parquet": "0"}}, "does not match"),
    ):
        write_json(tmp_path / "paper.json", bad)
        with pytest.raises(InputError, match=r"paper\.json") as caught:
            recorded.load(SLUG, "paper")
        assert said in str(caught.value)


@pytest.mark.parametrize("slug", ["prieto2025", "dang2023", "besiroglu2024"])
def test_what_is_in_the_repository_is_a_record(slug):
    assert recorded.load(slug, "laptop").verdicts


def test_no_count_adds_up_two_scales():
    """Claims found right of each kind, in numbers that no sum with the other scale's hides."""
    ours = {name: n for name, (*_, n) in KINDS.items()}
    theirs = {name: 1000 + 2 * n for name, n in ours.items()}
    here = [of_kind(name, id=f"{name}{k}") for name, n in ours.items() for k in range(n)]
    there = [of_kind(name, id=f"{name}{k}", recorded_on="x") for name, n in theirs.items() for k in range(n)]
    both = Record(SLUG, "paper", contents(edge113=run("edge113")))
    both.__dict__["claims"] = there
    counted = site.counted(SLUG, here, both)
    paper = {
        "theme": "grokking",
        "title": "T",
        "summary": "S",
        "thumbnail": None,
        "short": "A and B 2025",
        "changed": [],
        "cost": "1 s",
    }
    places = {
        "front page": " ".join(
            Text(site.index([counted | paper | {"seconds": 1.0, "hardware": ["a CPU"]}], "laptop")).found
        ),
        "README": "\n".join(publish.readme_table({SLUG: here}, {SLUG: there})),
        "page": " ".join(Text(cards.header(rulesets.load(SLUG), here, "laptop", shown.counts(both)).html).found),
    }
    for place, text in places.items():
        for name in KINDS:
            assert {ours[name], theirs[name]} <= integers(text), (place, name)
            assert ours[name] + theirs[name] not in integers(text), f"{place} adds up both scales"


def test_a_card_shows_both_verdicts_each_in_its_word():
    past = claim(
        verdict="contradicted", parts=[part(verdict="contradicted", observed=0.25)], recorded_on="one GPU, 2026-12-01"
    )
    both = claim(basis="direction", recorded=past)
    html, markdown = cards.claim_html(both), cards.claim_markdown(both)
    assert html.index("✓ holds") < html.index("at paper scale") < html.index("✗ contradicted")
    for text in (html, markdown):
        assert "Paper scale, recorded on one GPU, 2026-12-01" in text
        assert "0.25" in text
    table = glance.verdict_table([both, claim(id="A-2")])
    assert "At paper scale, recorded" in table.html
    assert table.markdown.splitlines()[-2].endswith("| ✓ holds | ✗ contradicted |")
    assert table.markdown.splitlines()[-1].endswith("| ✓ reproduced | – |")
