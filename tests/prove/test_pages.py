"""Pages: of changed runs, and in a browser; every paper's, where `make test` takes a few.

Each experiment of the laptop scale is trained with every setting changed, at a tiny size; no sentence, caption, title or
label of the page tells a configured value that the run did not have. Each published page is opened in Chromium, wide
and light, narrow and dark, and looked through by axe-core.
"""

import re
import subprocess
import sys

import pytest
from conftest import ROOT
from test_page_text import TINY


def passed(*arguments: str) -> int:
    """How many tests pass, the slow ones too; none may fail."""
    command = [sys.executable, "-m", "pytest", "-m", "", "-p", "no:cacheprovider", *arguments]
    result = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:]
    return int(re.search(r"(\d+) passed", result.stdout)[1])


@pytest.mark.parametrize("slug", sorted(TINY))
def test_a_changed_run_tells_its_own_settings(slug, show):
    chosen = slug + (" or not_sound" if slug == "prieto2025" else "")  # its run is one that is not sound
    show(tests=passed("tests/test_page_text.py", "-k", chosen))


def test_every_published_page_in_a_browser(show):
    show(tests=passed("tests/test_browser.py"))
