"""Places of claims: with their paper wherever another page shows them; a label of ours says that it is one."""

import re

import pytest
from test_pages import claim

from verifig.judging import claims as claims_module
from verifig.pages import cards, explaining, glance, places
from verifig.planning import rulesets, themes
from verifig.planning.rulesets import Work


@pytest.mark.parametrize(
    ("name", "authors", "venue", "told"),
    [
        ("prieto2025", "Lucas Prieto, Melih Barsbey, Tolga Birdal", "ICLR 2025", "Prieto et al. 2025"),
        ("wu2023", "Lei Wu, Weijie J. Su", "ICML 2023", "Wu and Su 2023"),
        ("hoffmann2022", "Jordan Hoffmann et al.", "NeurIPS", "Hoffmann et al. 2022"),
        ("kozlov", "D. A. Kozlov", "independent replication", "Kozlov"),
    ],
)
def test_short_names(name, authors, venue, told):
    assert places.short_name(name, Work("T", authors, venue, "https://x")) == told


def test_a_page_names_another_work_and_links_to_it_but_not_its_own_paper():
    ruleset = rulesets.load("liu2023")
    own, other = claim(paper="liu2023", place="abstract"), claim(paper="kuzborskij2021", place="synthetic data")
    places.attach([own, other], ruleset)
    assert places.on_page(own) == "abstract"
    assert places.on_page(other) == "Kuzborskij et al. 2021, synthetic data"
    assert f'<a href="{ruleset.works["kuzborskij2021"].url}">Kuzborskij et al. 2021</a>' in cards.claim_html(other)
    for text in (cards.claim_markdown(other), glance.verdict_table([other]).html):
        assert "Kuzborskij et al. 2021, synthetic data" in text
    assert places.anywhere(own, ruleset) == "Liu and Flanigan 2023, abstract"


@pytest.mark.parametrize("slug", ["wu2023", "liu2023"])
def test_labels_of_ours_say_so(slug):
    """Papers whose text could not be had: their figures and panels have names that we gave them."""
    shown = [figure.place for figure in rulesets.load(slug).figures.values()]
    shown += [item["place"] for item in claims_module.load(slug)]
    labels = [place for place in shown if re.search(r"\b(?:Figure [A-Z]|Panels? [A-Z])", place)]
    assert labels
    assert [place for place in labels if "our label" not in place and "(ours)" not in place] == []


@pytest.mark.parametrize("slug", themes.papers())
def test_every_claim_is_of_a_work_that_its_page_cites(slug):
    works = rulesets.load(slug).works
    assert {item["paper"] for item in claims_module.load(slug)} <= set(works)


@pytest.mark.parametrize("name", ["wu2023:r10", "wu2023/R10", "r10"])
def test_a_claim_is_found_by_the_name_that_pages_give_it(name):
    assert explaining.find(name) == ("wu2023", "r10")
