"""One notation on all pages, and numbers that say which statistic they are."""

import re
from html.parser import HTMLParser
from types import SimpleNamespace

import pandas as pd
import pytest

from verifig.ground import numbers
from verifig.ground.paths import ROOT, slugs
from verifig.judging import claims
from verifig.pages import cards, figures, marked, notation, pictures, touching, units, words
from verifig.pages.typesetting import typeset
from verifig.planning import rulesets

REFUSED = {
    "a power of ten as Python writes it": r"(?<![\w.])\d(\.\d+)?e[-+−]?\d+(?!\w)",
    "a power that is not raised": r"\w\^[\d(−-]",
    "percent without a space": r"\d%",
    "a hyphen for a minus": r"(?<=[\s(\[])-\d",
}


class Visible(HTMLParser):
    """Text of a page that readers see, but for code."""

    def __init__(self, html: str):
        super().__init__()
        self.hidden, self.text = 0, []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.hidden += tag in ("style", "script", "code", "pre", "title")
        self.text.append(" " if tag in ("td", "th", "li", "p", "div", "text") else "")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "script", "code", "pre", "title")

    def handle_data(self, data):
        self.text.append("" if self.hidden else data)


def faults(html: str) -> list[str]:
    text = "".join(Visible(html).text)
    return [f"{name}: {found[0]}" for name, wrong in REFUSED.items() for found in re.finditer(wrong, text)]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("below 1e-08.", "below 10⁻⁸."),
        ("p 2.7e-6, 1.1e-4", "p 2.7 × 10⁻⁶, 1.1 × 10⁻⁴"),
        ("h(1e+06)", "h(10⁶)"),
        ("10^-17 and n^2", "10⁻¹⁷ and n²"),
        ("alpha = 1, 4/alpha; by alpha.", "α = 1, 4/α; by α."),
        ("chi-square, alpha_06, alphas", "chi-square, alpha_06, alphas"),
        ("at least 83% of runs, -0.11 in [-1, 1]", "at least 83 % of runs, −0.11 in [−1, 1]"),
        ("2026-11-27, 3d617c71f828, fig-3, 1e3d", "2026-11-27, 3d617c71f828, fig-3, 1e3d"),
    ],
)
def test_one_notation(written, shown):
    assert notation.plain(written) == notation.html(written) == notation.markdown(written) == shown
    assert notation.plain(shown) == shown
    assert not faults(notation.html(f"<p>{written}</p>"))


def test_indices_are_set_on_pages_and_words_left_alone():
    assert notation.html("2 / λ_max, a_j, file_name") == "2 / λ<sub>max</sub>, a<sub>j</sub>, file_name"
    assert notation.html("<code>a_j</code>") == "<code>a_j</code>"


def test_code_and_addresses_stay_as_they_are():
    code = '<p title="1e-5"><code>--set x=1e-5</code> <a href="a%20b-1">N<sup>α</sup></a></p>'
    assert notation.html(code) == code
    assert notation.html("<p>N^α</p><svg><text>N^α, 1e-5</text></svg>") == (
        "<p>N<sup>α</sup></p><svg><text>N^α, 10⁻⁵</text></svg>"
    )
    told = "`1e-5` [a](b%2-1) https://x.org/1e-5"
    assert notation.markdown(told) == told


@pytest.mark.parametrize("page", sorted(ROOT.glob("reports/*/index.html")), ids=lambda page: page.parent.name)
def test_published_pages_keep_the_notation(page):
    """As they are and as they would be shown: what is published later cannot be worse."""
    assert not faults(notation.html(page.read_text(encoding="utf-8")))


def test_digits_of_what_rounds_up():
    assert numbers.text(0.9997) == "1.00"
    assert numbers.text(0.99949) == "0.999"
    assert numbers.text(99.96) == "100"
    assert numbers.seconds(99.7) == "100 s"


def rows(values, seeds=None, status="ok") -> pd.DataFrame:
    seeds = range(len(values)) if seeds is None else seeds
    table = pd.DataFrame({"value": values, "seed": pd.array(seeds, "Int64"), "status": status})
    return table.assign(experiment="delay53", condition="condition=adamw;epoch=3", statistic="test_accuracy")


def test_an_explanation_names_statistic_units_and_interval():
    named = "delay53 · adamw, epoch=3 · test accuracy: "
    told = marked.explanation(rows([0.5, 0.6, 0.7]), "mean", percent=True)
    assert told == named + "mean of 3 seeds, 95 % interval 35.2 to 84.8 %"
    assert marked.explanation(rows([1, 2, 4]), "median", unit="draw") == named + "median of 3 draws, from 1 to 4"
    assert marked.explanation(rows([1, 2, 4]), "range") == named + "range over 3 seeds, from 1 to 4"
    assert marked.explanation(rows([0.5], [None]), "mean") == named + "exact"
    assert marked.explanation(rows([0.5]), "mean") == named + "1 seed"
    assert marked.explanation(rows([300, 300], status="never"), "mean").endswith(
        "in 2 of them not seen by the last step"
    )


def test_marked_numbers_become_elements_on_pages_and_plain_text_elsewhere():
    told = f"It is **{marked.mark('82 %', 'a < b')}**."
    block = cards.Block(f"<p>It is {marked.mark('82 %', 'a &lt; &quot;b&quot;')}.</p>", told)
    assert block._repr_html_() == (
        '<p>It is <span class="n" tabindex="0" title="a &lt; &quot;b&quot;">82 %</span>.</p>'
    )
    assert block._repr_markdown_() == "It is **82 %**."


def test_a_number_of_a_table_names_the_table_the_rows_and_what_is_made_of_them():
    table = pd.DataFrame(
        {"x": [1, 1, 2], "alpha": [0.5, 0.5, 0.5], "run": ["a", "a", "b"], "test_error": [0.1, 0.3, 0.2]}
    )
    table = marked.named(table, "risk")
    told = marked.MARKED.fullmatch(marked.of_table("0.2", table[table["x"] == 1], "test_error", "mean of"))
    assert told.groups() == ("0.2", "table risk · x = 1, alpha = 0.5, run = a · test error: mean of 2 rows")
    one = marked.MARKED.fullmatch(marked.of_table("0.2", table[table["run"] == "b"], "test_error"))
    assert one[2] == "table risk · x = 2, run = b · test error", "of one row a measured value is no condition"
    assert marked.of_table("nan", table, "test_error", "mean of") == "nan"
    assert marked.of_table("0.2", table[table["x"] > 5], "test_error", "mean of") == "0.2"


def test_shares_are_shown_in_the_unit_that_the_paper_names():
    part = {
        "statistic": "gain",
        "estimator": "mean",
        "relation": "within",
        "bounds": [0.114, 0.194],
        "observed": 0.07,
        "n": 3,
    }
    part |= {"low": 0.0591, "high": 0.0842, "paper": 0.1543, "label": "gain"}
    claim = {"parts": [part, part | {"statistic": "other"}]}
    units.attach([claim], SimpleNamespace(percent=(), points=("gain",), hundredfold=()))
    assert [words.bounds(each) for each in claim["parts"]] == ["11.4 … 19.4 points", "0.114 … 0.194"]
    assert words.short(claim["parts"][0]) == (
        "gain: 7.0 points ([5.9, 8.4], mean of 3 seeds); bound 11.4 … 19.4 points; paper 15.4 points"
    )
    assert part["bounds"] == [0.114, 0.194], "what is judged and written as data stays a fraction"
    assert ">11.4<" in pictures.range_plot(claim["parts"][0] | {"values": [0.07]})


@pytest.mark.parametrize("slug", slugs())
def test_a_page_names_only_statistics_that_its_claims_have(slug):
    named = [
        each for claim in claims.load(slug) for key in ("parts", "healthy", "substitute") for each in claim.get(key, [])
    ]
    named += [each for parts in claims.health(slug).values() for each in parts]
    claimed = set().union(*(units.names(each) for each in named if "statistic" in each))
    ruleset = rulesets.load(slug)
    assert not set(ruleset.percent) & set(ruleset.points)
    assert set(ruleset.hundredfold) <= {*ruleset.percent, *ruleset.points}
    for name in (*ruleset.percent, *ruleset.points):
        assert name in claimed, name


@pytest.mark.parametrize("slug", slugs())
def test_a_statement_gives_bounds_in_the_unit_of_its_card(slug):
    ruleset = rulesets.load(slug)
    for claim in claims.load(slug):
        parts = claim.get("parts", [])
        if all(units.names(part) & {*ruleset.percent, *ruleset.points} for part in parts):
            judged = {bound for part in parts for bound in re.findall(r"0\.\d+", str(part.get("bounds", "")))}
            assert not judged & set(re.findall(r"0\.\d+", claim["statement"])), claim["id"]


def test_a_value_that_is_nothing_but_rounding_is_shown_as_0():
    nothing = {"estimator": "mean", "relation": "at_least", "bounds": [0.9, "inf"], "observed": 4.3e-20, "n": 5}
    nothing |= {"low": -0.0117, "high": 0.0117}
    assert f"{words.value(nothing)} ({words.certainty(nothing)})" == "0.000 ([−0.012, 0.012], mean of 5 seeds)"


def test_a_value_has_the_decimals_of_its_interval():
    wide = {"estimator": "mean", "relation": "within", "bounds": [-0.04, 0.04], "observed": -0.00468, "n": 10}
    wide |= {"low": -0.00963, "high": 0.00026}
    assert f"{words.value(wide)} ({words.certainty(wide)})" == "−0.0047 ([−0.0096, 0.0003], mean of 10 seeds)"
    near = wide | {"bounds": [0.98, "inf"], "observed": 0.9798, "low": 0.95, "high": 0.995}
    assert words.value(near) == "0.9798", "not like its bound"
    assert words.value(wide | {"low": "-inf", "high": "inf"}) == "−0.00468"
    assert words.value(wide | {"estimator": "exact"}) == "−0.00468"
    assert words.value(wide | {"bounds": [100, "inf"], "observed": 340.23, "low": 311.2, "high": 372.9}) == "340"


def test_what_is_measured_in_percent_already_gets_the_sign_alone():
    part = {"statistic": "error", "estimator": "exact", "relation": "at_most", "bounds": ["-inf", 10], "observed": 8.66}
    claim = {"parts": [part | {"low": None, "high": None, "n": 1, "label": "OPT"}]}
    units.attach([claim], SimpleNamespace(percent=("error",), points=(), hundredfold=("error",)))
    assert words.short(claim["parts"][0]) == "OPT: 8.66 % (exact); bound ≤ 10 %"


def test_a_statistic_may_be_in_percent_in_one_experiment_alone():
    parts = [{"statistic": "final", "experiment": experiment} for experiment in ("modular", "committee")]
    units.attach([{"parts": parts}], SimpleNamespace(percent=("modular/final",), points=(), hundredfold=()))
    assert [units.sign(part) for part in parts] == [" %", ""]


def test_a_control_arm_has_the_decimals_of_its_own_interval():
    here = {"experiment": "features", "condition": "map=raw;solver=inf", "statistic": "peak_height"}
    part = here | {"estimator": "median", "relation": "at_least", "bounds": [25, "inf"], "observed": 57.2, "n": 24}
    arm = here | {"observed": 0.966, "low": 0.871, "high": 1.07, "verdict": "contradicted"}
    part |= {"low": 24.6, "high": 209, "control_arm": arm | {"condition": "map=raw;solver=steps 1000"}}
    assert words.control_arm(part) == (
        "control arm (map = raw, solver = steps 1000): 0.97 [0.87, 1.07], outside, as it should be"
    )


def test_names_in_claims_are_code():
    told = typeset("With low rates (`alpha_06`) alpha = 1 < 2.")
    assert told == "With low rates (<code>alpha_06</code>) α = 1 &lt; 2."


def test_pictures_show_numbers_without_what_explains_them():
    figure, (axes,) = figures.grid()
    axes.plot([0, 1], [0, 1], label=f"slope {marked.mark('1.00', 'mean of 5 seeds')}")
    axes.legend()
    text = touching.svg(figure, "name", marked.mark("1.00", "mean of 5 seeds"))
    assert text.count("slope 1.00") == 2, "in the legend, and where it is told for the script"
    assert "seeds" not in text


def test_published_files_hold_no_marks():
    for path in sorted((ROOT / "reports").rglob("*")):
        if path.suffix in (".svg", ".html", ".md", ".csv"):
            assert not re.search(f"[{marked.OPEN}{marked.EXPLAINED}{marked.CLOSE}]", path.read_text("utf-8")), path
