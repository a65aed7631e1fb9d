"""Rule sets as data: what their YAML files say, checked and parsed once, and the settings of their experiments.

Settings of an experiment = defaults of its program, then the experiment's, then the scale's, then the user's.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from verifig.ground import paths, schema
from verifig.ground.errors import InputError
from verifig.ground.spelling import did_you_mean
from verifig.ground.yaml_files import read_yaml
from verifig.planning import checks, overrides
from verifig.training.members import members_of, merge

CONTROLS = "Runs in which the effect must vanish, instruments broken on purpose, and exact identities."


@dataclass(frozen=True)
class Work:
    """A work that a page cites; with `context` nothing of it is judged. An experiment of this suite has no address."""

    title: str
    authors: str
    venue: str
    url: str | None = None
    code: str | None = None
    context: bool = False


@dataclass(frozen=True)
class Figure:
    """A figure of a page: what it shows, its place in the work `paper`, the experiments whose runs are drawn (all, if neither these nor `published`).

    Attributes:
        conditions: of these experiments, those that are drawn; empty: all.
    """

    title: str
    place: str
    paper: str
    scales: tuple[str, ...] = ("laptop", "paper")
    experiments: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    published: bool = False


@dataclass(frozen=True)
class Deviation:
    """What differs from the paper at some scales, why, and what that may change."""

    what: str
    why: str
    effect: str
    scales: tuple[str, ...] = paths.SCALES


@dataclass(frozen=True)
class Download:
    """A file that `prepare` can fetch; with `images` it may be given as a folder of images, without `sha256` only so."""

    file: str
    url: str | None = None
    sha256: str | None = None
    licence: str | None = None
    images: bool = False


@dataclass(frozen=True)
class Experiment:
    """An experiment at one scale.

    Attributes:
        best_on: the kind of device on which it is done first, `cuda` or `cpu`: thousands of small steps one after the
            other, or formulas, are done on a CPU before a GPU is warm.
    """

    program: str
    about: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    data: tuple[str, ...] = ()
    expected_seconds: float | None = None
    memory_mb: int | None = None
    best_on: str = "cuda"


@dataclass(frozen=True)
class RuleSet:
    """One paper's replication: what its `paper.yaml` and `experiments.yaml` say, checked, with defaults filled in.

    Attributes:
        works: the paper itself, then what else its page cites, by key.
        blocks: by scale, the experiments that run at it, with what they change of their base.
        settings_schema: of every setting.
        together: by program that can train members of several runs as one ensemble, which of its arrays are `common` to
            runs, and what must be `alike` in them (see `joining`).
        controls, paper_scale: what the page says above its controls, and on the paper scale.
        percent, points: statistics that the page shows in percent, and in percentage points.
        hundredfold: those of them that are measured in percent, and not as fractions.
    """

    slug: str
    folder: Path
    title: str
    summary: str
    works: Mapping[str, Work]
    figures: Mapping[str, Figure]
    deviations: tuple[Deviation, ...]
    downloads: Mapping[str, Download]
    programs: Mapping[str, Mapping[str, Any]]
    bases: Mapping[str, Mapping[str, Any]]
    blocks: Mapping[str, Mapping[str, Mapping[str, Any]]]
    settings_schema: Mapping[str, Any]
    controls: str = ""
    paper_scale: str = ""
    percent: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    hundredfold: tuple[str, ...] = ()
    together: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)

    @property
    def theme(self) -> str:
        return self.folder.parent.name

    @property
    def own(self) -> bool:
        """Whether it is an experiment of this suite and replicates no paper."""
        return self.works[self.slug].url is None

    def experiments(self, scale: str) -> list[str]:
        """Experiments that run at a scale: those named in its block."""
        return list(self.blocks[scale])

    def scales(self, experiment: str) -> list[str]:
        """Scales at which an experiment runs."""
        return [scale for scale in paths.SCALES if experiment in self.blocks[scale]]

    def entry(self, experiment: str, scale: str) -> Experiment:
        """The experiment at a scale: defaults of its program, then its own, then the scale's.

        Raises:
            InputError: the experiment does not exist or does not run at this scale.
        """
        if experiment not in self.bases:
            meant = did_you_mean(experiment, self.bases)
            raise InputError(
                f"unknown experiment {experiment!r} in {self.slug}{meant}: choose from {', '.join(self.bases)}"
            )
        if experiment not in self.blocks[scale]:
            raise InputError(
                f"experiment {experiment!r} of {self.slug} does not run at scale {scale!r}, only at "
                f"{', '.join(self.scales(experiment))}"
            )
        base = self.bases[experiment]
        merged = merge(merge({"settings": self.programs[base["program"]]}, base), self.blocks[scale][experiment])
        # the smaller scales are cut to a minute of one core, a few members a program
        best_on = merged.get("best_on", "cuda" if scale == "paper" else "cpu")
        return Experiment(**merged | {"data": tuple(merged.get("data", ())), "best_on": best_on})


@functools.cache
def load(slug: str) -> RuleSet:
    """Read and check a paper's rule set.

    Raises:
        InputError: unknown slug, or a configuration that its schema refuses.
    """
    folder = paths.ruleset_dir(slug)
    paper, runs = _read(folder / "paper.yaml"), _read(folder / "experiments.yaml", {"data": _of_the_theme(folder)})
    where = paths.name_in_suite(folder / "experiments.yaml")
    if slug not in paper["works"]:
        raise InputError(f"{paths.name_in_suite(folder / 'paper.yaml')}: works must hold {slug}, the paper itself")
    for experiment, entry in runs["experiments"].items():
        if entry["program"] not in runs["programs"]:
            raise InputError(f"{where}: experiment {experiment} names the unknown program {entry['program']!r}")
    if unknown := sorted(set(runs.get("together", {})) - set(runs["programs"])):
        raise InputError(f"{where}: together names the unknown program {unknown[0]!r}")
    for scale, block in runs["scales"].items():
        if unknown := sorted(set(block) - set(runs["experiments"])):
            raise InputError(f"{where}: scales.{scale} names the unknown experiment {unknown[0]!r}")
    for name, entry in paper["figures"].items():
        _check_drawn(entry, runs, f"{paths.name_in_suite(folder / 'paper.yaml')}: figures.{name}")
    return RuleSet(
        slug,
        folder,
        paper["title"],
        paper["summary"],
        {key: Work(**entry) for key, entry in paper["works"].items()},
        {name: Figure(**_tuples(entry)) for name, entry in paper["figures"].items()},
        tuple(Deviation(**_tuples(entry)) for entry in paper.get("deviations", [])),
        {name: Download(**entry) for name, entry in runs.get("data", {}).items()},
        runs["programs"],
        runs["experiments"],
        runs["scales"],
        _settings_schema(folder),
        paper.get("controls", CONTROLS),
        paper.get("paper_scale", ""),
        tuple(paper.get("percent", ())),
        tuple(paper.get("points", ())),
        tuple(paper.get("hundredfold", ())),
        runs.get("together", {}),
    )


def _of_the_theme(folder: Path) -> dict:
    """Downloads that the papers of a theme share."""
    theme = folder.parent / "theme.yaml"
    return read_yaml(theme).get("data", {}) if theme.exists() else {}


def _check_drawn(figure: Mapping, runs: Mapping, where: str) -> None:
    """Raise InputError for a figure of an experiment or a condition that there is not."""
    experiments = figure.get("experiments", ())
    for name in experiments:
        if name not in runs["experiments"]:
            raise InputError(f"{where} names the unknown experiment {name!r}")
    entries = [runs["experiments"][name] for name in experiments]
    entries += [block[name] for block in runs["scales"].values() for name in experiments if name in block]
    known = {condition for entry in entries for condition in entry.get("settings", {}).get("conditions", {})}
    if unknown := [name for name in figure.get("conditions", ()) if name not in known]:
        raise InputError(f"{where} names the unknown condition {unknown[0]!r}")


def _read(path: Path, shared: Mapping = MappingProxyType({})) -> dict:
    """A file checked by the schema of its name, below what it shares."""
    contents = merge(shared, read_yaml(path))
    schema.validate(contents, read_yaml(paths.SCHEMAS / f"{path.stem}.schema.yaml"), paths.name_in_suite(path))
    return contents


def _settings_schema(folder: Path) -> dict:
    """A paper's schema of its settings, with those that it takes over (`shared`) from its theme or the library.

    Raises:
        InputError: neither of them describes a setting that is taken over.
    """
    own = read_yaml(folder / "settings.schema.yaml")
    known: dict[str, Any] = {}
    for file in (paths.SCHEMAS / "settings.yaml", folder.parent / "settings.yaml"):
        known |= read_yaml(file) if file.exists() else {}
    names = own.pop("shared", [])
    if unknown := [name for name in names if name not in known]:
        where = paths.name_in_suite(folder / "settings.schema.yaml")
        raise InputError(
            f"{where}: shared names {unknown[0]!r}, which neither the theme's settings.yaml nor the library's has"
        )
    return own | {"properties": {name: known[name] for name in names} | own["properties"]}


def _tuples(entry: Mapping) -> dict:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}


def resolve(
    ruleset: RuleSet, experiments: Sequence[str], scale: str, changes: Mapping[str, Any], only: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """What each of the experiments takes of a user's changes (see `overrides.resolve`), for `settings`.

    Args:
        only: the conditions that are trained (empty: all); experiments that have none of them are left out.

    Raises:
        InputError: unknown names, a change or a condition that none of the experiments uses.
    """
    entries = {name: dict(ruleset.entry(name, scale).settings) for name in experiments}
    where = f"{ruleset.slug}.{experiments[0]} ({scale})" if len(experiments) == 1 else f"{ruleset.slug} ({scale})"
    return overrides.resolve(entries, changes, only, where)


def settings(
    ruleset: RuleSet, experiment: str, scale: str, changes: Mapping | None = None, seeds: int | None = None
) -> dict:
    """Checked settings of one experiment.

    Args:
        changes: the user's values by setting; dotted names reach into conditions (`conditions.plain.weight_decay`).
        seeds: number of seeds instead of the configured one, for the experiment and each of its conditions.

    Raises:
        InputError: a change that is not used, a value that the schema refuses, or settings that do not go together.
    """
    entry = ruleset.entry(experiment, scale)
    values, where = dict(entry.settings), f"{ruleset.slug}.{experiment} ({scale})"
    if changes:
        overrides.apply(values, resolve(ruleset, [experiment], scale, changes)[experiment], ruleset.settings_schema)
    conditions = values.get("conditions", {})
    if seeds is not None:
        for mapping in (values, *(own for own in conditions.values() if "seeds" in own)):
            mapping["seeds"] = seeds
    checks.finite(values, where)
    base = {name: value for name, value in values.items() if name != "conditions"}
    schema.validate(base, ruleset.settings_schema, where)
    for name, condition in conditions.items():
        schema.validate(condition, ruleset.settings_schema, f"{where} condition {name}")
        if unused := sorted(set(condition) - set(base)):
            raise InputError(f"{where}: condition {name} sets {unused[0]!r}, which this experiment does not use")
    checks.program(ruleset.slug, entry.program, members_of(values), where)
    return values
