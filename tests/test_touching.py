"""Figures that answer: what is told of axes, curves and legends, and what the script makes of it in a browser."""

import html
import json
import re
import subprocess

import numpy as np
import pandas as pd
import pytest
from test_browser import BROWSER, visit

from verifig.ground.paths import Layout
from verifig.pages import cards, curves, figures, render, steps, touching

UNITS = pd.DataFrame({"x": [1, 1, 10, 10, 1000, 1000], "value": [0.2, 0.4, 0.5, 0.7, 0.8, 0.9]})


def told(text: str) -> dict:
    return json.loads(html.unescape(re.search(r'<metadata id="touch">(.*?)</metadata>', text)[1]))


def places(text: str, name: str) -> np.ndarray:
    """Vertices of the first path of a group, in units of the SVG."""
    path = re.search(rf'<g id="{name}">\s*<path d="(.*?)"', text, re.DOTALL)[1]
    return np.concatenate([np.array(stroke) for stroke in steps.places(path)])


def values(axes: dict, places: np.ndarray) -> np.ndarray:
    """The formula of `figure.js`: from places to values, through the box and the values along both axes."""
    left, top, right, bottom = axes["box"]
    shares = (places[:, 0] - left) / (right - left), (places[:, 1] - bottom) / (top - bottom)
    found = []
    for axis, share in zip((axes["x"], axes["y"]), shares, strict=True):
        at = np.log(axis["at"]) if "log" in axis else np.array(axis["at"])
        value = np.interp(share, np.linspace(0, 1, len(at)), at)
        found.append(np.exp(value) if "log" in axis else value)
    return np.transpose(found)


def two_panels():
    """A band on a logarithmic axis and lines on linear ones, with one legend for both."""
    figure, (left, right) = figures.grid(2)
    figures.band(left, UNITS, label="ours")
    left.set(xscale="log", xlabel="epoch", ylabel="accuracy")
    right.plot([0, 5, 10], [3, -2, 8], "o-", color=figures.BLUE)
    right.plot([0, 10], [0, 4], color=figures.RED, label="theory <1>")
    figures.paper_line(right, 2.0, "paper")
    right.set(title="loss", xlabel="step")
    figures.legend_outside([left, right], "lower center")
    return figure


def test_places_become_values_on_linear_and_logarithmic_axes():
    text = touching.svg(two_panels(), "name", "title")
    given = told(text)
    left, right = given["axes"]
    assert [each["axes"] for each in given["curves"]] == [0, 1, 1, 1]
    assert (left["x"]["log"], left["x"]["name"], left["y"]["name"]) == (1, "epoch", "accuracy")
    assert (right["x"]["name"], right["y"]["name"]) == ("step", "loss"), "without a label its title"
    assert values(left, places(text, "curve0")) == pytest.approx(
        np.transpose([[1, 10, 1000], [0.3, 0.6, 0.85]]), rel=5e-3
    )
    assert values(right, places(text, "curve1")) == pytest.approx(np.transpose([[0, 5, 10], [3, -2, 8]]), abs=0.01)
    assert given["curves"][3] == {"axes": 1, "only": "y"}
    assert values(right, places(text, "curve3"))[:, 1] == pytest.approx([2, 2], abs=0.01), "a line across the axes"


@pytest.mark.parametrize(("scale", "high"), [("symlog", 1000), ("logit", 0.99)])
def test_places_become_values_on_other_scales(scale, high):
    figure, (axes,) = figures.grid()
    points = np.linspace(0.01, high, 7)
    axes.plot(points, points)
    axes.set_yscale(scale)
    text = touching.svg(figure, "name", "title")
    found = values(told(text)["axes"][0], places(text, "curve0"))
    transform = axes.yaxis.get_transform().transform
    along = np.ptp(transform(np.array(axes.get_ylim())))
    assert np.abs(transform(found[:, 1]) - transform(found[:, 0])).max() < 0.005 * along


def test_an_upside_down_axis_and_an_equal_aspect():
    figure, (axes,) = figures.grid()
    axes.plot([0, 1, 2], [0, 3, 2])
    axes.invert_yaxis()
    axes.set_aspect("equal")
    text = touching.svg(figure, "name", "title")
    assert values(told(text)["axes"][0], places(text, "curve0")) == pytest.approx(
        np.transpose([[0, 1, 2], [0, 3, 2]]), abs=0.02
    )


def test_entries_stand_for_curves_of_their_label_or_look_in_all_panels():
    text = touching.svg(two_panels(), "name", "title")
    given = told(text)
    assert given["entries"] == ["ours", "theory <1>"]
    assert [each.get("of") for each in given["curves"]] == [[0], [0], [1], None], "blue without a label is ours too"
    for name in ("curve0-0", "entry0-0-0", "entry0-0-1", "entry1-0-0"):
        assert text.count(f'id="{name}"') == 1, name


def test_entries_in_ink_stand_for_a_style_whatever_the_colour():
    figure, (axes, other) = figures.grid(2)
    other.plot([0, 1], [0, 1], "--", color=figures.BLUE)
    for color, label in ((figures.BLUE, "sgd"), (figures.RED, "adam")):
        axes.plot([0, 1], [0, 1], color=color, label=label)
        axes.plot([0, 1], [1, 1], "--", color=color)
    axes.plot([], [], "--", color=figures.INK, label="predicted")
    axes.legend()
    given = told(touching.svg(figure, "name", "title"))
    assert given["entries"] == ["sgd", "adam", "predicted"]
    assert [each["of"] for each in given["curves"]] == [[0], [0, 2], [1], [1, 2], [0]], "not in the other panel"


def test_a_line_says_its_seed_and_an_entry_the_title_of_its_legend():
    figure, (axes,) = figures.grid()
    for seed in (3, 7):
        axes.plot([0, 1], [0, seed], color=figures.BLUE, label=None if seed > 3 else "0.1", gid=f"seed {seed}")
    axes.legend(title="$\\eta$")
    given = told(touching.svg(figure, "name", "title"))
    assert given["entries"] == ["η: 0.1"]
    assert given["curves"] == [{"axes": 0, "of": [0], "unit": "seed 3"}, {"axes": 0, "of": [0], "unit": "seed 7"}]


def test_a_curve_that_could_belong_to_two_entries_belongs_to_none():
    figure, (axes,) = figures.grid()
    for face, label in ((figures.RED, "student"), ("none", "teacher")):
        axes.plot([0], [1], "o", color=figures.RED, markerfacecolor=face, label=label)
        axes.plot([1], [1], "o", color=figures.RED, markerfacecolor=face)
    axes.plot([0, 1], [0, 1], color=figures.RED)
    axes.legend()
    given = told(touching.svg(figure, "name", "title"))
    assert [each.get("of") for each in given["curves"]] == [[0], [0], [1], [1], None]


def test_labels_at_the_end_of_lines_are_entries():
    figure, (axes,) = figures.grid()
    axes.plot([0, 1], [0, 1], label="a")
    axes.plot([0, 1], [1, 0], label="b")
    figures.end_labels(axes, {"a": "line a"})
    given = told(touching.svg(figure, "name", "title"))
    assert given["entries"] == ["a"]
    assert given["curves"] == [{"axes": 0, "of": [0]}, {"axes": 0, "name": "b"}]


def test_bars_around_points_belong_to_them_and_are_no_curves():
    figure, (axes,) = figures.grid()
    axes.errorbar([1, 2], [3, 4], [0.5, 0.5], label="ours", marker="o", capsize=3)
    axes.scatter([1, 2], [5, 6], label="theirs")
    found = list(curves.curves_of(figure))
    assert [(each.label, len(each.around), each.scattered) for each in sorted(found, key=lambda each: each.label)] == [
        ("ours", 3, False),
        ("theirs", 0, True),
    ]
    figures.plt.close(figure)


def test_panels_that_share_an_axis_share_its_name():
    figure, panels = figures.grid(2, sharey=True)
    for k, panel in enumerate(panels):
        panel.plot([0, 1], [0, 1])
        panel.set_title(f"{k} steps")
    panels[0].set_ylabel("error")
    given = told(touching.svg(figure, "name", "title"))
    assert [(each["x"]["name"], each["y"]["name"]) for each in given["axes"]] == [("x", "error"), ("x", "error")]


def test_ticks_that_are_words_are_told():
    figure, (axes,) = figures.grid()
    axes.plot([0, 1], [0.5, 0.6], "o")
    axes.set_xticks([0, 1], ["AdamW,\nno decay", "SGD"])
    axes.set_yticks([0.5, 0.6])
    given = told(touching.svg(figure, "name", "title"))["axes"][0]
    assert given["x"]["ticks"] == [[0, "AdamW, no decay"], [1, "SGD"]]
    assert "ticks" not in given["y"]


def test_without_what_is_told_the_picture_is_the_same_and_bytes_are_equal():
    text = touching.svg(two_panels(), "name", "title")
    assert text == touching.svg(two_panels(), "name", "title")

    def bare(text: str) -> str:
        return re.sub(r"</?g\b[^>]*>\n", "", text)  # groups are there only where they have a name

    added = re.search(rf'{touching.GROUND}<metadata id="touch">.*</metadata><script href="figure.js"/>', text)[0]
    assert bare(text.replace(added, "")) == bare(figures.svg(two_panels(), "name", "title"))
    assert len(added) < 900, "no copy of the data"


def test_a_figure_without_curves_can_still_be_zoomed():
    figure, (axes,) = figures.grid()
    axes.imshow(np.eye(2))
    text = touching.svg(figure, "name", "title")
    assert told(text) == {"axes": [], "entries": [], "curves": []}
    assert 'href="figure.js"' in text
    assert touching.GROUND in text


def drive(folder, commands: str, *more: str) -> list[str]:
    """What the tooltip or a curve says after each command, in a browser from file://; commands are JavaScript values."""
    touching.save(two_panels(), folder / "one.svg", "title")
    touching.lay_script(folder)
    driver = """<script><![CDATA[
    const svg = document.documentElement, said = [], seen = id => getComputedStyle(document.getElementById(id)).display;
    addEventListener('error', event => said.push(event.message));
    const send = (target, kind, more) => target.dispatchEvent(new (kind.startsWith('pointer') ? PointerEvent : kind.startsWith('key') ? KeyboardEvent : MouseEvent)(kind, {bubbles: true, cancelable: true, ...more}));
    const move = (x, y, kind = 'pointermove') => { const p = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM()); send(svg, kind, {clientX: p.x, clientY: p.y, pointerType: 'mouse'}); };
    const tip = () => { const mark = document.getElementById('told'); return mark.getAttribute('visibility') == 'hidden' ? '' : [...mark.querySelectorAll('tspan')].map(line => line.textContent).join(' | '); };
    const entry = name => svg.querySelector(`[aria-label="show ${name}"]`);
    addEventListener('load', () => { try { %s } catch (error) { said.push(String(error)); } svg.setAttribute('data-said', JSON.stringify(said)); });
    ]]></script></svg>"""
    path = folder / "driven.svg"
    path.write_text((folder / "one.svg").read_text().replace("</svg>", driver % commands))
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--dump-dom", *more]
    done = subprocess.run(
        [BROWSER, *arguments, path.as_uri()], capture_output=True, text=True, timeout=240, check=False
    )
    match = re.search(r"data-said=(?:\"(.*?)\"|'(.*?)')", done.stdout)
    assert match, done.stderr[-2000:]
    return json.loads(html.unescape(match[1] or match[2]))


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_values_curves_and_zoom_in_a_browser(tmp_path):
    text = touching.svg(two_panels(), "name", "title")
    (x, y), (u, v) = places(text, "curve0")[1], places(text, "curve1")[1]
    said = drive(
        tmp_path,
        f"""
        move({x + 2}, {y + 1}); said.push(tip());
        move({u}, {v - 2}); said.push(tip());
        move({places(text, "curve3")[0][0] + 1}, {places(text, "curve3")[0][1]}); said.push(tip());
        move(1, 1); said.push(tip());
        send(entry('ours'), 'click'); said.push([seen('curve0'), seen('curve0-0'), seen('curve1'), seen('curve2'), entry('ours').getAttribute('aria-checked')].join());
        move({x}, {y}); said.push(tip());
        send(entry('ours'), 'keydown', {{key: ' '}}); said.push(seen('curve0'));
        send(entry('ours'), 'keydown', {{key: 'ArrowRight'}}); send(entry('ours'), 'keydown', {{key: 'ArrowRight'}}); said.push(tip());
        move(50, 50, 'pointerdown'); move(150, 120); move(150, 120, 'pointerup'); said.push(svg.getAttribute('viewBox'));
        send(svg, 'dblclick'); said.push(svg.getAttribute('viewBox'));
        """,
    )
    whole = re.search(r'viewBox="(.*?)"', text)[1]
    assert said == [
        "ours | epoch: 10 | accuracy: 0.6 | band 0.5 to 0.7",
        "ours | step: 5 | loss: −2",
        "loss: 2",
        "",
        "none,none,none,inline,false",
        "",
        "inline",
        "ours | epoch: 10 | accuracy: 0.6 | band 0.5 to 0.7",
        "50 50 100 70",
        whole,
    ]


def test_a_figure_on_a_page_leads_to_its_file():
    shown = cards.figure_html("a", "Figure 1: it", "figures/a.svg", "a curve", "", [], 600)
    assert '<a href="figures/a.svg"><img src="figures/a.svg" alt="a curve"' in shown
    assert "<a " not in cards.figure_html("a", "Figure 1: it", "data:image/svg+xml;base64,", "a curve", "", [], 600)


def page(folder):
    """A page with one figure of two panels, as the report stage writes it."""
    layout = Layout(folder, "laptop", "any")
    touching.save(two_panels(), layout.page / "figures" / "one.svg", "title")
    touching.lay_script(layout.page / "figures")
    shown = cards.figure_html("one", "Figure 1: it", "figures/one.svg", "two curves", "", [], 770)
    text, _ = render.page([("<h1>Any</h1><h2>Figures</h2>" + shown, "")], "Any", "laptop/any/")
    (layout.page / "index.html").write_text(text, encoding="utf-8")
    return layout.page / "index.html"


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("wake", ["new PointerEvent('pointerenter', {pointerType: 'mouse'})", "new Event('focus')"])
def test_a_picture_becomes_a_live_figure_of_the_same_size(tmp_path, wake):
    path = page(tmp_path)
    probe = f"""<script>addEventListener('load', () => {{
      const image = document.querySelector('.plot img'), size = image.getBoundingClientRect();
      document.querySelector('.plot').dispatchEvent({wake});
      const live = document.querySelector('.plot object');
      live.addEventListener('load', () => {{ const r = live.getBoundingClientRect();
        document.body.dataset.said = [live.getAttribute('aria-label'), getComputedStyle(image).visibility,
          ...['x', 'y', 'width', 'height'].map(k => Math.abs(r[k] - size[k]) < 1)].join(); }});
    }});</script></body>"""
    path.write_text(path.read_text(encoding="utf-8").replace("</body>", probe), encoding="utf-8")
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--dump-dom"]
    done = subprocess.run(
        [BROWSER, *arguments, path.as_uri()], capture_output=True, text=True, timeout=240, check=False
    )
    assert re.search(r'data-said="(.*?)"', done.stdout)[1] == "two curves,hidden,true,true,true,true"


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_a_page_with_a_live_figure_is_as_sound_as_before(tmp_path):
    path = page(tmp_path)
    wake = """<script>{ const image = document.querySelector('.plot img'), wake = () => {
      document.querySelector('.plot').dispatchEvent(new Event('focus'));
      if (!document.querySelector('.plot object')) throw Error('not awake');
    }; image.complete ? wake() : image.addEventListener('load', wake); }</script></body>"""
    path.write_text(path.read_text(encoding="utf-8").replace("</body>", wake), encoding="utf-8")
    (seen,) = visit([path], tmp_path / "probed", 500, True)
    assert (seen["errors"], seen["wide"], seen["violations"], seen["broken"]) == ([], [], [], [])


def test_what_is_told_is_written_as_in_the_picture():
    assert touching.plain("alpha = 0.6, below 1e-5") == "α = 0.6, below 10⁻⁵"
