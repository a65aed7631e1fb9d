"""Claims are counted by kind, in their kind's word; sentences say what their claim shows; tables show the deciding part."""

import io
import itertools
import re
from html.parser import HTMLParser

import pytest
from rich.console import Console
from test_pages import claim, part

from verifig.judging import verdicts
from verifig.pages import cards, glance, pictures, publish, site, terminal, words
from verifig.planning import rulesets

KINDS = {  # basis, setting of each kind, and a count of claims found right that no sum of others hides
    "number": ("number", "paper's", 11),
    "reduced": ("number", "reduced", 23),
    "statement": ("direction", "reduced", 47),
    "identity": ("identity", "paper's", 95),
    "extension": ("ours", "paper's", 191),
}
SUMS = {sum(chosen) for k in range(2, 6) for chosen in itertools.combinations([n for *_, n in KINDS.values()], k)}


def of_kind(name: str, **more) -> dict:
    basis, setting, _ = KINDS[name]
    return claim(basis=basis, setting=setting, **more)


@pytest.fixture(scope="module")
def many() -> list[dict]:
    """Claims of every kind, each found right as often as `KINDS` says, one of each kind otherwise, and a control."""
    right = [of_kind(name, id=f"{name}-{k}x") for name, (*_, n) in KINDS.items() for k in range(n)]
    others = [
        of_kind(name, id=f"{name}-{verdict[:3]}", verdict=verdict, reason="r", parts=[])
        for name in KINDS
        for verdict in ("contradicted", "not tested")
    ]
    for item in others:
        if item["verdict"] == "contradicted":
            item["parts"] = [part(verdict="contradicted")]
    control = [claim(id="K", kind="control", of="A-1", verdict="caught", parts=[part(verdict="contradicted")])]
    return right + others + control


class Text(HTMLParser):
    """What a reader or a screen reader is told: text, labels and titles."""

    def __init__(self, html: str):
        super().__init__()
        self.found: list[str] = []
        self.hidden = 0
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.hidden += tag in ("style", "script")
        self.found += [value for name, value in attributes if name in ("aria-label", "alt", "title") and value]

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "script")

    def handle_data(self, data):
        if not self.hidden:
            self.found.append(data)


def integers(text: str) -> set[int]:
    return {int(found) for found in re.findall(r"(?<![\w.-])\d+(?![\w.])", text)}


def rendered(claims, monkeypatch, tmp_path) -> dict[str, str]:
    """Every place that counts claims, as text."""
    header = cards.header(rulesets.load("prieto2025"), claims, "laptop")
    table = glance.verdict_table(verdicts.paper_claims(claims))
    paper = site.counted("prieto2025", claims) | {
        "theme": "grokking",
        "title": "T",
        "summary": "S",
        "thumbnail": None,
        "short": "A and B 2025",
        "changed": [],
    }
    index = site.index([paper | {"seconds": 1.0, "cost": "1 s", "hardware": ["a CPU"]}], "laptop")
    stream = io.StringIO()
    monkeypatch.setattr(terminal, "Console", lambda **options: Console(file=stream, width=300))
    monkeypatch.setattr(terminal, "load", lambda path: {"slug": "prieto2025", "scale": "laptop", "claims": claims})
    terminal.verdict_table(tmp_path, "laptop")
    terminal.verdict_table(tmp_path, "laptop", "prieto2025")
    return {
        "header": " ".join(Text(header.html).found),
        "header, Markdown": header.markdown,
        "table of claims": " ".join(Text(table.html).found) + table.markdown,
        "front page": " ".join(Text(index).found),
        "README": "\n".join(publish.readme_table({"prieto2025": claims})),
        "badge": site.badge(claims, "laptop")["message"],
        "terminal": stream.getvalue(),
        "log": words.summary(claims, "laptop"),
        "csv": site._csv([paper]),
    }


def test_no_page_and_no_table_adds_up_what_was_found_right_over_kinds(many, monkeypatch, tmp_path):
    for place, text in rendered(many, monkeypatch, tmp_path).items():
        assert not integers(text) & SUMS, f"{place} adds kinds up"
        if place not in ("table of claims", "csv", "badge"):
            for name, (*_, n) in KINDS.items():
                assert n in integers(text), f"{place} does not count the kind {name}"


def test_site_data_counts_by_kind(many):
    counts = site._data(site.counted("s", many) | {"title": "T", "theme": "t"})["counts"]
    assert list(counts) == list(KINDS), "the paper's numbers in its own setting first"
    assert counts["statement"] == {"reproduced": 47, "contradicted": 1, "inconclusive": 0, "not tested": 1}


def test_the_badge_names_the_kinds(many):
    assert site.badge(many, "laptop") == {
        "schemaVersion": 1, "label": "verifig laptop", "message": "11 of 12 paper's numbers, 23 of 24 numbers, reduced", "color": "red",
    }  # fmt: skip
    assert site.badge([], "laptop")["message"] == "nothing judged"
    assert site.badge([of_kind("statement")], "laptop")["color"] == "brightgreen"
    explained = of_kind("statement", verdict="contradicted", because="it needs width")
    assert site.badge([explained], "laptop")["color"] == "yellow"


def test_the_readme_table_has_a_column_a_kind(many):
    head, _, row = publish.readme_table({"prieto2025": many})
    assert head == (
        "| Theme | Paper | paper's numbers | numbers, reduced | statements | identities | extensions "
        "| contradicted | inconclusive | not tested | controls |"
    )
    assert row.endswith("| 11 of 12 | 23 of 24 | 47 of 48 | 95 of 96 | 191 of 192 | 5 | – | 5 | 1 of 1 |")


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({}, "reproduced"),
        ({"setting": "reduced"}, "reproduced (reduced)"),
        ({"setting": "reconstruction"}, "reproduced (reduced)"),
        ({"basis": "direction"}, "holds"),
        ({"basis": "identity"}, "verified"),
        ({"basis": "ours"}, "found"),
        ({"basis": "ours", "verdict": "contradicted"}, "contradicted"),
        ({"kind": "oracle"}, "as it must be"),
        ({"kind": "control"}, "as it must be"),
        ({"kind": "control", "of": "A", "verdict": "caught"}, "caught"),
    ],
)
def test_each_kind_has_its_word(given, word):
    assert verdicts.word(claim(**given)) == word
    assert f"{word}</span>" in cards.badge(claim(**given))


def test_controls_and_oracles_are_nowhere_called_reproduced():
    for kind in ("oracle", "control"):
        html = cards.claim_html(claim(kind=kind))
        assert "eproduced" not in " ".join(Text(html).found)
        assert "As it must be." in html


def test_a_caught_sabotage_shows_no_cross():
    caught = claim(kind="control", of="A-1", verdict="caught", parts=[part(verdict="contradicted")])
    html = cards.claim_html(caught)
    assert "✗" not in html
    assert "outside, as it must be" in html


# ---- the deciding part -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([("reproduced", 1.0), ("inconclusive", 0.2), ("contradicted", -3.0)], 2),
        ([("reproduced", 1.0), ("inconclusive", None), ("inconclusive", 0.2)], 2),
        ([("reproduced", 5.0), ("reproduced", 1.4), ("reproduced", None)], 1),
        ([("reproduced", None), ("reproduced", None)], 0),
    ],
)
def test_the_part_that_decides(parts, expected):
    parts = [part(verdict=verdict, headroom=headroom, label=str(k)) for k, (verdict, headroom) in enumerate(parts)]
    assert verdicts.deciding(claim(parts=parts))["label"] == str(expected)
    assert verdicts.deciding(claim(parts=[])) is None


def test_tables_show_the_deciding_part_with_its_name_bound_and_paper_s_value():
    good = part(label="the part that holds", observed=0.966)
    wide = part(
        label="height of the peak", verdict="inconclusive", observed=57.2, low=24.6, high=209.0, bounds=[25, "inf"],
        n=24, estimator="median", unit="draw", paper=60.0,
    )  # fmt: skip
    expected = "height of the peak: 57 ([25, 209], median of 24 draws); bound ≥ 25; paper 60 (+1 part)"
    assert cards.ours(claim(parts=[good, wide])) == expected
    table = glance.verdict_table([claim(parts=[good, wide])])
    assert f'title="{expected}"' in table.html
    assert "<strong>57</strong>" in table.html
    assert "0.966" not in table.html, "of the parts the one that decides, not the first"
    assert expected in table.markdown


# ---- sentences -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Reproduced in the paper’s setting."),
        ({"setting": "reduced"}, "Reproduced in a reduced setting."),
        ({"basis": "identity"}, "Verified."),
        ({"basis": "ours"}, "Found: an extension of ours, not a statement of the paper."),
        (
            {"basis": "direction", "bounds_from": "control", "setting": "reduced"},
            "Holds in a reduced setting, by a bound set by the control arm; the paper gives no number.",
        ),
        (
            {"basis": "direction", "bounds_from": "paper", "paper_value": "+10.5 points"},
            "Holds in the paper’s setting, by the paper’s bound.",
        ),
        (
            {"verdict": "not tested", "reason": "judged at paper scale", "parts": []},
            "Not tested: judged at paper scale.",
        ),
    ],
)
def test_what_is_found_right_is_said_as_the_claim_has_it(given, sentence):
    assert words.wording(claim(**given)) == sentence


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"estimator": "every"}, "s lies outside the bounds in the worst of 3 seeds"),
        ({"estimator": "exact"}, "s lies outside the bounds"),
        ({"estimator": "mean"}, "our interval of s lies outside the bounds"),
        (
            {"relation": "consistent"},
            "the paper’s value of s lies outside the 95 % prediction interval of one more of our runs",
        ),
    ],
)
def test_no_interval_is_spoken_of_where_there_is_none(given, sentence):
    contradicted = claim(verdict="contradicted", parts=[part(verdict="contradicted", **given)])
    assert words.wording(contradicted) == f"Contradicted: {sentence}, in the paper’s setting."


def test_what_would_decide_is_said_in_units():
    wide = part(verdict="inconclusive", units_to_decide=198, n=24, unit="group of 50 draws", bounds=[25, "inf"])
    said = words.wording(claim(verdict="inconclusive", parts=[wide]))
    assert said.endswith("; about 198 groups of 50 draws would decide.")


def test_what_no_number_of_units_decides_is_said_before_what_some_would():
    never = part(verdict="inconclusive", units_to_decide="inf", n=5, unit="draw", label="epoch", resolution=20)
    wide = part(verdict="inconclusive", units_to_decide=198, n=24)
    said = words.wording(claim(verdict="inconclusive", parts=[wide, never]))
    assert said.startswith("Inconclusive: epoch: our 5 draws give [")
    assert said.endswith("across the bound; no number of draws would decide: the resolution alone reaches across it.")


def test_nothing_is_said_that_the_program_cannot_know(many, monkeypatch, tmp_path):
    everything = " ".join(rendered(many, monkeypatch, tmp_path).values()) + cards.claim_html(claim())
    for told in ("before the judged", "chose", "true values exactly on", "Claimed"):
        assert told not in everything


def test_luck_is_said_for_outsiders():
    assert site.luck([claim()] * 80) == (
        "80 claims rest on random draws; were every one of them false by a hair, about 2 would still pass by luck."
    )


def test_what_would_not_hold_at_once_is_named():
    claims = [claim(id="A", p_bound=0.001), claim(id="B", p_bound=0.02), claim(id="C", p_bound=None)]
    assert "all but B would also stand" in words.simultaneous(claims)
    assert "all would stand" in words.simultaneous(claims[:1])


def test_agreement_is_counted_apart_and_by_setting():
    answers = [("yes", "paper's"), ("no", "paper's"), ("too few", "paper's"), ("yes", "reduced")]
    claims = [claim(agrees=agrees, setting=setting) for agrees, setting in answers] + [claim()]
    own, reduced = words.agreement(claims)
    assert own == (
        "Numbers in its own setting: the paper’s value lies in the 95 % prediction interval of one more of our runs "
        "for 1 of 2; 1 with too few units to say."
    )
    assert "for 1 of 1." in reduced
    assert "1 of 2 (1 with too few)" in cards.counts(claims).markdown
    assert words.agreement([claim()]) == []


# ---- cards ---------------------------------------------------------------------------------------------------------


def test_a_card_tells_paper_bound_and_ours_apart():
    shown = part(paper=2500.0, agrees="no", prediction=[12.0, 20.0], scale="log", bounds=[8, "inf"], observed=16.3)
    html = cards.claim_html(claim(parts=[shown], bounds_from="pilot"))
    for column in ("Paper", "Bound (pilot)", "Ours"):
        assert f'<th scope="col">{column}</th>' in html
    assert "<td>2,500</td>" in html
    assert "paper’s value in our 95 % prediction interval [12.00, 20.00]: no" in html
    markdown = cards.claim_markdown(claim(parts=[shown], bounds_from="pilot"))
    assert "paper 2,500, bound (pilot) ≥ 8, ours **16.30**" in markdown


def test_a_card_says_when_the_control_arm_passes_too():
    arm = {
        "experiment": "e",
        "condition": "condition=softmax",
        "statistic": "s",
        "observed": 8.6,
        "low": 8.1,
        "high": 9.0,
    }
    shown = [part(bounds=[8, "inf"], control_arm=arm | {"verdict": v}) for v in ("reproduced", "contradicted")]
    html = cards.claim_html(claim(parts=shown))
    assert "control arm (softmax): 8.60 [8.10, 9.00], passes too: this bound is void" in html
    assert "control arm (softmax): 8.60 [8.10, 9.00], outside, as it should be" in html


def test_the_table_of_claims_explains_the_marks_once():
    shown = glance.verdict_table([claim(), claim(id="A-2")]).html
    assert shown.count("what the claim allows") == 1
    assert "the paper’s value" in shown
    assert 'class="legend"' in shown


def test_one_run_of_the_paper_is_compared_with_where_one_of_ours_would_fall():
    single = part(relation="consistent", bounds=[1.02, 1.02], paper=1.02, agrees="yes", prediction=[0.9, 1.1], n=5)
    html = cards.claim_html(claim(parts=[single]))
    assert "consistent with 1.02" in html
    assert "mean of 5 seeds, one more run would fall into [0.90, 1.10]" in html


# ---- small pictures ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"scale": "log"}, {"observed": None, "low": "-inf", "high": "inf"}, {"values": []}, {"bounds": ["-inf", 2]},
        {"scale": "logit", "trials": 100, "observed": 1.0, "high": 1.0, "values": [1.0, None, "inf"]},
        {"observed": None, "low": None, "high": None}, {"bounds": ["-inf", "inf"]}, {"bounds": [1, 1], "low": 1, "high": 1},
        {"scale": "log", "bounds": [0, 3], "values": [-1.0, 2.0]},
    ],
)  # fmt: skip
def test_range_plots_survive_odd_parts(change):
    svg = pictures.range_plot(part(**change))
    assert svg == "" or re.fullmatch(r"<svg .*</svg>", svg)
    assert not re.search(r"nan|inf\b|None", svg)


def places(svg: str, name: str) -> list[float]:
    return [float(x) for path in re.findall(rf'class="{name}" d="(.*?)"', svg) for x in re.findall(r"M([-\d.]+)", path)]


def test_a_range_plot_writes_its_bounds_and_marks_the_paper_s_value():
    svg = pictures.range_plot(part(bounds=[0.5, 2.0], paper=1.4, observed=1.0))
    assert re.findall(r"<text [^>]*>(.*?)</text>", svg) == ["0.5", "2"]
    paper = float(re.search(r'class="paper" d="M([\d.]+)', svg)[1])
    (ours,) = places(svg, "observed")
    low, high = places(svg, "tick")
    assert low < ours < paper < high
    assert (paper - low) / (high - low) == pytest.approx(0.9 / 1.5, abs=0.01), "linear between the bounds"
    assert "<title>bound 0.5 … 2, ours 1, paper 1.40; linear axis</title>" in svg


def test_a_heavy_tail_does_not_flatten_a_range_plot():
    heavy = part(bounds=[0.9, 1.1], observed=1.0, low=0.95, high=60.0, values=[1.0] * 9 + [500.0], scale=None)
    svg = pictures.range_plot(heavy)
    low, high = places(svg, "tick")
    assert high - low > 20, "the allowed band stays wide enough to see"
    assert 'class="beyond"' in svg
    assert 'class="beyond"' not in pictures.range_plot(part(bounds=[0.9, 1.1]))


def test_values_that_span_decades_get_a_logarithmic_axis():
    svg = pictures.range_plot(part(bounds=[1, 100], observed=10.0, low=9.0, high=11.0))
    low, high = places(svg, "tick")
    (middle,) = places(svg, "observed")
    assert middle == pytest.approx((low + high) / 2, abs=0.2)
    assert "logarithmic axis" in svg


def test_bars_hold_every_claim_the_paper_s_numbers_first(many):
    svg = pictures.bar(verdicts.paper_claims(many), 400, "Grokking")
    titles = re.findall(r"<title>(.*?)</title>", svg)
    assert titles[:3] == [
        "paper&#x27;s numbers: 11 reproduced", "paper&#x27;s numbers: 1 contradicted", "paper&#x27;s numbers: 1 not tested",
    ]  # fmt: skip
    assert titles[-3:] == ["extensions: 191 found", "extensions: 1 contradicted", "extensions: 1 not tested"]
    widths = [float(w) for w in re.findall(r'width="([\d.]+)%" y', svg)]
    assert sum(widths) <= 100
    assert widths[0] / widths[1] == pytest.approx(11, rel=0.05)
    assert 'role="img"' in svg
    assert "11 reproduced, 1 contradicted, 1 not tested; numbers, reduced: 23" in svg
