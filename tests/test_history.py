"""What is kept of earlier records, when it is kept, and how a card and a terminal show that a claim moved."""

import csv
import io
import json

import pytest
from test_pages import claim, part

from verifig.ground.errors import InputError
from verifig.ground.paths import slugs
from verifig.judging import claims as claims_module
from verifig.judging import history, record
from verifig.judging.history import History
from verifig.pages import cards, moved, pictures, site
from verifig.planning import jobs

NOTHING = History({}, {})


def run(day: int = 1, **more) -> dict:
    made = {"scale": "laptop", "verifig": "0.1.0", "commit": f"{day}" * 12, "date": f"2026-12-0{day}"}
    return made | {"hardware": "a CPU", "torch": "2.13.0"} | more


def added(past: History, found: dict, **more) -> History:
    return history.added(past, [found], {found["id"]: run(**more)})


def value(observed: float, **more) -> dict:
    """A claim with one part: at least 0.5, and an interval of 0.1 on both sides."""
    one = part(observed=observed, low=observed - 0.1, high=observed + 0.1)
    return claim(parts=[one | more], verdict=more.get("verdict", "reproduced"))


def test_the_same_recorded_ten_times_is_kept_once():
    past = added(NOTHING, value(1.0))
    for day in range(2, 10):
        past = added(past, value(1.0 + 1e-5 * day), day=day)
    assert past == added(NOTHING, value(1.0))
    assert list(past.runs.values()) == [run()]


CHANGES = {
    "verdict": value(1.0, verdict="inconclusive"),
    "value": value(1.1),
    "interval": value(1.0, low=0.8),
    "undefined": value(1.0, low=None),
    "units": value(1.0, n=5),
    "bounds": value(1.0, bounds=[0.4, "inf"]),
    "another measurement": value(1.0, statistic="t"),
    "another part": claim(parts=[part()] * 2),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_differs_is_a_state_of_its_own(change):
    past = added(added(NOTHING, value(1.0)), CHANGES[change], day=2)
    assert [state.runs for state in past.states["A-1"]] == [(1,), (2,)]
    assert history.same(value(1.0), history.state(value(1.0)), past.states["A-1"][0])


@pytest.mark.parametrize("other", [{"hardware": "a GPU"}, {"verifig": "0.2.0"}, {"torch": "3.0"}])
def test_the_same_on_another_machine_or_version_adds_that_run_alone(other):
    past = added(added(NOTHING, value(1.0)), value(1.0), day=2, **other)
    (state,) = past.states["A-1"]
    assert (state.runs, past.runs[2]) == ((1, 2), run(2, **other))
    assert added(past, value(1.0), day=3) == added(past, value(1.0), day=3, **other) == past


def test_what_is_no_claim_any_more_has_no_history():
    past = added(added(NOTHING, value(1.0)), value(2.0) | {"id": "gone"}, day=2)
    (kept,) = set(past.states) - {"gone"}
    assert history.without_gone(past, {kept, "new"}).states == {kept: past.states[kept]}


def test_a_state_that_returns_is_the_last_again():
    past = NOTHING
    for day, observed in enumerate((1.0, 1.2, 1.0), 1):
        past = added(past, value(observed), day=day)
    assert [(state.parts[0].observed, state.runs) for state in past.states["A-1"]] == [(1.2, (2,)), (1.0, (1, 3))]


def test_the_wording_alone_is_no_state_and_the_last_one_stands():
    past = added(added(NOTHING, value(1.0)), value(1.0) | {"statement": "c"}, day=2)
    assert [(state.statement, state.runs) for state in past.states["A-1"]] == [(history.state(claim(statement="c")).statement, (1,))]  # fmt: skip


def test_the_oldest_states_of_a_scale_go():
    past = added(NOTHING, value(0.7), scale="paper")
    for day in range(1, 10):
        past = added(past, value(float(day)), day=day)
    assert [past.latest(state)["scale"] for state in past.states["A-1"]] == ["paper"] + ["laptop"] * history.STATES
    assert [state.parts[0].observed for state in past.states["A-1"]][1:] == [4, 5, 6, 7, 8, 9]
    assert len(past.runs) == 1 + history.STATES


def test_the_same_at_another_scale_is_a_state_of_its_own():
    past = added(added(NOTHING, value(1.0)), value(1.0), scale="paper")
    assert len(past.states["A-1"]) == 2


SHIFTS = [  # our value, interval and bounds as now, values of then, scale of the part; is it moved?
    (1e-10, [0, "inf"], 3e-10, None, True),  # 0 is as far as our value
    (1e-10, ["-inf", 1e-5], 3e-10, None, False),
    (0.95, [0.9, "inf"], 0.9501, None, False),
    (0.95, [0.9, "inf"], 0.951, None, True),
    (0.900001, [0.900000, 0.900002], 0.9000015, None, True),
    (1e-3, ["-inf", 1.0], 2e-3, None, False),
    (1e-3, ["-inf", 1.0], 2e-3, "log", True),
    (1.0, [1.0, "inf"], 1.0, None, False),
    (1.0, [1.0, "inf"], 0.999, None, True),
    (1.0, [0.5, "inf"], "inf", None, True),
]


@pytest.mark.parametrize(("now", "bounds", "then", "scale", "differs"), SHIFTS)
def test_moved_is_what_a_picture_shows(now, bounds, then, scale, differs):
    found = [
        history.state(claim(parts=[part(bounds=bounds, observed=each, low=each, high=each)])).parts[0]
        for each in (now, then)
    ]
    assert (history.shift(*found, history.scales.of({"scale": scale})) > history.STILL) == differs


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The history of a paper as a file: before, at other bounds on another machine; and at paper scale."""
    monkeypatch.setattr(history, "path", lambda slug: tmp_path / "history.json")
    past = added(NOTHING, value(0.45, bounds=[0.4, "inf"]) | {"statement": "once"}, hardware="<old> CPU", commit=None)
    past = added(added(past, value(1.0), day=2), value(0.8, verdict="contradicted"), day=3, scale="paper")
    history.save("some", past)
    return tmp_path / "history.json"


def test_a_history_is_read_as_it_was_written(kept):
    past = history.load("some")
    before = kept.read_bytes()
    history.save("some", past)
    assert kept.read_bytes() == before
    assert (list(past.runs), len(past.states["A-1"])) == ([1, 2, 3], 3)
    assert max(map(len, before.splitlines())) < 200, "a line a state"


DAMAGED = {
    "[:-9]": (lambda text: text[:-9], "history.json is not valid JSON"),
    "verdict": (lambda text: text.replace('"contradicted"', '"fine"'), "must be one of"),
    "unknown": (lambda text: text.replace('"schema": 1', '"schema": 1, "note": 2'), "unknown key note"),
    "run": (lambda text: text.replace('"runs":[2]', '"runs":[7]'), "claims.A-1 names the run 7, which is not among its"),
    "part": (lambda text: text.replace(',"inf"]', "]"), "is too short"),
    "words": (lambda text: text.replace('"statement":"', '"statement":7,"s":"', 1), "claims.A-1.0"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_history_is_one_sentence(kept, damage):
    alter, said = DAMAGED[damage]
    kept.write_text(alter(kept.read_text()))
    with pytest.raises(InputError, match=r"history\.json") as caught:
        history.load("some")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_card_shows_how_its_claim_moved_this_run_first(kept):
    now = value(1.0)
    moved.attach([now], "some")
    html, markdown = cards.claim_html(now), cards.claim_markdown(now)
    told = html.partition('<details class="moved">')[2].partition("</details>")[0]
    assert "How it moved: 2 records that differ" in told
    places = ["this run", "paper scale, verifig 0.1.0 (3333333), 2026-12-03", "laptop scale, verifig 0.1.0, 2026-12-01"]
    found = [told.index(place) for place in places]
    assert found == sorted(found)
    assert told.count("<svg") == 3
    assert "2026-12-02" not in told, "it is as here"
    assert "&lt;old&gt; CPU" in told
    assert told.count("✗ contradicted") == 1
    assert told.count("judged against other bounds: ≥ 0.4") == told.count("stated otherwise then") == 1
    assert "- s: **0.45** [0.35, 0.55], mean of 3 seeds (laptop scale, verifig 0.1.0, 2026-12-01, <old> CPU; " in markdown  # fmt: skip


def test_a_card_of_what_did_not_move_has_no_word_of_it(kept):
    kept.unlink()
    history.save("some", added(NOTHING, value(1.0)))
    for now in (value(1.0001), claim(verdict="not tested", reason="r", parts=[])):
        moved.attach([now], "some")
        assert "moved" not in now
        assert "moved" not in cards.claim_html(now) + cards.claim_markdown(now)


def test_what_stands_beside_as_recorded_at_paper_scale_is_no_move_alone(kept):
    past = value(0.8, verdict="contradicted") | {"recorded_on": "a GPU"}
    for others, differ in ((history.load("some"), 2), (added(NOTHING, past, scale="paper"), 0)):
        history.save("some", others)
        now = value(1.0) | {"recorded": past}
        moved.attach([now], "some")
        assert now.get("moved", {}).get("count", "0 records") == f"{differ} records"


def test_other_measurements_than_now_are_not_drawn(kept):
    now = value(1.0, statistic="t")
    moved.attach([now], "some")
    assert now["moved"]["tables"] == []
    html = cards.claim_html(now)
    assert "How it moved: 1 record that differs" in html
    assert "✗ contradicted at paper scale, verifig 0.1.0 (3333333), 2026-12-03, a CPU; nothing that was measured both then and now moved." in html  # fmt: skip


def test_of_many_measurements_those_that_moved_most_are_drawn(kept):
    parts = [part(statistic=f"s{k}") for k in range(6)]
    before = claim(parts=[each | {"observed": 1.0 + 0.1 * k} for k, each in enumerate(parts)])
    history.save("some", added(NOTHING, before))
    now = claim(parts=parts)
    moved.attach([now], "some")
    assert [table["name"] for table in now["moved"]["tables"]] == ["s3", "s4", "s5"]
    assert "2 more of its measurements moved; <code>python -m verifig explain some/A-1</code>" in cards.claim_html(now)


def test_a_terminal_gets_every_record(kept):
    found = moved.lines(value(1.0), history.load("some"))
    assert found == [
        "✗ contradicted: paper scale, verifig 0.1.0 (3333333), 2026-12-03, a CPU, torch 2.13.0",
        "  s: 0.80, [0.70, 0.90], mean of 3 seeds",
        "✓ reproduced: laptop scale, verifig 0.1.0 (2222222), 2026-12-02, a CPU, torch 2.13.0, as here",
        "✓ reproduced: laptop scale, verifig 0.1.0, 2026-12-01, <old> CPU, torch 2.13.0",
        "  s: 0.45, [0.35, 0.55], mean of 3 seeds; judged against other bounds: ≥ 0.4; stated otherwise then",
    ]


def test_the_plot_of_then_lies_on_the_axis_of_now():
    now = part()
    there = pictures.past_plot(now, now, labelled=True)
    for shape in ("allowed", "interval", "observed", "<text"):
        assert shape in there
    assert all(piece in pictures.range_plot(now) for piece in there.partition(">")[2].split("/>")[:2])
    beyond = pictures.past_plot(now, now | {"observed": 99.0, "low": None}, labelled=False)
    assert "beyond" in beyond
    assert "<text" not in beyond
    assert pictures.past_plot(part(observed=None, low=None, high=None), now, labelled=False) == ""
    share = part(scale="logit", trials=100, bounds=[0.95, "inf"], observed=0.99, low=0.98, high=0.995)
    wider = pictures.past_plot(share, share | {"high": 1.007}, labelled=False)  # judged on another scale then
    assert "nan" not in wider
    assert "beyond" in wider


def test_a_claim_at_paper_scale_rests_on_its_own_runs():
    runs = {
        name: {"device": device, "date": f"2026-12-0{day}", "commit": f"{day}" * 40, "verifig": "0.1.0", "versions": {"torch": "2"}}
        for name, device, day in (("e", "one GPU", 1), ("f", "two GPUs", 2), ("g", "three GPUs", 3))
    }  # fmt: skip
    head = {"scale": "paper", "verifig": "0.2.0", "commit": "9" * 40, "date": "2026-12-09", "hardware": "all"}
    of = {"A-1": claim(), "A-2": claim(id="A-2", parts=[part(), part(experiment="f")])}
    found = record.bases(head | {"runs": runs}, of.values())
    assert found["A-1"] == run(1, scale="paper", hardware="one GPU", torch="2")
    assert found["A-2"] == run(2, scale="paper", hardware="one GPU, two GPUs", torch="2")
    assert record.bases(head | {"versions": {}, "scale": "laptop"}, [claim()])["A-1"] == {
        "scale": "laptop", "verifig": "0.2.0", "commit": "9" * 12, "date": "2026-12-09", "hardware": "all", "torch": None,
    }  # fmt: skip


def test_verdicts_as_a_table_have_the_recorded_ones_in_columns_of_their_own():
    past = claim(verdict="contradicted", recorded_on="one GPU, 2026-12-01", parts=[
        part(statistic="only there", observed=7.0), part(observed=0.25, verdict="contradicted", bounds=[0.6, "inf"]),
    ])  # fmt: skip
    paper = {"theme": "t", "slug": "s", "claims": [claim(), claim(id="A-2")], "recorded": {"claims": [past]}}
    first, second, third = csv.DictReader(io.StringIO(site._csv([paper])))
    assert (first["observed"], first["recorded_observed"], first["recorded_bound_low"]) == ("1.0", "0.25", "0.6")
    assert (first["verdict"], first["recorded_verdict"], first["recorded_part_verdict"]) == ("reproduced", *["contradicted"] * 2)  # fmt: skip
    assert (second["part"], second["observed"], second["recorded_observed"]) == ("only there", "", "7.0")
    assert (third["claim"], third["observed"], third["recorded_verdict"], third["recorded_on"]) == ("A-2", "1.0", "", "")  # fmt: skip


@pytest.mark.parametrize("slug", slugs())
def test_what_is_in_the_repository_is_small_and_a_page_is_made_from_it(slug):
    file = history.path(slug)
    found = history.load(slug)
    assert json.loads(file.read_text())["runs"]
    assert file.stat().st_size < 60_000
    assert set(found.states) <= {each["id"] for each in claims_module.load(slug)}
    report = jobs.report(slug, "laptop", {"missing_data": []})
    assert any(name.endswith(f"{slug}/recorded/history.json") for name in report["code"])
