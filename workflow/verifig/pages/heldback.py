"""Why a page that was made as it should be does not replace the published one."""

import re
from pathlib import Path

from verifig.ground.files import read_json
from verifig.ground.paths import Layout
from verifig.judging import check
from verifig.planning import standing

MARK = "REPLACE:"  # text of the template that the author of a paper has still to write


def reason(layout: Layout, published: Path) -> str | None:
    """One sentence, or None where the page may be published.

    Args:
        published: reports/verdicts.json, which need not exist.
    """
    if found := placeholders(layout.page / "README.md"):
        return f"the page of {layout.slug} is not published: it still says {found[0]!r}"
    if lost := _lost(layout, published):
        files = ", ".join(sorted({name for names in lost.values() for name in names}))
        count = f"{len(lost)} claim{'s' if len(lost) > 1 else ''}"
        return (
            f"reports/{layout.slug} was kept: {count} judged there cannot be tested here without {files}; "
            f"`python -m verifig prepare --scale {layout.scale}` fetches that (from the network or VERIFIG_DATA_MIRROR)"
        )
    return None


def placeholders(page: Path) -> list[str]:
    """Text of the template that a page in Markdown still holds."""
    return re.findall(rf"{MARK}[^\n|]*", page.read_text(encoding="utf-8"))


def _lost(layout: Layout, published: Path) -> dict[str, list[str]]:
    """Claims that were judged when recorded or published and lack their data now, with that data."""
    before = check.recorded(layout.slug, layout.scale)
    if published.exists():
        pages = {
            item["slug"]: item["claims"] for item in read_json(published).get("papers", [])
        }  # none in an older format
        before |= {claim["id"]: claim["verdict"] for claim in pages.get(layout.slug, [])}
    rows = check.differences(standing.load(layout.verdicts)["claims"], before)
    return {row["id"]: row["without_data"] for row in rows if row["without_data"]}
