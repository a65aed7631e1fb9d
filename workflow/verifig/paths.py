"""Where things lie: the suite's own folders, and the layout of a results folder."""

from dataclasses import dataclass
from pathlib import Path

from verifig.errors import InputError, did_you_mean

ROOT = Path(__file__).resolve().parents[2]
REPLICATIONS = ROOT / "replications"
SCHEMAS = ROOT / "workflow" / "schemas"
SCALES = ("smoke", "laptop", "paper")


def slugs() -> list[str]:
    """Names of all rule sets in this checkout, sorted."""
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
