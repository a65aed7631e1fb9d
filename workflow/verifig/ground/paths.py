"""Where things lie: the suite's own folders, in a checkout or as an installed package, and the layout of a results folder."""

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
    """Names of all rule sets, sorted."""
    return sorted(path.parent.name for path in REPLICATIONS.glob("*/config.yaml"))


def ruleset_dir(slug: str) -> Path:
    """Folder of one rule set.

    Raises:
        InputError: no rule set has this name.
    """
    if slug not in slugs():
        raise InputError(f"unknown paper {slug!r}{did_you_mean(slug, slugs())}: choose from {', '.join(slugs())}")
    return REPLICATIONS / slug


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

    def provenance(self, stage: str) -> Path:
        """Record of a stage; a training stage is named after its experiment."""
        return self.folder / f"{stage}.provenance.json"

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
