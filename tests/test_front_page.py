"""The table of all claims in a browser: filters and order stand in the address and come from it, also from a file."""

import re
import subprocess

import pytest
from test_browser import BROWSER
from test_pages import claim, part

from verifig.pages import site

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
PROBE = """<script>
addEventListener('load', () => {
  %s
  const told = document.createElement('pre'), shown = [...document.querySelectorAll('#all tbody tr')].filter(row => getComputedStyle(row).display !== 'none');
  told.id = 'probe';
  told.textContent = [location.hash, document.querySelector('details.all').open, document.querySelector('#all [aria-sort]')?.ariaSort, ...shown.map(row => row.cells[0].textContent)].join(' ');
  document.body.append(told);
});
</script>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A front page over three claims of two papers that share an id."""
    wrong = {"verdict": "contradicted", "parts": [part(verdict="contradicted")]}
    found = {
        "prieto2025": [claim(id="A-10", statement="Zebras."), claim(id="A-9", statement="Bees.", **wrong)],
        "wu2023": [claim(id="A-10", statement="Ants.", basis="direction", **wrong)],
    }
    told = {
        "summary": "S",
        "changed": [],
        "seconds": 1.0,
        "cost": "1 s",
        "hardware": ["a CPU"],
        "thumbnail": None,
        "short": "A and B 2025",
    }
    papers = [
        site.counted(slug, claims) | told | {"title": slug, "theme": "grokking"} for slug, claims in found.items()
    ]
    path = tmp_path_factory.mktemp("front") / "index.html"
    return path, site.index(papers, "laptop")


def seen(page, address: str = "", script: str = "", width: int = 1200) -> str:
    """Address, whether the table is open, its order and the claims shown, after the script."""
    path, html = page
    path.write_text(html.replace("</body>", PROBE % script + "</body>"))
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"]
    command.append(f"--window-size={width},900")
    done = subprocess.run([*command, path.as_uri() + address], capture_output=True, text=True, timeout=240, check=False)
    return re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, re.DOTALL)[1].replace("&amp;", "&")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("", "false  prieto2025:A-10 prieto2025:A-9 wu2023:A-10"),
        ("#/?verdict=contradicted", "true  prieto2025:A-9 wu2023:A-10"),
        ("#/?kind=statement&verdict=contradicted", "true  wu2023:A-10"),
        ("#/?sort=1", "true ascending prieto2025:A-9 prieto2025:A-10 wu2023:A-10"),
        ("#/?sort=-3&paper=prieto2025", "true descending prieto2025:A-10 prieto2025:A-9"),
        ("#/?verdict=nonsense&words=bees", "true  prieto2025:A-9"),
    ],
)
def test_the_address_says_what_is_shown(page, address, shown):
    assert seen(page, address) == f"{address} {shown}"


def test_what_is_filtered_out_is_gone_on_a_narrow_screen_too(page):
    address = "#/?verdict=contradicted"
    assert seen(page, address, width=500) == f"{address} true  prieto2025:A-9 wu2023:A-10"


def test_fields_and_heads_change_the_address(page):
    script = """
    const form = document.querySelector('.filters'), head = () => document.querySelector('#all th:nth-child(3) button');
    form.elements.verdict.value = 'contradicted'; form.dispatchEvent(new Event('input'));
    head().click(); head().click();
    """
    assert seen(page, "", script) == "#/?verdict=contradicted&sort=-3 false descending prieto2025:A-9 wu2023:A-10"
    clear = script + "for (const field of form.elements) field.value = ''; form.dispatchEvent(new Event('input'));"
    assert seen(page, "", clear) == "#claims false  prieto2025:A-10 prieto2025:A-9 wu2023:A-10"


def test_heads_are_buttons_that_a_keyboard_reaches(page):
    script = """
    const heads = [...document.querySelectorAll('thead th')].filter(head => head.closest('#all, #counts'));
    if (heads.length > 10 && heads.every(head => head.querySelector('button').tabIndex === 0)) location.hash = 'reached';
    """
    assert seen(page, "", script).startswith("#reached ")


def test_without_the_script_all_claims_are_there_and_the_form_is_not(page):
    _, html = page
    assert html.count("<tr data-paper=") == 3
    assert '<form class="filters" hidden' in html
    assert '<th scope="col" class="c-name">Claim</th>' in html, "no dead buttons"
