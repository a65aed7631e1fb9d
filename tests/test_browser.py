"""Published pages in a real browser: no script errors, nothing fetched but the figures beside them, no overflow, no axe-core violation of any impact.

Of a few pages, since axe-core takes seconds a page: `make prove` visits all, test_page_length.py all without axe-core.
Needs Chromium on the path (any of the usual names); without one these tests are skipped and test_pages.py stands alone.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import pytest
from conftest import ROOT

REPORTS = ROOT / "reports"
SHORT = ("index.html", "grokking.html", "simon2024/index.html", "instruments/index.html", "instruments/grokking.html")
PAGES = [
    pytest.param(path, marks=() if name in SHORT else pytest.mark.slow, id=name)
    for path in sorted(REPORTS.rglob("*.html"))
    for name in [path.relative_to(REPORTS).as_posix()]
]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")

PROBE = """
<script>window.problems = []; addEventListener('error', e => problems.push(String(e.message)));</script>
<script>%s</script>
<script>
addEventListener('load', async () => {
  const root = document.documentElement;
  const wide = [...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll') && !e.closest('.hidden') && e.getBoundingClientRect().right > innerWidth + 1);
  const found = await axe.run(document, {resultTypes: ['violations']});
  parent.postMessage({
    name: '%s',
    errors: problems, overflow: root.scrollWidth - innerWidth, wide: wide.slice(0, 5).map(e => e.outerHTML.slice(0, 120)),
    fetched: performance.getEntriesByType('resource').map(r => r.name).filter(n => !n.startsWith('data:')),
    broken: [...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.alt),
    dark: matchMedia('(prefers-color-scheme: dark)').matches, width: innerWidth,
    violations: found.violations.map(v => [v.id, v.nodes[0].html.slice(0, 160)]),
  }, '*');
});
</script>
"""
# one page after the other, each in a frame that is the browser's window to it
FRAMES = """<!doctype html><body style="margin: 0"><script>
const names = %s, seen = {};
function next() {
  const frame = document.createElement('iframe');
  Object.assign(frame, {src: names[Object.keys(seen).length] + '.html', width: %d, height: 900, style: 'border: 0'});
  document.body.replaceChildren(frame);
}
addEventListener('message', event => {
  seen[event.data.name] = event.data;
  if (Object.keys(seen).length < names.length) return next();
  const note = document.createElement('pre');
  note.id = 'probe';
  note.textContent = JSON.stringify(seen);
  document.body.replaceChildren(note);
});
next();
</script></body>"""


def visit(pages: Sequence[Path], folder: Path, width: int, dark: bool) -> list[dict]:
    """What the browser sees of each page, in one start."""
    folder.mkdir(exist_ok=True)
    axe = (resources.files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
    for number, page in enumerate(pages):
        head = f'<head><base href="{page.parent.as_uri()}/">{PROBE % (axe, number)}'
        text = page.read_text(encoding="utf-8").replace("<head>", head, 1)
        (folder / f"{number}.html").write_text(text, encoding="utf-8")
    around = folder / "around.html"
    around.write_text(FRAMES % (json.dumps([str(number) for number in range(len(pages))]), width), encoding="utf-8")
    scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=120000",
        f"--window-size={max(width, 500)},900",
        "--dump-dom",
    ]
    done = subprocess.run(
        [BROWSER, *arguments, *scheme, around.as_uri()], capture_output=True, text=True, timeout=600, check=False
    )
    match = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, re.DOTALL)
    assert match, done.stderr[-2000:]
    found = json.loads(match[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    return [found[str(number)] for number in range(len(pages))]


@pytest.fixture(scope="module", params=[(1200, False), (500, True)], ids=["1200-False", "500-True"])
def visited(request, tmp_path_factory) -> tuple[int, bool, dict[Path, dict]]:
    """What a browser of a width and a colour scheme sees of the pages that are asked for."""
    width, dark = request.param
    chosen = [item for item in request.session.items if getattr(item, "originalname", "") == "test_pages_in_a_browser"]
    pages = sorted({item.callspec.params["page"] for item in chosen})
    seen = visit(pages, tmp_path_factory.mktemp("visited"), width, dark)
    return width, dark, dict(zip(pages, seen, strict=True))


@pytest.mark.parametrize("page", PAGES)
def test_pages_in_a_browser(page, visited):
    width, dark, pages = visited
    seen = pages[page]
    assert (seen["width"], seen["dark"]) == (width, dark)
    assert seen["errors"] == []
    assert [source for source in seen["fetched"] if not source.startswith(f"{page.parent.as_uri()}/")] == []
    assert seen["broken"] == []
    assert seen["wide"] == []
    assert seen["overflow"] <= 0
    assert seen["violations"] == []


def test_the_probe_finds_what_is_wrong(tmp_path):
    """A page with a script error, an image without a text, an overflow and a missing file."""
    bad = tmp_path / "bad" / "index.html"
    bad.parent.mkdir()
    bad.write_text(
        '<!doctype html><html lang="en"><head><title>x</title></head><body><main>'
        '<div style="width:3000px">wide</div><img src="missing.png"><p style="color:#ccc;background:#fff">pale</p>'
        "<script>undefinedFunction()</script></main></body></html>"
    )
    (seen,) = visit([bad], tmp_path / "probed", 1200, False)
    assert seen["errors"]
    assert seen["overflow"] > 0
    assert seen["wide"]
    assert len(seen["broken"]) == 1
    assert {"image-alt", "color-contrast"} <= {name for name, _ in seen["violations"]}
