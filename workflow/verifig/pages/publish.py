"""Publishing: laptop pages into reports/, the verdict table into README.md.

No rule of the workflow reads or writes reports/, so a fresh clone with published pages still trains everything. A page
that says less than the published one, because data could not be had here, does not replace it.
"""

import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from verifig.ground.errors import InputError
from verifig.ground.files import read_json, sha256, write_json, write_text
from verifig.ground.keys import key
from verifig.ground.paths import ROOT, Layout, ruleset_dir, slugs
from verifig.ground.version import __version__
from verifig.judging import recorded, verdicts
from verifig.pages import heldback
from verifig.planning import jobs, provenance, rulesets, standing, themes, userconfig

REPORTS = ROOT / "reports"
SOURCES = (
    "claims.yaml",
    "experiments.yaml",
    "paper.yaml",
    "settings.schema.yaml",
    "values.yaml",
    "recorded/paper.json",
    "recorded/history.json",
)
# in reports/, but not of the site
OTHER_PAGES = {f"{page}.{kind}" for page in ("trust", "hardware", "benchmarks") for kind in ("md", "json", "svg")}
KEPT = {"manifest.json", "README.md", "instruments"} | OTHER_PAGES
ASIDE = ("tests", "bench.py", "commands.py")  # of a paper, but not of its page
# links as they are in the results, and between published pages
LINKS = (
    (re.compile(rb'src="\.\./(\w+)/page/figures/'), rb'src="\1/figures/'),
    (re.compile(rb'href="\.\./(\w+)/page/index\.html'), rb'href="\1/index.html'),
)
# what else there is to read, beside published pages
DOCUMENTS = {
    "instruments for your own network": "../instruments/index.html",
    "trust": "../trust.md",
    "hardware": "../hardware.md",
    "benchmarks": "../benchmarks.md",
    "changelog of bounds": "../../CHANGELOG.md",
}
PLACE_OF_DOCUMENTS = b"<!-- documents -->"
PLACE_OF_INSTRUMENTS = b"<!-- instruments -->"  # on the front page
INSTRUMENTS = ' · <a href="instruments/index.html">the papers\' instruments, for your own network</a>'.encode()
# of a paper's page, which knows no other
NEIGHBOURS = b"<!-- neighbours -->"
HOME = b'<span class="home">verifig</span>'
TABLE = re.compile(r"(<!-- verdicts -->\n).*?(<!-- /verdicts -->)", re.DOTALL)


def publish(results: Path) -> None:
    """Copy the laptop pages and the front page to reports/ where bytes differ, and write reports/manifest.json.

    Pages that `heldback.reason` holds back are left as they are. So are then the front page and the README, which sum
    up all papers; the last lines say why.

    Raises:
        InputError: pages are missing or not as the workflow made them, or come from a what-if.
    """
    user = userconfig.load()
    if user.seeds is not None:
        raise InputError(
            f"config/config.yaml sets seeds: {user.seeds}, a what-if run: only runs with the configured seeds are published"
        )
    layouts = {slug: Layout(results, "laptop", slug) for slug in user.papers}
    for slug, layout in layouts.items():
        current = jobs.all_jobs(slug, "laptop", user.device, None, user.data)
        for stage in ("report", "judge", "measure"):
            if problem := provenance.problem(layout.provenance(stage), key(current[stage])):
                raise InputError(f"the page of {slug} is not published: {problem}; run `make reports`")
        standing.require(layout, "is not published")
    held = {slug: heldback.reason(layout, REPORTS / "verdicts.json") for slug, layout in layouts.items()}
    fresh = [slug for slug in user.papers if held[slug] is None]
    whole = set(fresh) == set(slugs())
    changed = sum(_mirror(layouts[slug].page, REPORTS / slug) for slug in fresh)
    if whole:
        changed += _mirror(results / "laptop" / "site", REPORTS, keep=set(fresh) | KEPT)
        changed += _readme(results, user.papers)
    changed += _manifest(fresh, keep=not whole)
    print(f"published {changed} changed files to reports/" if changed else "reports/ is up to date")
    index = REPORTS / "index.html"
    print(f"open {index.relative_to(Path.cwd()) if index.is_relative_to(Path.cwd()) else index}")
    for sentence in filter(None, held.values()):
        print(sentence)
    if not whole:
        named = "" if any(held.values()) else ": config/config.yaml names only some papers"
        print(f"front page and README, which sum up all papers, were kept as they are{named}")


def _manifest(fresh: list[str], keep: bool) -> int:
    """Renew reports/manifest.json with the sources of the pages just published; 1 if it changed."""
    path = REPORTS / "manifest.json"
    before = read_json(path) if path.exists() else {"pages": {}}
    pages = (before["pages"] if keep else {}) | {slug: source_digests(slug) for slug in fresh}
    manifest = {"schema": 1, "verifig": __version__, "pages": dict(sorted(pages.items()))}
    manifest["themes"] = before.get("themes", {}) if keep else theme_digests()
    if manifest == before:
        return 0
    write_json(path, manifest)
    return 1


def source_digests(slug: str) -> dict[str, str]:
    """Digests of what a published page was made from: the paper's claims, settings and code."""
    folder = ruleset_dir(slug)
    code = [path for path in sorted(folder.rglob("*.py")) if path.relative_to(folder).parts[0] not in ASIDE]
    files = [*(folder / name for name in SOURCES if (folder / name).exists()), *code]
    return {path.relative_to(folder).as_posix(): sha256(path) for path in files}


def theme_digests() -> dict[str, dict[str, str]]:
    """The same of the pages of themes: what is written of each."""
    return {name: jobs.theme_texts(theme.papers) for name, theme in themes.load().items()}


def stale_pages() -> dict[str, list[str]]:
    """Published pages whose sources have changed since, with the changed files."""
    if not (REPORTS / "manifest.json").exists():
        return {}
    manifest = read_json(REPORTS / "manifest.json")
    now = {slug: source_digests(slug) for slug in manifest["pages"] if slug in slugs()} | theme_digests()
    result = {}
    for page, digests in (manifest["pages"] | manifest.get("themes", {})).items():
        of_page = now.get(page, {})
        if changed := sorted(name for name in digests | of_page if digests.get(name) != of_page.get(name)):
            result[page] = changed
    return result


def _published(path: Path) -> bytes:
    """A file as it is published: pages with links from one published page to the other."""
    content = path.read_bytes()
    if path.suffix == ".html":
        for found, published in LINKS:
            content = found.sub(published, content)
        links = ", ".join(f'<a href="{place}">{name}</a>' for name, place in DOCUMENTS.items())
        content = content.replace(PLACE_OF_DOCUMENTS, f"See also: {links}.".encode())
        content = content.replace(PLACE_OF_INSTRUMENTS, INSTRUMENTS)
        content = content.replace(HOME, way_home(path.parent.parent.name).encode())
        content = content.replace(NEIGHBOURS, neighbours(path.parent.parent.name).encode())
    return content


def way_home(slug: str) -> str:
    """Links from the page of a paper to the front page and to its theme; nothing for other pages."""
    if slug not in themes.papers():
        return ""
    theme = themes.load()[rulesets.load(slug).theme]
    return (
        '<a href="../index.html">verifig</a><span aria-hidden="true">/</span>'
        f'<a href="../{theme.name}.html">{html.escape(theme.title)}</a>'
    )


def neighbours(slug: str) -> str:
    """Links to the pages before and after that of a paper, in the order of the front page; nothing for other pages."""
    papers = themes.papers()
    if slug not in papers:
        return ""
    at, links = papers.index(slug), []
    for place, words in ((at - 1, "← {}"), (at + 1, "{} →")):
        if 0 <= place < len(papers):
            title = words.format(html.escape(rulesets.load(papers[place]).title))
            links.append(f'<a href="../{papers[place]}/index.html">{title}</a>')
    return f'<nav class="neighbours" aria-label="previous and next paper">{"".join(links)}</nav>'


def _mirror(source: Path, target: Path, keep: set[str] = frozenset()) -> int:
    """Make `target` hold the published files of `source`; returns the number of files written or removed. `keep`: names left alone."""
    if not source.is_dir():
        raise InputError(f"{source} does not exist: run `make reports`")
    wanted = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    present = {path.relative_to(target) for path in target.rglob("*") if path.is_file()} if target.is_dir() else set()
    changed = 0
    for name in wanted:
        content = _published(source / name)
        if name not in present or content != (target / name).read_bytes():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(content)
            changed += 1
    for name in present - wanted:
        if name.parts[0] not in keep:
            (target / name).unlink()
            changed += 1
    for folder in sorted((path for path in target.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):  # of a page that is no more
            folder.rmdir()
    return changed


def readme_table(
    claims: Mapping[str, Sequence[Mapping]], recorded: Mapping[str, Sequence[Mapping]] = MappingProxyType({})
) -> list[str]:
    """Lines of the README's table: claims of each paper by kind, found right of those judged, and what is open.

    Args:
        recorded: claims as recorded at paper scale, which get a row of their own.
    """
    lines = ["| Theme | Paper | " + " | ".join(verdicts.COLUMNS) + " |", "|---" * (len(verdicts.COLUMNS) + 2) + "|"]
    for theme, papers in themes.by_theme(claims).items():
        for slug in papers:
            cells = [theme.title, f"[{slug}](reports/{slug}/README.md)", *verdicts.row(claims[slug])]
            lines.append(f"| {' | '.join(cells)} |")
            if slug in recorded:
                cells = [theme.title, f"{slug} at paper scale, recorded", *verdicts.row(recorded[slug])]
                lines.append(f"| {' | '.join(cells)} |")
    return lines


def _readme(results: Path, slugs: tuple[str, ...]) -> int:
    """Renew the verdict table between the markers in README.md; 1 if it changed."""
    records = {slug: record for slug in slugs if (record := recorded.load(slug, "paper"))}
    lines = readme_table(
        {slug: read_json(Layout(results, "laptop", slug).verdicts)["claims"] for slug in slugs},
        {slug: record.claims for slug, record in records.items()},
    )
    path = ROOT / "README.md"
    before = path.read_text(encoding="utf-8")
    after = TABLE.sub(lambda match: match[1] + "\n".join(lines) + "\n" + match[2], before)
    if after == before:
        return 0
    write_text(path, after)
    return 1
