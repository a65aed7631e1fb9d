"""`verifig claims check`: claims, settings and statistics held together; and what `verifig new` is told or asks."""

import pandas as pd
import pytest
from conftest import ROOT, command

from verifig.ground.paths import slugs
from verifig.ground.yaml_files import read_yaml
from verifig.judging import claims, proofreading
from verifig.running import new


@pytest.mark.parametrize("slug", slugs())
@pytest.mark.parametrize("scale", ["smoke", "laptop", "paper"])
def test_every_paper_s_claims_hold_together(slug, scale):
    assert proofreading.problems(slug, scale) == []


def test_what_does_not_hold_together_is_said_claim_by_claim(monkeypatch):
    part = {"statistic": "final", "estimator": "mean", "relation": "at_least", "bounds": 1}
    made = [
        {"id": "A", "figure": "fig99", "scales": ["laptop"], "parts": [part | {"experiment": "delay53"}]},
        {"id": "B", "figure": "controls", "scales": ["laptop"], "parts": [part | {"experiment": "precision113"}]},
    ]
    monkeypatch.setattr(claims, "load", lambda slug: made)
    figure = "A belongs to the figure 'fig99', which paper.yaml does not have"
    elsewhere = "B is judged at laptop scale, where 'precision113' does not run"
    assert proofreading.problems("prieto2025", "laptop") == [figure, elsewhere]
    assert proofreading.problems("prieto2025", "smoke") == [figure]
    table = pd.DataFrame({"experiment": ["delay53"], "condition": [""], "statistic": ["other"], "value": [1.0]})
    found = proofreading.problems("prieto2025", "laptop", table)
    assert (
        found[1]
        == "A asks for the statistic 'final' of experiment 'delay53', condition '', which measure did not write"
    )
    assert proofreading.problems("prieto2025", "laptop", table.assign(statistic="final")) == [figure, elsewhere]


def test_the_command_says_what_there_is_and_fails_where_something_is_wrong(done):
    result = command(done, "verifig", "claims", "check", "prieto2025", "--scale", "smoke")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("prieto2025: ok, ")
    assert result.stdout.endswith("statistics measured at smoke scale\n")
    path = next((done / "replications").glob("*/prieto2025/claims.yaml"))
    before = path.read_text()
    try:
        path.write_text(before.replace("figure: fig2", "figure: fig_2", 1))
        result = command(done, "verifig", "claims", "check", "prieto2025", "--scale", "smoke")
    finally:
        path.write_text(before)
    assert result.returncode == 1
    assert "prieto2025: WRONG" in result.stdout
    assert "belongs to the figure 'fig_2', which paper.yaml does not have" in result.stdout
    assert command(done, "verifig", "claims", "check", "nobody").returncode == 2


FIELDS = {"title": 'On "quotes": and colons', "authors": "A. & B.", "venue": "Venue 1(2)", "url": "https://x.org/a_(b)"}


def test_a_new_paper_knows_what_it_was_told(tmp_path, monkeypatch):
    monkeypatch.setattr(new, "REPLICATIONS", tmp_path)
    folder = new.create("toys/toy1999", FIELDS)
    paper = read_yaml(folder / "paper.yaml")
    assert paper["works"]["toy1999"] == FIELDS
    assert paper["title"] == FIELDS["title"]
    later = read_yaml(new.create("toys/toy2000", {"venue": "V"}) / "paper.yaml")["works"]["toy2000"]
    assert later == new.FIELDS | {"venue": "V"}


def test_what_is_not_given_is_asked_for_and_an_empty_answer_is_for_later():
    asked, answers = [], iter(["toys", " toy1999 ", "", "https://x.org"])

    def answer(question: str) -> str:
        asked.append(question)
        return next(answers)

    name, fields = new.ask({"title": "T", "venue": "V"}, answer)
    assert name == "toys/toy1999"
    assert fields == {"title": "T", "venue": "V", "url": "https://x.org"}
    assert "grokking" in asked[0]
    assert [question.split()[0] for question in asked[2:]] == ["authors", "url"]


def test_without_a_terminal_a_name_is_needed(tmp_path):
    refused = command(ROOT, "verifig", "new")
    assert refused.returncode == 2
    assert "make new paper=<theme>/<paper>" in refused.stderr
