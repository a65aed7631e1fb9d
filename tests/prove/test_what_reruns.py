"""What reruns after a change, exactly.

On a finished smoke scale of the whole suite one file after the other is changed, and the set of jobs that Snakemake
would run (of all rule sets together) is compared with the set that should run.
"""

import pytest
import yaml
from conftest import planned_rules

from verifig.ground.paths import name_in_suite, ruleset_dir, slugs
from verifig.planning import rulesets, themes

COMMENT = {".py": "\n# a comment\n", ".yaml": "\n# a comment\n", ".md": "\na line\n", ".css": "\n/* a comment */\n"}


def planned(folder) -> set[str]:
    """Rules that Snakemake would run for the whole suite."""
    return planned_rules(folder, "--config", "scale=smoke", "device=cpu") - {*slugs(), *themes.load()}


def after(folder, name, change=None) -> set[str]:
    """What would run after a change of a file (default: a comment more), which is then undone."""
    path = folder / name
    before = path.read_text(encoding="utf-8")
    path.write_text(change(before) if change else before + COMMENT[path.suffix], encoding="utf-8")
    try:
        return planned(folder)
    finally:
        path.write_text(before, encoding="utf-8")


def training(slug) -> set[str]:
    return {f"{slug}_train_{name}" for name in rulesets.load(slug).experiments("smoke")}


def stages(slug, *names) -> set[str]:
    """Rules of a rule set, and the front page that shows them."""
    return {f"{slug}_{name}" for name in names} | {"site"}


def one_more_seed(experiment):
    """A change of one setting of one experiment."""

    def change(text: str) -> str:
        config = yaml.safe_load(text)
        entry = config["scales"]["smoke"][experiment]
        entry["settings"] = entry.get("settings", {}) | {"seeds": entry.get("settings", {}).get("seeds", 7) + 1}
        return yaml.safe_dump(config, sort_keys=False)

    return change


def unexpected(show, found: dict[str, tuple[set[str], set[str]]]) -> list[str]:
    """Changes after which other jobs than the expected ones would run."""
    wrong = [name for name, (jobs, expected) in found.items() if jobs != expected]
    show(changes=len(found), **{"exactly the expected jobs": f"{len(found) - len(wrong)} of {len(found)}"})
    return wrong


@pytest.mark.parametrize("slug", slugs())
def test_one_rule_set(smoke_suite, show, slug):
    folder, own = smoke_suite.folder, name_in_suite(ruleset_dir(slug))
    everything = training(slug) | stages(slug, "measure", "judge", "report")
    found = {
        name: (after(folder, f"{own}/{name}"), expected)
        for name, expected in {
            "experiments/__init__.py": everything,
            "paper.yaml": stages(slug, "report"),
            "measure.py": stages(slug, "measure", "judge", "report"),
            "claims.yaml": stages(slug, "judge", "report"),
            "report.py": stages(slug, "report"),
            "README.md": set(),
            "settings.schema.yaml": set(),
        }.items()
    }
    for experiment in rulesets.load(slug).experiments("smoke"):
        expected = {f"{slug}_train_{experiment}"} | stages(slug, "measure", "judge", "report")
        found[experiment] = after(folder, f"{own}/experiments.yaml", one_more_seed(experiment)), expected
    assert unexpected(show, found) == []


def test_the_library(smoke_suite, show):
    folder, library = smoke_suite.folder, "workflow/verifig"

    def everywhere(*names: str) -> set[str]:
        return set().union(*(stages(slug, *names) for slug in slugs()))

    everything = set().union(*map(training, slugs())) | everywhere("measure", "judge", "report")
    table = {
        f"{library}/training/run.py": everything,
        f"{library}/planning/provenance.py": everywhere("measure", "judge", "report"),
        f"{library}/measuring/tables.py": everywhere("measure", "judge", "report"),
        f"{library}/judging/stats.py": everywhere("judge", "report"),
        f"{library}/pages/cards.py": everywhere("report"),
        f"{library}/pages/templates/style.css": everywhere("report"),
        f"{library}/pages/site.py": {"site"},
        # words, downloads, planning and a release make nothing anew that is trained
        f"{library}/planning/downloads.py": set(),
        f"{library}/ground/version.py": everywhere("judge", "measure", "report"),
        f"{library}/cli.py": set(),
        f"{library}/running/prepare.py": set(),
        "workflow/schemas/claims.schema.yaml": set(),
        "README.md": set(),
    }
    found = {name: (after(folder, name), expected) for name, expected in table.items()}
    more_seeds = after(folder, "config/config.yaml", lambda text: text.replace("seeds: null", "seeds: 9"))
    found["seed count"] = more_seeds, everything
    assert unexpected(show, found) == []


def test_nothing_at_all(smoke_suite, show):
    for path in [*smoke_suite.folder.rglob("*.py"), *smoke_suite.folder.rglob("*.yaml")]:
        path.touch()
    assert unexpected(show, {"every source file touched": (planned(smoke_suite.folder), set())}) == []
