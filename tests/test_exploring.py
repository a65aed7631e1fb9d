"""Formulas with sliders: found by listing, the browser's numbers against Python's, sliders that start at the setting."""

import importlib
import inspect
import itertools
import json
import math
import re
import subprocess

import pytest
import test_browser
from test_browser import BROWSER

from verifig.ground.files import write_json
from verifig.ground.paths import Layout, package, ruleset_dir, slugs
from verifig.measuring import tables
from verifig.pages import exploring, render
from verifig.pages import page as pages
from verifig.pages.exploring import Explorer, Scale, Shown, Slider

needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
TOLERANCE = 1e-6


def makers(slug: str) -> list:
    """The functions of a paper that make a formula with sliders."""
    if not (ruleset_dir(slug) / "sliders.py").exists():
        return []
    found = vars(importlib.import_module(f"{package(slug)}.sliders")).values()
    return [each for each in found if inspect.isfunction(each) and each.__annotations__.get("return") is Explorer]


EVERY = [(slug, made) for slug in slugs() for made in makers(slug)]
each = pytest.mark.parametrize(("slug", "made"), EVERY, ids=[f"{slug}-{made.__name__}" for slug, made in EVERY])


def empty_page(slug: str, folder) -> pages.Page:
    """A page without a run: its settings are the configured ones."""
    layout = Layout(folder, "laptop", slug)
    layout.curves.mkdir(parents=True)
    write_json(layout.verdicts, {"claims": []})
    tables.write(layout.statistics, tables.Tables().statistics())
    with pages.rendering(layout):
        return pages.Page(slug)


def test_papers_with_a_closed_form_have_one_and_their_reports_show_it():
    assert {slug for slug, _ in EVERY} >= {"prieto2025", "dang2023", "wu2023", "simon2024", "besiroglu2024"}
    for slug in slugs():
        shown = re.findall(r"page\.explore\(sliders\.(\w+)\)", (ruleset_dir(slug) / "report.py").read_text("utf-8"))
        assert sorted(shown) == sorted(made.__name__ for made in makers(slug)), slug


SETTINGS = {  # where the sliders must start, from the configuration
    "prieto2025": lambda page: {"bits": {"float16": 11, "float32": 24, "float64": 53}[page.settings("precision43", "float32")["softmax_precision"]]},
    "dang2023": lambda page: {
        "depth": page.settings("sweep", "staircase")["depth"], "size": max(page.settings("sweep", "staircase")["sizes"]),
    },
    "wu2023": lambda page: {"batch": page.settings("relu", "sgd")["batch_sizes"][0]},
    "simon2024": lambda page: {
        "n": page.settings("ridge")["theorem_n"], "ridge": page.settings("ridge")["small_ridge"],
        "noise": page.settings("ridge")["noise_variance"],
    },
    "besiroglu2024": lambda page: {"size": page.paper("chinchilla")["parameters"]},
}  # fmt: skip


@each
def test_sliders_start_at_the_setting(tmp_path, slug, made):
    page = empty_page(slug, tmp_path)
    explorer = made(page)
    assert SETTINGS.get(slug, lambda page: {})(page).items() <= explorer.start.items()
    html = page.explore(made).html
    for slider in explorer.sliders:
        (tag,) = re.findall(rf'<input [^>]*name="{slider.name}"[^>]*>', html)
        low, high, value = (float(re.search(rf'{name}="([^"]*)"', tag)[1]) for name in ("min", "max", "value"))
        assert value == slider.on(slider.start)
        assert low <= value <= high
        assert slider.low < slider.high
        assert (slider.whole and slider.start == round(slider.start)) or not slider.whole
    assert 1 <= len(explorer.sliders) <= 3


def test_a_slider_follows_the_run(tmp_path):
    page = empty_page("simon2024", tmp_path)
    used = page.settings("ridge") | {"small_ridge": 1e-6, "theorem_n": 2000}
    write_json(page.layout.provenance("ridge"), {"job": {"settings": used}, "key": "k"})
    (made,) = makers("simon2024")
    explorer = made(page)
    assert (explorer.start["ridge"], explorer.start["n"]) == (1e-6, 2000)
    assert explorer.sliders[0].high == 2000, "the range holds the setting"
    assert explorer.sliders[1].low == 1e-6
    assert "2,000 random features" in explorer.about


@each
def test_a_block_asks_nothing_of_the_network_and_is_small(tmp_path, slug, made):
    block = empty_page(slug, tmp_path).explore(made)
    machinery = exploring.machinery([block.html])
    for text in (block.html, machinery.replace("http://www.w3.org/2000/svg", "")):
        assert not re.search(r"https?:|\bsrc=|@import|\bimport\b|\bfetch\b|XMLHttpRequest", text)
    assert len(block.html.encode()) < 12_000
    assert len(machinery.encode()) < 6_000
    assert "\n" not in block.markdown
    assert f"(index.html#{made(empty_page(slug, tmp_path / 'again')).anchor})" in block.markdown
    assert "<noscript>" in block.html
    assert block.html.count('class="then" d="M') >= 1, "without scripts there are curves"


def test_pages_without_a_formula_have_no_script_for_it():
    assert exploring.machinery(["<p>text</p>"]) == ""
    assert render.page([("<p>text</p>", "text")], "title", "results")[0].count("<script") == 1


def test_what_a_what_if_does_not_allow_is_left_out(tmp_path):
    def refuse(page):
        raise ValueError("no such setting")

    page = empty_page("simon2024", tmp_path)
    with pytest.raises(ValueError, match="no such setting"):
        page.explore(refuse)
    page.what_if = {"changed": {"ridge": ["n"]}}
    assert page.explore(refuse).html == ""


@pytest.mark.parametrize(
    ("scale", "texts"),
    [
        (Scale("x", 1e-20, 1, log=True), {"1", "10⁻³", "10⁻¹⁸"}),
        (Scale("x", 0.001, 1, log=True), {"10⁻³", "0.01", "0.1", "1"}),
        (Scale("x", 10, 60, log=True), {"10", "20", "50"}),
        (Scale("x", 0, 45), {"0", "8", "40"}),
        (Scale("x", 0.01, 0.05), {"0.016", "0.04"}),
    ],
)
def test_ticks_lie_on_the_axis_and_are_plain(scale, texts):
    ticks = scale.ticks()
    assert texts <= {text for _, text in ticks}
    assert all(-1e-9 <= share <= 1 + 1e-9 for share, _ in ticks)


# --- in a browser


PROBE = """
<script>
addEventListener('load', async () => {
  const root = document.getElementById(ANCHOR), formula = explorers[ANCHOR], form = root.querySelector('form');
  const state = () => ({
    read: [...root.querySelectorAll('.read strong')].map(e => e.textContent), line: [...root.querySelectorAll('.line')].map(e => e.getAttribute('d')),
    sliders: [...form.querySelectorAll('input')].map(e => [Number(e.value), e.getAttribute('aria-valuetext'), e.previousElementSibling.textContent]),
  });
  const result = {numbers: GRID.map(([x, s]) => [formula.at(x, s), formula.of(s)]), hidden: form.hidden, start: state()};
  result.then = [...root.querySelectorAll('.then')].map(e => e.getAttribute('d'));
  for (const input of form.querySelectorAll('input')) { input.value = input.max; input.dispatchEvent(new Event('input', {bubbles: true})); }
  result.moved = state();
  form.querySelector('button').click();
  await new Promise(done => setTimeout(done, 50));
  result.back = state();
  const note = document.createElement('pre'); note.id = 'probe'; note.textContent = JSON.stringify(result); document.body.append(note);
});
</script>
"""


def some_values(slider: Slider, count: int) -> list[float]:
    """Values along a slider with both its ends and its start."""
    values = [float(value) for value in slider.values(count)] + [slider.start]
    return sorted({round(value) if slider.whole else value for value in values})


def grid(explorer: Explorer) -> list[tuple[float, dict]]:
    """Places of the horizontal axis with settings."""
    x, *others = explorer.sliders
    names = [slider.name for slider in others]
    rows = itertools.product(*(some_values(slider, 4) for slider in others))
    return [
        (place, {x.name: place} | dict(zip(names, row, strict=True))) for row in rows for place in some_values(x, 7)
    ]


def seen(explorer: Explorer, block, folder, places) -> dict:
    """What a browser computes and shows."""
    html, _ = render.page([("<h1>x</h1>", ""), (block.html, block.markdown)], "x", "results")
    probe = PROBE.replace("ANCHOR", json.dumps(explorer.anchor)).replace("GRID", json.dumps(places))
    path = folder / "index.html"
    path.write_text(html.replace("</body>", probe + "</body>"), encoding="utf-8")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=60000", "--dump-dom", path.as_uri()]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    found = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    return json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def differences(explorer: Explorer, places, numbers) -> list:
    """Where the browser's numbers are not Python's."""
    wrong = []
    for (x, settings), (curves, facts) in zip(places, numbers, strict=True):
        expected = [*explorer.at(x, settings), *explorer.of(settings)]
        for here, there in zip(expected, [*curves, *facts], strict=True):
            same = there is None if not math.isfinite(here) else there is not None
            if not same or (there is not None and abs(there - here) > TOLERANCE * abs(here)):
                wrong.append((x, settings, here, there))
    return wrong


def points(path: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?[\d.]+", path)]


@needs_browser
@each
def test_the_browser_computes_what_python_does(tmp_path, slug, made):
    page = empty_page(slug, tmp_path / "results")
    explorer, block = made(page), page.explore(made)
    places = grid(explorer)
    found = seen(explorer, block, tmp_path, places)
    assert len(places) >= 30
    assert differences(explorer, places, found["numbers"]) == []
    assert found["hidden"] is False
    start = found["start"]
    python = [*explorer.at(explorer.sliders[0].start, explorer.start), *explorer.of(explorer.start)]
    units = [*explorer.curves, *explorer.facts]
    assert start["read"] == [exploring._told(unit, value) for unit, value in zip(units, python, strict=True)]
    assert [value for value, *_ in start["sliders"]] == pytest.approx([s.on(s.start) for s in explorer.sliders])
    assert [texts for _, *texts in start["sliders"]] == [[exploring._told(s, s.start)] * 2 for s in explorer.sliders]
    for line, then in zip(start["line"], found["then"], strict=True):
        assert points(line) == pytest.approx(points(then), abs=0.11), "drawn alike on both sides"
    assert found["moved"]["read"] != start["read"]
    assert found["moved"]["line"] != start["line"]
    assert found["back"] == start


@needs_browser
def test_a_wrong_formula_is_noticed(tmp_path):
    """A script that is off by a part in 100,000."""
    wrong = Explorer(
        "wrong", "Wrong", "", [Slider("x", 1, 9, name="x", start=2)], Scale("y", 0, 9), [Shown("y", "#3f86d2")],
        at=lambda x, settings: [x], script="const at = (x, s) => [x * 1.00001]; const of = s => [];",
    )  # fmt: skip
    places = grid(wrong)
    found = seen(wrong, exploring.block(wrong), tmp_path, places)
    assert len(differences(wrong, places, found["numbers"])) == len(places)


@needs_browser
@pytest.mark.parametrize(("width", "dark"), [(1200, False), (500, True)])
def test_formulas_are_accessible_and_fit(tmp_path, width, dark):
    blocks = [("<h1>x</h1>", "")]
    for slug, made in EVERY:
        block = empty_page(slug, tmp_path / slug).explore(made)
        blocks.append((block.html, block.markdown))
    path = tmp_path / "page" / "index.html"
    path.parent.mkdir()
    path.write_text(render.page(blocks, "x", "results")[0], encoding="utf-8")
    (found,) = test_browser.visit([path], tmp_path / "probed", width, dark)
    assert (found["errors"], found["fetched"], found["wide"], found["violations"]) == ([], [], [], [])
    assert found["overflow"] <= 0
