"""The published pages in a real browser: no script errors, nothing fetched but the figures beside them, no overflow, no axe-core violation of any impact.

Needs Chromium on the path (any of the usual names); without one these tests are skipped and test_pages.py stands alone.
"""

import json
import re
import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest
from conftest import ROOT

REPORTS = ROOT / "reports"
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
  const result = {
    errors: problems, overflow: root.scrollWidth - innerWidth, wide: wide.slice(0, 5).map(e => e.outerHTML.slice(0, 120)),
    fetched: performance.getEntriesByType('resource').map(r => r.name).filter(n => !n.startsWith('data:')),
    broken: [...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.alt),
    dark: matchMedia('(prefers-color-scheme: dark)').matches, width: innerWidth,
    violations: found.violations.map(v => [v.id, v.nodes[0].html.slice(0, 160)]),
  };
  const note = document.createElement('pre'); note.id = 'probe'; note.textContent = JSON.stringify(result); document.body.append(note);
});
</script>
"""


def visit(page: Path, tmp_path: Path, width: int, dark: bool) -> dict:
    """What the browser sees."""
    axe = (resources.files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
    probed = tmp_path / page.parent.name / "index.html"
    probed.parent.mkdir(parents=True, exist_ok=True)
    text = page.read_text(encoding="utf-8")
    probed.write_text(
        text.replace("<head>", f'<head><base href="{page.parent.as_uri()}/">' + PROBE % axe, 1), encoding="utf-8"
    )
    scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=60000",
        f"--window-size={width},900",
        "--dump-dom",
    ]
    done = subprocess.run(
        [BROWSER, *arguments, *scheme, f"file://{probed}"], capture_output=True, text=True, timeout=240, check=False
    )
    match = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, re.DOTALL)
    assert match, done.stderr[-2000:]
    return json.loads(match[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (500, True)])
@pytest.mark.parametrize("page", sorted(REPORTS.rglob("*.html")), ids=lambda page: page.relative_to(REPORTS).as_posix())
def test_pages_in_a_browser(page, width, dark, tmp_path):
    seen = visit(page, tmp_path, width, dark)
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
    seen = visit(bad, tmp_path / "probed", 1200, False)
    assert seen["errors"]
    assert seen["overflow"] > 0
    assert seen["wide"]
    assert len(seen["broken"]) == 1
    assert {"image-alt", "color-contrast"} <= {name for name, _ in seen["violations"]}
