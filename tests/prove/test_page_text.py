"""Pages of changed runs, of every paper: what they say of settings and results is what that run had.

Each experiment of the laptop scale is trained with every setting changed, at a tiny size; no sentence, caption, title or
label of the page tells a configured value that the run did not have. `make test` does this with a few papers.
"""

import re
import subprocess
import sys

import pytest
from conftest import ROOT
from test_page_text import TINY


@pytest.mark.parametrize("slug", sorted(TINY))
def test_a_changed_run_tells_its_own_settings(slug, show):
    # the marker of the slow ones is asked for too; runs that are not sound are prieto2025's
    chosen = slug + (" or not_sound" if slug == "prieto2025" else "")
    command = [sys.executable, "-m", "pytest", "tests/test_page_text.py", "-m", "", "-k", chosen, "-p", "no:cacheprovider"]
    result = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:]
    show(tests=int(re.search(r"(\d+) passed", result.stdout)[1]))
