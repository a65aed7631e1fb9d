"""Every published page in a browser: how long it is until something is unfolded, that a phone shows it without scrolling sideways, that nothing in it fails.

Needs Chromium on the path; without it these tests are skipped.
"""

import html
import json
import re
import subprocess

import pytest
from conftest import ROOT
from test_browser import BROWSER

REPORTS = ROOT / "reports"
PAGES = sorted(REPORTS.rglob("index.html"))
SCREEN, SCREENS = 1400, 12  # pixels, and how many of them a page may take
MORE = 5  # screens of what was recorded at paper scale beside a run of this one
WIDE, PHONE = 1440, 390
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")

PROBE = """<script>
const problems = [];
addEventListener('error', event => problems.push(String(event.message)));
addEventListener('load', async () => {
  await Promise.all([...document.images].map(image => {image.loading = 'eager'; return image.decode().catch(() => 0)}));
  const root = document.documentElement, shown = [...document.querySelectorAll('.plot picture img')];
  parent.postMessage({name: '%s', height: root.scrollHeight, sideways: root.scrollWidth - root.clientWidth,
    problems, broken: [...document.images].filter(image => !image.complete || !image.naturalWidth).map(image => image.alt),
    fetched: performance.getEntriesByType('resource').map(each => each.name).filter(name => !name.startsWith('data:')),
    shrunk: shown.filter(e => e.clientWidth && e.currentSrc.includes('_narrow') && e.clientWidth < 0.9 * e.naturalWidth).length,
    scrolled: shown.filter(e => e.clientWidth > e.closest('.plot').clientWidth + 1).length}, '*');
});
</script>"""
FRAMES = """<!doctype html><body><script>
const seen = {}, wanted = %d;
addEventListener('message', event => {
  seen[event.data.name] = event.data;
  if (Object.keys(seen).length === wanted) {
    const note = document.createElement('pre');
    note.id = 'seen';
    note.textContent = JSON.stringify(seen);
    document.body.append(note);
  }
});
</script>%s</body>"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory) -> dict:
    """What frames as wide as a desk's and as a phone's screen show of every published page."""
    folder, frames = tmp_path_factory.mktemp("frames"), []
    for page in PAGES:
        for width in (WIDE, PHONE):
            name = f"{page.parent.name} {width}"
            text = page.read_text(encoding="utf-8")
            head = f'<head><base href="{page.parent.as_uri()}/">{PROBE % name}'
            (folder / f"{name}.html").write_text(text.replace("<head>", head, 1), encoding="utf-8")
            frames.append(
                f'<iframe src="{html.escape(name)}.html" width="{width}" height="900" style="border:0"></iframe>'
            )
    around = folder / "around.html"
    around.write_text(FRAMES % (len(frames), "".join(frames)), encoding="utf-8")
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1500,900"]
    waiting = ["--virtual-time-budget=120000", "--dump-dom", around.as_uri()]
    done = subprocess.run([BROWSER, *arguments, *waiting], capture_output=True, text=True, timeout=400, check=False)
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    return json.loads(html.unescape(found[1]))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_a_page_is_at_most_twelve_screens_long(page, seen):
    screens = SCREENS + MORE * ("Paper scale, recorded" in page.read_text(encoding="utf-8"))
    assert seen[f"{page.parent.name} {WIDE}"]["height"] <= screens * SCREEN


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_a_phone_shows_a_page_and_its_narrow_figures_without_scrolling_sideways(page, seen):
    found = seen[f"{page.parent.name} {PHONE}"]
    assert (found["sideways"], found["scrolled"], found["shrunk"]) == (0, 0, 0)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_no_script_fails_no_image_is_missing_and_nothing_comes_from_elsewhere(page, width, seen):
    found = seen[f"{page.parent.name} {width}"]
    assert (found["problems"], found["broken"]) == ([], [])
    assert [name for name in found["fetched"] if not name.startswith(f"{page.parent.as_uri()}/")] == []
