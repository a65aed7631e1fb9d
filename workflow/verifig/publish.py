"""Publishing: laptop pages into reports/, the verdict table into README.md, verdicts into replications/<paper>/recorded/.

No rule of the workflow reads or writes reports/, so a fresh clone with published pages still trains everything.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from verifig import __version__, jobs, userconfig, verdicts, words
from verifig.errors import InputError
from verifig.files import read_json, sha256, write_json, write_text
from verifig.paths import REPLICATIONS, ROOT, Layout

REPORTS = ROOT / "reports"
SOURCES = ("claims.yaml", "config.yaml", "settings.schema.yaml", "paper.yaml")
# in reports/, but not of the site
OTHER_PAGES = {f"{page}.{kind}" for page in ("trust", "hardware", "benchmarks") for kind in ("md", "json", "svg")}
KEPT = {"manifest.json", "README.md"} | OTHER_PAGES
ASIDE = ("tests", "bench.py", "commands.py")  # of a rule set, but not of its page
TABLE = re.compile(r"(<!-- verdicts -->\n).*?(<!-- /verdicts -->)", re.DOTALL)


def publish(results: Path) -> None:
    """Copy the laptop pages and the front page to reports/ where bytes differ, and write reports/manifest.json.

    Raises:
        InputError: pages are missing, or seeds were changed in config/config.yaml (a what-if is not published).
    """
    user = userconfig.load()
    if user.seeds is not None:
        raise InputError(
            f"config/config.yaml sets seeds: {user.seeds}, a what-if run: only runs with the configured seeds are published"
        )
    changed = 0
    for slug in user.papers:
        layout = Layout(results, "laptop", slug)
        record = read_json(layout.provenance("report"))
        current = jobs.all_jobs(slug, "laptop", user.device, None, user.data)["report"]
        if record["key"] != jobs.key(current):
            raise InputError(f"the page of {slug} is out of date: run `make reports`")
        changed += _mirror(layout.page, REPORTS / slug)
    changed += _mirror(
        results / "laptop" / "site",
        REPORTS,
        keep=set(user.papers) | KEPT,
    )
    manifest = {"schema": 1, "verifig": __version__, "pages": {slug: source_digests(slug) for slug in user.papers}}
    if not (REPORTS / "manifest.json").exists() or read_json(REPORTS / "manifest.json") != manifest:
        write_json(REPORTS / "manifest.json", manifest)
        changed += 1
    changed += _readme(results, user.papers)
    print(f"published {changed} changed files to reports/" if changed else "reports/ is up to date")
    print(
        f"open {(REPORTS / 'index.html').relative_to(Path.cwd()) if (REPORTS / 'index.html').is_relative_to(Path.cwd()) else REPORTS / 'index.html'}"
    )


def source_digests(slug: str) -> dict[str, str]:
    """Digests of what a published page was made from: the rule set's claims, settings and code."""
    folder = REPLICATIONS / slug
    code = [path for path in sorted(folder.rglob("*.py")) if path.relative_to(folder).parts[0] not in ASIDE]
    files = [*(folder / name for name in SOURCES if (folder / name).exists()), *code]
    return {path.relative_to(folder).as_posix(): sha256(path) for path in files}


def stale_pages() -> dict[str, list[str]]:
    """Published pages whose sources have changed since, with the changed files."""
    if not (REPORTS / "manifest.json").exists():
        return {}
    pages = read_json(REPORTS / "manifest.json")["pages"]
    result = {}
    for slug, digests in pages.items():
        now = source_digests(slug) if (REPLICATIONS / slug).is_dir() else {}
        if changed := sorted(name for name in digests | now if digests.get(name) != now.get(name)):
            result[slug] = changed
    return result


def record(results: Path, scale: str, slug: str) -> None:
    """Write the verdicts of a finished run to replications/<slug>/recorded/<scale>.json, with version and hardware.

    Raises:
        InputError: there are no verdicts.
    """
    layout = Layout(results, scale, slug)
    contents = read_json(layout.verdicts)
    trained = [read_json(layout.provenance(name)) for name in contents_experiments(layout)]
    short = [
        {name: claim[name] for name in ("id", "verdict", "p_bound", "headroom")}
        | {"parts": [{k: part[k] for k in ("observed", "low", "high", "n", "verdict")} for part in claim["parts"]]}
        for claim in contents["claims"]
    ]
    write_json(
        REPLICATIONS / slug / "recorded" / f"{scale}.json",
        {
            "schema": 1,
            "verifig": __version__,
            "scale": scale,
            "versions": trained[0]["job"]["versions"] if trained else contents["versions"],
            "hardware": ", ".join(sorted({item["device_name"] for item in trained})) or "none",
            "cpu_seconds": round(sum(item["cpu_seconds"] for item in trained)),
            "claims": short,
        },
    )
    print(f"recorded {slug}. {words.summary(contents['claims'], scale)}")


def contents_experiments(layout: Layout) -> list[str]:
    """Experiments that have provenance in a results folder."""
    names = [path.name.removesuffix(".provenance.json") for path in sorted(layout.folder.glob("*.provenance.json"))]
    return [name for name in names if name not in ("measure", "judge", "report")]


def _mirror(source: Path, target: Path, keep: set[str] = frozenset()) -> int:
    """Make `target` hold the files of `source`; returns the number of files written or removed. `keep`: names left alone."""
    if not source.is_dir():
        raise InputError(f"{source} does not exist: run `make reports`")
    wanted = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    present = {path.relative_to(target) for path in target.rglob("*") if path.is_file()} if target.is_dir() else set()
    changed = 0
    for name in wanted:
        if name not in present or (source / name).read_bytes() != (target / name).read_bytes():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name)
            changed += 1
    for name in present - wanted:
        if name.parts[0] not in keep:
            (target / name).unlink()
            changed += 1
    return changed


def readme_table(claims: Mapping[str, Sequence[Mapping]]) -> list[str]:
    """Lines of the README's table: claims of each rule set by kind, found right of those judged, and what is open."""
    lines = ["| Rule set | " + " | ".join(verdicts.COLUMNS) + " |", "|---" * (len(verdicts.COLUMNS) + 1) + "|"]
    for slug, found in claims.items():
        lines.append(f"| [{slug}](reports/{slug}/README.md) | {' | '.join(verdicts.row(found))} |")
    return lines


def _readme(results: Path, slugs: tuple[str, ...]) -> int:
    """Renew the verdict table between the markers in README.md; 1 if it changed."""
    lines = readme_table({slug: read_json(Layout(results, "laptop", slug).verdicts)["claims"] for slug in slugs})
    path = ROOT / "README.md"
    before = path.read_text(encoding="utf-8")
    after = TABLE.sub(lambda match: match[1] + "\n".join(lines) + "\n" + match[2], before)
    if after == before:
        return 0
    write_text(path, after)
    return 1
