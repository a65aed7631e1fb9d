"""The shape of a page: its claims on a line each, folded cards, controls in a table, neighbours, mathematics."""

import re

import pytest
from test_pages import claim, part

from verifig.pages import cards, glance, opening, page, publish, render
from verifig.pages.typesetting import typeset
from verifig.planning import rulesets, themes

WIDE = part(label="height", verdict="inconclusive", observed=57.2, low=24.6, high=209.0, units_to_decide=60)


def test_a_row_names_the_paper_s_value_ours_and_the_part_that_decides():
    html = glance.verdict_table([claim(paper_value="+10.5 points", parts=[part(label="first"), WIDE])]).html
    row = html.partition("<tbody>")[2]
    for told in ("+10.5 points", "<strong>57</strong>", "[25, 209]", "height (+1 part)", 'href="#A-1"'):
        assert told in row
    assert row.count("<svg") == 1
    assert row.count("<title>") == 1, "a text for screen readers"
    assert 'role="img"' in row


def test_a_row_that_only_the_paper_scale_has_measured_shows_what_it_found_there():
    there = claim(parts=[part(label="at the end")], recorded_on="x")
    html = glance.verdict_table([claim(verdict="not tested", reason="paper scale", parts=[], recorded=there)]).html
    row = html.partition("<tbody>")[2]
    assert "at paper scale: at the end" in row
    assert row.count("<svg") == 1
    assert "at paper scale:" not in glance.verdict_table([claim(recorded=there)]).html


@pytest.mark.parametrize(
    ("given", "element"),
    [
        ({}, "details"),
        ({"verdict": "contradicted", "parts": [part(verdict="contradicted")]}, "article"),
        ({"verdict": "inconclusive", "parts": [WIDE]}, "article"),
        ({"recorded": claim(verdict="contradicted", parts=[part()], recorded_on="x")}, "article"),
        ({"recorded": claim(recorded_on="x")}, "details"),
    ],
)
def test_a_card_is_one_line_where_all_is_confirmed_and_open_else(given, element):
    html = cards.claim_html(claim(**given))
    assert re.match(rf'<{element} class="claim [a-z-]+" id="A-1"', html.strip())
    assert "<details open" not in html


def test_what_is_not_tested_says_why_before_it_is_opened():
    html = cards.claim_html(claim(verdict="not tested", reason="judged at paper scale", parts=[]))
    assert "Not tested: judged at paper scale." in html.partition("</summary>")[0]


def test_of_many_measurements_of_an_open_claim_those_inside_are_folded_and_none_is_lost():
    parts = [WIDE, *(part(label=f"inside {k}") for k in range(4))]
    html = cards.claim_html(claim(verdict="inconclusive", parts=parts))
    shown, _, folded = html.partition("<details>")
    assert "4 more, inside their bounds" in folded
    assert "inside 0" not in shown
    assert all(f"inside {k}" in folded for k in range(4))
    assert cards.claim_markdown(claim(verdict="inconclusive", parts=parts)).count("inside") == 4


def test_controls_that_behave_are_one_line_and_what_is_wrong_is_unfolded():
    good = claim(id="K1", kind="control", of="A-1", verdict="caught", parts=[part(verdict="contradicted")])
    bad = claim(id="K2", kind="oracle", verdict="contradicted", parts=[part(verdict="contradicted")])
    html = glance.control_table([good, bad]).html
    assert html.index('id="K2"') < html.index("1 of 2 controls as they must be") < html.index('id="K1"')
    assert html.count("<details open>") == 1
    assert html.index('id="K2"') < html.index("<details open>")
    assert glance.control_table([]).html == ""


def test_a_page_opens_with_its_first_figure_and_the_verdicts_on_it():
    shown = opening.hero(
        "f", "Figure 1: it", ("figures/f.svg", "figures/f.svg"), "a curve", [claim()], 600, page.Block("", "")
    )
    assert 'id="f-first"' in shown.html
    assert '<a href="#f">Figure 1: it</a>' in shown.html
    assert "reproduced" in shown.html
    assert str(typeset(cards.ours(claim()))) in shown.html, "by how much"
    assert shown.markdown.startswith("![a curve](figures/f.svg)")


def test_of_many_claims_on_the_first_figure_the_rest_is_counted():
    many = [claim() | {"id": f"C{k}"} for k in range(6)]
    shown = opening.hero("f", "Figure 1: it", ("f.svg", "f.svg"), "a curve", many, 600, page.Block("", ""))
    assert [f'href="#C{k}"' in shown.html for k in range(6)] == [True] * 4 + [False] * 2
    assert "and 2 more below" in shown.html


def test_a_published_page_leads_to_those_before_and_after_it():
    papers = themes.papers()
    assert publish.neighbours(papers[1]).count("<a ") == 2
    assert f'href="../{papers[2]}/index.html"' in publish.neighbours(papers[1])
    assert publish.neighbours(papers[0]).count("<a ") == publish.neighbours(papers[-1]).count("<a ") == 1
    assert publish.neighbours("site") == ""
    html, _ = render.page([("<h2>A</h2>", "## A")], "T", "laptop/x/")
    assert publish.NEIGHBOURS.decode() in html
    assert html.count('href="#a"') == 2, "contents beside the text, and folded above it"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("N^alpha", "N<sup>α</sup>"), ("10^11 steps", "10<sup>11</sup> steps"), ("n^(-2/3)", "n<sup>−2/3</sup>"),
        ("x <= 3 & y", "x ≤ 3 &amp; y"), ("alpha_D = 4", "α<sub>D</sub> = 4"), ("p_k", "p<sub>k</sub>"),
        ("beta2", "β<sub>2</sub>"), ("learning_rate", "learning_rate"), ("alphabet", "alphabet"), ("wide_kick", "wide_kick"),
        ("(1 - alpha lambda)^(2T)", "(1 - α λ)<sup>2T</sup>"), ("a < b", "a &lt; b"), ("<b>", "&lt;b&gt;"),
    ],
)  # fmt: skip
def test_simple_mathematics_is_set_as_such(written, shown):
    assert typeset(written) == shown


def test_a_page_says_once_what_lines_and_bands_are_where_figures_leave_it_to_the_page():
    shown, told = rulesets.load("prieto2025"), "Lines are medians."
    assert cards.header(shown, [], "laptop", convention=told).html.count(told) == 1
    assert told in cards.header(shown, [], "laptop", convention=told).markdown
    assert "Lines are" not in cards.header(shown, [], "laptop").html
