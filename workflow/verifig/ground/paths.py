"""Where things lie: the suite's own folders, in a checkout or as an installed package, and the layout of a results folder."""

import re
from dataclasses import dataclass
from pathlib import Path

from verifig.ground.errors import InputError
from verifig.ground.spelling import did_you_mean

LIBRARY = Path(__file__).resolve().parents[1]
CHECKOUT = LIBRARY.parent.name == "workflow"  # otherwise installed: the packages lie side by side
ROOT = LIBRARY.parents[1] if CHECKOUT else LIBRARY.parent
REPLICATIONS = ROOT / "replications"
SCHEMAS = LIBRARY.parent / "schemas" if CHECKOUT else LIBRARY / "schemas"
DATA = ROOT / "data" if CHECKOUT else Path("data")
SCALES = ("smoke", "laptop", "paper")
COURSE = ".course.jsonl"  # ends the name of what a training job has measured as it went
AFTER_TRAINING = ("measure", "judge", "report")  # stages; any other is the training of an experiment


def name_in_suite(path: Path) -> str:
    """Name of a file of the suite, the same in a checkout and installed: `workflow/verifig/ground/paths.py`."""
    if path.is_relative_to(LIBRARY):
        return f"workflow/verifig/{path.relative_to(LIBRARY).as_posix()}"
    return path.relative_to(ROOT).as_posix()


def require_checkout(what: str) -> None:
    """Raise where the suite is installed; `what` needs more than a package holds.

    Raises:
        InputError: this is not a checkout.
    """
    if not CHECKOUT:
        raise InputError(f"{what} needs a checkout of the suite's repository; this is the installed package")


def slugs() -> list[str]:
    """Names of all papers: folders `replications/<theme>/<paper>/`, by theme."""
    return [path.parent.name for path in sorted(REPLICATIONS.glob("*/*/paper.yaml"))]


def ruleset_dir(slug: str) -> Path:
    """Folder of one paper's rule set.

    Raises:
        InputError: no paper has this name.
    """
    found = next(REPLICATIONS.glob(f"*/{slug}/paper.yaml"), None) if re.fullmatch(r"\w+", slug) else None
    if found is not None:
        return found.parent
    themes = [path.parent.name for path in REPLICATIONS.glob("*/theme.yaml")]
    if slug in themes:
        papers = [path.parent.name for path in sorted(REPLICATIONS.glob(f"{slug}/*/paper.yaml"))]
        raise InputError(f"{slug} is a theme, not a paper: choose from its papers {', '.join(papers)}")
    meant = did_you_mean(slug, [*slugs(), *themes])
    raise InputError(f"unknown paper {slug!r}{meant}: choose from {', '.join(slugs())}")


def package(slug: str) -> str:
    """Dotted name of a paper's folder: `replications.grokking.prieto2025`."""
    folder = ruleset_dir(slug)
    return f"replications.{folder.parent.name}.{folder.name}"


@dataclass(frozen=True)
class Layout:
    """Files of one rule set at one scale below a results folder (the contract with the Snakefiles)."""

    results: Path
    scale: str
    slug: str

    @property
    def folder(self) -> Path:
        return Path(self.results) / self.scale / self.slug

    def artifact(self, experiment: str) -> Path:
        return self.folder / f"{experiment}.npz"

    def checkpoint(self, experiment: str) -> Path:
        """What an unfinished training job has saved, beside its artifact (Snakemake's rule names it alike)."""
        return self.folder / f"{self.artifact(experiment).name}.ckpt"

    def course(self, experiment: str) -> Path:
        """What a training job has measured as it went, for people who watch it: no output, and in no key."""
        return self.folder / f"{experiment}{COURSE}"

    def provenance(self, stage: str) -> Path:
        """Record of a stage; a training stage is named after its experiment."""
        return self.folder / f"{stage}.provenance.json"

    def outputs(self, stage: str) -> list[Path]:
        """Files and folders that a stage makes, beside its record."""
        made = {
            "measure": [self.statistics, self.curves],
            "judge": [self.verdicts],
            "report": [self.page, self.captions, self.whole],
        }
        return made.get(stage) or [self.artifact(stage)]

    @property
    def statistics(self) -> Path:
        return self.folder / "statistics.parquet"

    @property
    def curves(self) -> Path:
        return self.folder / "curves"

    @property
    def verdicts(self) -> Path:
        return self.folder / "verdicts.json"

    @property
    def page(self) -> Path:
        return self.folder / "page"

    @property
    def captions(self) -> Path:
        """What Snakemake's report says of each figure."""
        return self.folder / "captions"

    @property
    def whole(self) -> Path:
        """The page as one file, for Snakemake's report."""
        return self.folder / "page.html"
