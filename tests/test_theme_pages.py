"""Pages of themes: their text holds no result by hand, follows the verdicts, and every link leads somewhere."""

import pytest
from outline import Outline, dead_links
from test_pages import claim, part

from verifig.ground import paths
from verifig.ground.errors import InputError
from verifig.judging import claims as claims_module
from verifig.judging.recorded import Record
from verifig.pages import overview, publish, site, theme_page
from verifig.planning import rulesets, themes

THEMES = themes.load()
TEXT = "It grows with the number of steps: {liu2023:B2}. In float32, as in GPT-3, it does {nakkiran2020:N1}."


@pytest.fixture(scope="module")
def papers() -> list[dict]:
    """What the site shows of every paper, all claims reproduced."""
    return [shown(slug) for slug in themes.papers()]


def shown(slug: str, record: Record | None = None, **verdict) -> dict:
    """One paper, its claims found right unless `verdict` says otherwise."""
    judged = {"verdict": "reproduced", "parts": [part()], "p_bound": None, "headroom": 5.0} | verdict
    found = [
        claim(**known) | {"basis": "direction", "setting": "reduced", **judged} for known in claims_module.load(slug)
    ]
    ruleset = rulesets.load(slug)
    told = {"theme": ruleset.theme, "title": ruleset.title, "summary": ruleset.summary, "changed": [], "seconds": 60.0}
    return (
        site.counted(slug, found, record)
        | told
        | {"cost": "1 min", "hardware": ["a CPU"], "thumbnail": None, "short": "A and B 2025"}
    )


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Let the theme double_descent have another text."""

    def write(text: str) -> themes.Theme:
        (tmp_path / "double_descent").mkdir(exist_ok=True)
        (tmp_path / "double_descent/overview.md").write_text(text)
        monkeypatch.setattr(overview.paths, "REPLICATIONS", tmp_path)
        monkeypatch.setattr(overview.paths, "name_in_suite", lambda path: path.name)
        return THEMES["double_descent"]

    return write


@pytest.mark.parametrize("name", THEMES)
def test_the_text_of_a_theme_names_claims_of_all_its_papers_and_no_others(name):
    theme = THEMES[name]
    named = overview.claims_named(overview.read(theme))
    assert {slug for slug, _ in named} == set(theme.papers)
    known = {(slug, item["id"]) for slug in theme.papers for item in claims_module.load(slug)}
    assert set(named) <= known
    words = len(overview.FOUND.sub("", overview.read(theme)).split())
    assert 150 <= words <= max(320, 45 * len(theme.papers))


@pytest.mark.parametrize("number", ["3", "0.5", "20 %", "1e-5", "-4"])
def test_a_number_by_hand_is_refused(written, number):
    with pytest.raises(InputError, match="is written by hand"):
        overview.read(written(f"The error is {number} here: {{liu2023:B2}}."))
    assert overview.read(written(TEXT)) == TEXT, "names may hold digits"


def test_the_text_follows_the_verdict_and_links_to_the_card(written):
    theme, both = written(TEXT), {slug: shown(slug) for slug in ("liu2023", "nakkiran2020")}
    before = overview.render(theme, both)
    assert 'href="../liu2023/page/index.html#B2">liu2023:B2 ✓ holds</a>' in before
    other = part(verdict="contradicted", observed=0.123, label="height <i>")
    after = overview.render(theme, both | {"liu2023": shown("liu2023", verdict="contradicted", parts=[other])})
    assert "liu2023:B2 ✗ contradicted</a>" in after
    assert "height &lt;i&gt;: <strong>0.12</strong>" in after
    assert "liu2023:B2 ✓" not in after


def test_what_did_not_run_is_said_and_an_unknown_claim_refused(written):
    assert "(nakkiran2020:N1 did not run here)" in overview.render(written(TEXT), {"liu2023": shown("liu2023")})
    for name in ("liu2023:B99", "prieto2025:EN-01"):
        with pytest.raises(InputError, match=f"{name} is not a claim"):
            overview.render(written(f"See {{{name}}}."), {"liu2023": shown("liu2023")})


def test_a_verdict_recorded_at_paper_scale_is_told_beside(written):
    record = Record("liu2023", "paper", {"claims": [], "hardware": "a GPU", "date": "2026-12-01"})
    record.__dict__["claims"] = [claim(id="B2", basis="direction", verdict="contradicted", parts=[part(observed=7.25)])]
    told = overview.render(written("It is {liu2023:B2}."), {"liu2023": shown("liu2023", record)})
    assert told.index("✓ holds") < told.index("at paper scale, recorded") < told.index("✗ contradicted")
    assert "7.25" in told


def test_a_theme_without_a_text_has_a_page(papers, tmp_path, monkeypatch):
    monkeypatch.setattr(overview, "path", lambda theme: tmp_path / "overview.md")
    html = theme_page.pages(papers, "laptop")["grokking.html"]
    assert 'id="together"' not in html
    assert "Nothing is contradicted or inconclusive" in html


def test_open_claims_stand_on_the_page_of_their_theme_with_their_reasons():
    odd = shown(
        "prieto2025", verdict="contradicted", parts=[part(verdict="contradicted", label="delay")], because="So."
    )
    html = theme_page.page(THEMES["grokking"], [odd], "laptop", None, None)
    assert 'href="../prieto2025/page/index.html#EN-01">prieto2025:EN-01</a>' in html
    assert "our interval of delay lies outside the bounds" in html
    assert "So." in html
    assert "Prieto et al. 2025, Figure 1a." in html
    assert 'class="bar"' in html


def test_every_link_between_published_pages_leads_somewhere(papers, tmp_path):
    """Front page and themes as published, beside papers' pages that hold the ids of their claims alone."""
    source, target = tmp_path / "results/laptop/site", tmp_path / "reports"
    for name, html in (theme_page.pages(papers, "laptop") | {"index.html": site.index(papers, "laptop")}).items():
        source.mkdir(parents=True, exist_ok=True)
        target.mkdir(exist_ok=True)
        (source / name).write_text(html)
        (target / name).write_bytes(publish._published(source / name))
    for name in ("verdicts.json", "verdicts.csv"):
        (target / name).write_text("")
    for paper in papers:
        folder = target / paper["slug"]
        folder.mkdir()
        anchors = "".join(f'<p id="{item["id"]}"></p>' for item in paper["claims"])
        way = publish.way_home(paper["slug"]) + publish.neighbours(paper["slug"])
        (folder / "index.html").write_text(f"<h1>{way}</h1>{anchors}")
    pages = sorted(target.rglob("*.html"))
    assert len(pages) == 1 + len(THEMES) + len(papers)
    beside = ("trust.md", "hardware.md", "benchmarks.md", "CHANGELOG.md", "instruments/index.html")
    dead = [(page.name, link) for page in pages for link in dead_links(page) if not link.endswith(beside)]
    assert dead == []
    names = [*THEMES]
    middle = Outline((target / f"{names[1]}.html").read_text())
    assert {"index.html", f"{names[0]}.html", f"{names[2]}.html"} <= set(middle.links)
    assert {f"{name}.html" for name in names} <= set(Outline((target / "index.html").read_text()).links)


def test_an_experiment_of_ours_is_counted_apart_from_the_papers(papers):
    found = theme_page.pages(papers, "laptop")
    assert "5 papers and an experiment of ours" in found["grokking.html"]
    assert "laptop scale · one paper ·" in found["neural_collapse.html"]
    own = [paper for paper in papers if paper["slug"] == "instruments2026"]
    assert theme_page.counted(own) == "an experiment of ours"


def test_the_same_results_give_the_same_bytes(papers):
    assert theme_page.pages(papers, "laptop") == theme_page.pages(papers, "laptop")


def test_a_paper_s_page_leads_to_the_front_page_and_to_its_theme():
    way = publish.way_home("simon2024")
    assert way.index('href="../index.html"') < way.index('href="../double_descent.html">Double descent</a>')
    assert publish.way_home("laptop") == ""


def test_a_theme_whose_text_has_changed_is_stale(tmp_path, monkeypatch):
    monkeypatch.setattr(publish, "REPORTS", tmp_path)
    publish._manifest([], keep=False)
    assert publish.stale_pages() == {}
    now = publish.theme_digests()
    now["grokking"] = now["grokking"] | {"replications/grokking/overview.md": "other"}
    monkeypatch.setattr(publish, "theme_digests", lambda: now)
    assert publish.stale_pages() == {"grokking": ["replications/grokking/overview.md"]}


def test_only_themes_of_these_papers_have_pages(papers):
    few = [paper for paper in papers if paper["theme"] in ("grokking", "scaling_laws")]
    found = theme_page.pages(few, "laptop")
    assert set(found) == {"grokking.html", "scaling_laws.html"}
    assert 'href="scaling_laws.html"' in found["grokking.html"]
    assert "double_descent.html" not in found["grokking.html"]


def test_a_theme_has_another_name_than_every_page_beside_it():
    assert not {f"{name}.html" for name in THEMES} & {"index.html"}
    assert not set(THEMES) & set(paths.slugs())
