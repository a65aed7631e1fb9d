"""Pages and front page: structure, offline, accessible basics; equal artifacts give equal bytes; published pages are fresh."""

import re

import pytest
from conftest import ROOT
from outline import dead_links, outline

from verifig.ground import numbers
from verifig.judging import verdicts
from verifig.pages import cards, figures, publish, render, site, words

REPORTS = ROOT / "reports"
PAGES = sorted(REPORTS.rglob("*.html"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(REPORTS).as_posix())
def test_published_pages_are_sound(path):
    text = path.read_text(encoding="utf-8")
    page = outline(path)
    assert '<html lang="en">' in text
    assert 'name="viewport"' in text
    beside = [source for source in page.sources if source and not source.startswith("data:")]
    assert all(re.fullmatch(r"(\w+/)?figures/\w+\.svg", source) for source in beside), "only figures beside the page"
    assert [source for source in beside if not (path.parent / source).is_file()] == []
    assert not re.search(r'(?:src|href)="(?:https?:)?//[^"]*\.(?:js|css|woff2?)"', text)
    assert len(page.ids) == len(set(page.ids))
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False)), (
        "no heading level is skipped"
    )
    assert all(alt is not None for alt in page.alts)
    assert dead_links(path) == []
    assert not re.search(r'="(?:nan|NaN|[-−]?inf)"', text), "a picture has a place for every mark"


def test_a_heading_with_nothing_below_is_left_out():
    blocks = [
        ("<h2>", "## A"),
        ("<p>", "text"),
        ("<h3>", "### B"),
        ("", ""),
        ("<h2>", "## C"),
        ("<h3>", "### D"),
        ("", ""),
    ]
    assert [markdown for _, markdown in render._without_bare_headings(blocks)] == ["## A", "text"]
    shown = [("<h2>", "## C"), ("<h3>", "### D"), ("<p>", "text"), ("<h2>", "## E\ntext")]
    assert render._without_bare_headings(shown) == shown


def test_no_published_page_is_stale():
    stale = publish.stale_pages()
    assert not stale, f"run `make reports`: {stale}"


def test_published_markdown_shows_existing_figures():
    for path in REPORTS.rglob("README.md"):
        for source in re.findall(r"!\[.*?\]\((.*?)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / source).exists(), source


def test_published_verdicts_follow_their_schema():
    from verifig.ground import schema
    from verifig.ground.files import read_json
    from verifig.ground.paths import SCHEMAS
    from verifig.ground.yaml_files import read_yaml

    published = read_json(REPORTS / "verdicts.json")
    schema.validate(published, read_yaml(SCHEMAS / "site.schema.yaml"), "reports/verdicts.json")
    whole = read_yaml(SCHEMAS / "verdicts.schema.yaml")
    described = whole["properties"]["claims"] | {"$defs": whole["$defs"]}
    for rule_set in published["papers"]:
        schema.validate(rule_set["claims"], described, rule_set["slug"])
        badge = read_json(REPORTS / "badges" / f"{rule_set['slug']}.json")
        assert badge == site.badge(rule_set["claims"], published["scale"])
    rows = (REPORTS / "verdicts.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0].startswith("theme,slug,claim,kind,basis,setting,place,verdict,agrees,counted_as,part")
    claims = {(r["slug"], c["id"]) for r in published["papers"] for c in r["claims"]}
    assert {tuple(row.split(",")[1:3]) for row in rows[1:]} == claims


def published_parts():
    """(rule set, claim, part) of everything published."""
    from verifig.ground.files import read_json

    for rule_set in read_json(REPORTS / "verdicts.json")["papers"]:
        for item in rule_set["claims"]:
            for found in item["parts"]:
                yield rule_set["slug"], item["id"], found


def test_no_published_bound_is_passed_by_its_control_arm():
    void = [(slug, name, verdicts.name_of(found)) for slug, name, found in published_parts() if verdicts.is_void(found)]
    assert not void


def test_no_published_interval_of_a_share_leaves_the_possible():
    outside = [
        (slug, name, verdicts.name_of(found), found["low"], found["high"])
        for slug, name, found in published_parts()
        if re.search("accuracy|share|fraction", found["statistic"])
        and found["estimator"] != "every"
        and all(isinstance(value, float | int) and 0 <= value <= 1 for value in found["values"])
        and not re.search("difference|minus|gain|range|ratio|slope", found["statistic"])
        and not (found["low"] >= 0 and found["high"] <= 1)
    ]
    assert not outside


def test_recorded_verdicts_are_shown_as_such_and_not_counted(tmp_path, monkeypatch):
    """A claim without data shows what was recorded once; its verdict stays `not tested`."""
    from verifig.ground.files import write_json
    from verifig.judging import recorded as records
    from verifig.pages import recorded

    monkeypatch.setattr(records, "path", lambda slug, scale: tmp_path / f"{scale}.json")
    contents = {"schema": 1, "verifig": "0.0.9", "scale": "laptop", "commit": None, "date": "2026-01-31"}
    contents |= {"hardware": "old laptop", "claims": [{"id": "A-1", "verdict": "reproduced", "parts": []}]}
    write_json(tmp_path / "laptop.json", contents)
    lacking = claim(verdict="not tested", reason="needs data that could not be had: t.csv", parts=[])
    recorded.attach([lacking], "some", None)
    html = cards.claim_html(lacking)
    assert "Last known verdict, recorded with verifig 0.0.9, not counted here: reproduced." in html
    assert verdicts.by_kind([lacking])["number"]["not tested"] == 1
    judged = claim()
    recorded.attach([judged], "some", None)
    assert "Last known" not in cards.claim_html(judged)


def test_figures_have_equal_bytes_and_follow_the_colour_scheme():
    def draw():
        figure, (axes,) = figures.grid()
        axes.plot([0, 1], [0, 1], label="a")
        figures.paper_line(axes, 0.5, "paper")
        figures.end_labels(axes, {"a": "line a"})
        return figures.svg(figure, "name", "title")

    one, two = draw(), draw()
    assert one == two
    assert "currentColor" in one
    assert "prefers-color-scheme:dark" in one
    assert figures.INK not in one
    assert "line a" in one, "text stays text"


def test_band_draws_median_and_range():
    import pandas as pd

    frame = pd.DataFrame({"x": [0, 0, 0, 1, 1, 1], "value": [1, 2, 9, 3, 4, 5]})
    _, (axes,) = figures.grid()
    figures.band(axes, frame)
    assert axes.get_lines()[0].get_ydata().tolist() == [2, 4]
    assert axes.collections[0].get_paths()[0].get_extents().ymax == 9


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.98765, "0.988"), (12345, "12,345"), (1234.567, "1,235"), (-0.5, "−0.500"), (1.2e-9, "1.20 × 10⁻⁹"), (0, "0"),
        (None, "undefined"), ("inf", "∞"), (float("-inf"), "−∞"), (3.2e12, "3.20 × 10¹²"), (11168832, "11,168,832"),
    ],
)  # fmt: skip
def test_numbers_for_people(value, shown):
    assert numbers.text(value) == shown


def test_bounds_and_durations_for_people():
    assert numbers.bounds(0.98, "inf") == "≥ 0.98", "it was set and not measured: no zeros at its end"
    assert numbers.bounds("-inf", 1e-6) == "≤ 10⁻⁶"
    assert numbers.bounds("-inf", 1.25) == "≤ 1.25"
    assert [numbers.plural(u) for u in ("seed", "group of 10 draws", "initial weights")] == [
        "seeds",
        "groups of 10 draws",
        "initial weights",
    ]
    assert numbers.bounds(482.01, 482.01) == "= 482.01"
    assert numbers.bounds(0.001018, 0.0010182) == "0.001018 … 0.0010182"
    assert [numbers.seconds(s) for s in (3.14159, 432.1, 9000)] == ["3.1 s", "7.2 min", "2.5 h"]


@pytest.mark.parametrize(
    ("bounds", "observed", "shown", "ours"),
    [
        (("-inf", 0.0010182741), 0.0010182740, "≤ 0.0010182741", "0.0010182740"),
        ((0.98, "inf"), 0.97996, "≥ 0.98", "0.97996"),
        ((0.98, "inf"), 0.95, "≥ 0.98", "0.95"),
        ((0.5, 0.5), 0.5, "= 0.5", "0.500000"),
        ((0.5, 0.5), 0.5 + 1e-15, "= 0.5", "0.500000"),
        ((0.4, 0.8), None, "0.4 … 0.8", "undefined"),
    ],
)
def test_a_value_that_is_not_its_bound_does_not_look_like_it(bounds, observed, shown, ours):
    tight = part(bounds=bounds, observed=observed)
    assert (words.bounds(tight), words.value(tight)) == (shown, ours)


def test_a_control_arm_without_a_value_decides_nothing_and_one_with_a_value_is_shown():
    arm = {"experiment": "e", "condition": "condition=off", "statistic": "s", "verdict": "inconclusive", "n": 3}
    lost = words.control_arm(part(control_arm=arm | {"observed": None, "low": "-inf", "high": "inf"}))
    assert lost == "control arm (off): has no such value, which decides nothing"
    found = arm | {"observed": 0.1, "low": 0.05, "high": 0.2, "verdict": "contradicted"}
    assert (
        words.control_arm(part(control_arm=found)) == "control arm (off): 0.10 [0.05, 0.20], outside, as it should be"
    )


def test_a_bound_on_exact_numbers_was_not_set_on_other_seeds():
    claim = {"bounds_from": "pilot", "parts": [part(estimator="exact"), part(estimator="exact")]}
    assert "same data" in words.origin(claim)
    assert "other seeds" in words.origin(claim | {"parts": [part(estimator="exact"), part()]})
    assert words.origin(claim | {"bounds_from": "paper"}) == "the paper’s bound"


def part(**more) -> dict:
    base = {
        "statistic": "s", "experiment": "e", "condition": "", "estimator": "mean", "relation": "at_least", "bounds": [0.5, "inf"],
        "observed": 1.0, "low": 0.9, "high": 1.1, "n": 3, "values": [0.95, 1.0, 1.05], "verdict": "reproduced", "notes": [],
        "p_bound": 0.001, "headroom": 5.0,
    }  # fmt: skip
    return base | more


def claim(**more) -> dict:
    base = {
        "id": "A-1", "kind": "claim", "paper": "p", "place": "Figure 1", "figure": "f", "statement": "a < b & c", "basis": "number",
        "setting": "paper's", "paper_value": None, "source": "ours", "scales": ["laptop"], "why": "w", "verdict": "reproduced",
        "parts": [part()], "p_bound": 0.001, "headroom": 5.0,
    }  # fmt: skip
    return base | more


def test_claim_cards_escape_and_show_everything():
    html = cards.claim_html(claim())
    assert "a &lt; b &amp; c" in html
    assert 'id="A-1"' in html
    assert "[0.90, 1.10]" in html
    assert "mean of 3 seeds" in html
    assert "Paper: <strong>no number</strong>" in html
    assert "narrow" not in html
    assert "narrow" in cards.claim_html(claim(headroom=1.1))
    assert "✓" in cards.claim_markdown(claim())


def test_a_report_that_fails_names_its_cell(tmp_path):
    (tmp_path / "report.py").write_text("# %%\nx = 1\n\n# %%\n# a comment\nx / 0\n")
    with pytest.raises(render.RunError, match=r"report.py: the cell '# a comment' failed: ZeroDivisionError"):
        render.execute(tmp_path / "report.py")


def test_anchors_are_stable():
    assert render.anchor("Figure 1b, c: <em>StableMax</em> against softmax") == "figure-1b-c-stablemax-against-softmax"
