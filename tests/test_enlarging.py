"""A figure that is tapped or clicked opens large above its page, closes again, and gives the focus back."""

import json
import re
import subprocess

import pytest
from test_browser import BROWSER, visit
from test_touching import page

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
SAID = """<script>{ const said = [], later = what => new Promise(done => setTimeout(done, what));
  addEventListener('error', event => said.push(event.message));
  addEventListener('load', async () => {
    const dialog = document.querySelector('dialog'), link = document.querySelector('.plot a');
    try { %s } catch (error) { said.push(String(error)); }
    document.body.dataset.said = JSON.stringify(said);
  }); }</script></body>"""


def said(folder, commands: str, *more: str) -> list:
    """What a page with one figure says to commands in JavaScript."""
    path = page(folder)
    path.write_text(path.read_text(encoding="utf-8").replace("</body>", SAID % commands), encoding="utf-8")
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--dump-dom", *more]
    done = subprocess.run(
        [BROWSER, *arguments, path.as_uri()], capture_output=True, text=True, timeout=240, check=False
    )
    return json.loads(re.search(r'data-said="(.*?)"', done.stdout)[1].replace("&quot;", '"'))


def test_a_tap_enlarges_a_figure_and_closing_gives_the_focus_back(tmp_path):
    found = said(
        tmp_path,
        """
        const before = document.querySelector('.plot img').clientWidth;
        link.focus(); link.click();
        const live = dialog.querySelector('object');
        said.push(dialog.open, live.data.split('/').pop(), document.activeElement.textContent);
        said.push(live.clientWidth > before);
        const size = live.clientWidth;
        dialog.querySelector('[value="1.25"]').click(); said.push(Math.round(100 * live.clientWidth / size));
        dialog.querySelector('[value=".8"]').click(); dialog.querySelector('[value=".8"]').click();
        said.push(Math.round(100 * live.clientWidth / size));
        dialog.querySelector('[autofocus]').click(); await later(50);
        said.push(dialog.open, document.activeElement === link, dialog.querySelector('object') === null);
        """,
        "--window-size=1600,1000",
    )
    assert found == [True, "one.svg#large", "Close", True, 125, 100, False, True, True]


def test_a_new_tab_is_still_a_new_tab_and_what_lies_around_closes(tmp_path):
    found = said(
        tmp_path,
        """
        link.addEventListener('click', event => { said.push(event.defaultPrevented); event.preventDefault(); });
        link.dispatchEvent(new MouseEvent('click', {ctrlKey: true, cancelable: true})); said.push(dialog.open);
        link.click(); said.push(dialog.open);
        dialog.click(); await later(50); said.push(dialog.open);
        """,
    )
    assert found == [False, False, True, True, False]


def test_a_live_figure_asks_for_what_it_needs_and_others_are_not_heard(tmp_path):
    found = said(
        tmp_path,
        """
        document.querySelector('.plot').dispatchEvent(new Event('focus'));
        const live = document.querySelector('.plot object');
        await new Promise(done => live.addEventListener('load', done));
        const ask = (source, data) => dispatchEvent(new MessageEvent('message', {source, data}));
        ask(window, 'enlarge'); said.push(dialog.open);
        ask(live.contentWindow, 'enlarge'); said.push(dialog.open);
        ask(dialog.querySelector('object').contentWindow, 'close'); await later(50); said.push(dialog.open);
        """,
    )
    assert found == [False, True, False]


def test_a_page_with_an_enlarged_figure_is_as_sound_as_before(tmp_path):
    path = page(tmp_path)
    tap = "<script>addEventListener('load', () => document.querySelector('.plot a').click());</script></body>"
    path.write_text(path.read_text(encoding="utf-8").replace("</body>", tap), encoding="utf-8")
    (seen,) = visit([path], tmp_path / "probed", 500, True)
    assert (seen["errors"], seen["wide"], seen["violations"], seen["broken"]) == ([], [], [], [])
