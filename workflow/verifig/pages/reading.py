"""What a paper's page reads: claims with their verdicts, statistics, settings, curves, and values read off the paper."""

from collections.abc import Mapping, Sequence

import pandas as pd

from verifig.ground import conditions
from verifig.ground.errors import RunError
from verifig.ground.files import read_json
from verifig.ground.paths import Layout
from verifig.ground.yaml_files import read_yaml
from verifig.measuring import tables
from verifig.pages import marked, moved, objecting, places, prose, recorded, units
from verifig.pages.prose import MISSING
from verifig.planning import rulesets
from verifig.training.members import merge


class Reading:
    """The results of one paper at one scale, as text and figures of its page ask for them.

    Raises:
        RunError: a claim names a figure that the paper does not have.
    """

    def __init__(self, layout: Layout):
        self.layout, self.slug, self.scale = layout, layout.slug, layout.scale
        self.ruleset = rulesets.load(self.slug)
        judged = read_json(layout.verdicts)
        self.claims, self.what_if = judged["claims"], judged.get("what_if")
        self.record = recorded.of_page(layout)
        recorded.attach(self.claims, self.slug, self.record)
        units.attach([*self.claims, *(claim["recorded"] for claim in self.claims if "recorded" in claim)], self.ruleset)
        if recorded.beside_page(layout):
            moved.attach(self.claims, self.slug)
        objecting.attach(self.claims, self.slug, self.scale)
        places.attach(self.claims, self.ruleset)
        self.health: Mapping[str, Sequence[Mapping]] = judged.get("health", {})
        self.statistics = tables.read(layout.statistics)
        self.asked: dict[tuple[str, str, str | None], None] = {}  # experiment, statistic, condition (None: all)
        self._read_off: dict[str, None] = {}  # values of the paper that were asked for, in order
        named = {"controls", *self.ruleset.figures}  # controls: the section at the end
        if unknown := {claim["figure"] for claim in self.claims} - named:
            raise RunError(f"claims of {self.slug} name the unknown figure {sorted(unknown)[0]!r}")

    def figures(self, all_scales: bool = False) -> dict[str, rulesets.Figure]:
        """The configured figures of this scale, by name."""
        chosen = self.ruleset.figures.items()
        return {name: entry for name, entry in chosen if all_scales or self.scale in entry.scales}

    def value(self, experiment: str, statistic: str, condition: Mapping | None = None) -> pd.Series:
        """Values by seed of one statistic (for text and alternatives)."""
        return self._rows(experiment, statistic, condition).set_index("seed")["value"]

    def measured(self, experiment: str, statistic: str) -> pd.DataFrame:
        """The rows of one statistic in all conditions."""
        self.asked.setdefault((experiment, statistic, None))
        rows = self.statistics
        return rows[(rows["experiment"] == experiment) & (rows["statistic"] == statistic)]

    def _rows(self, experiment: str, statistic: str, condition: Mapping | None) -> pd.DataFrame:
        rows, wanted = self.statistics, conditions.condition_text(condition)
        self.asked.setdefault((experiment, statistic, wanted))
        return rows[
            (rows["experiment"] == experiment) & (rows["statistic"] == statistic) & (rows["condition"] == wanted)
        ]

    def number(
        self,
        experiment: str,
        statistic: str,
        condition: Mapping | None = None,
        take: str = "mean",
        percent: bool = False,
        digits: int | None = None,
    ) -> str:
        """Text of one statistic of this run over its units; `MISSING` where it was not computed (see `prose.number`).

        On the page it says which statistic of how many units it is when one points at it (see `marked`).
        `take`: mean, median, min, max, range (`82.1 to 85.3 %`) or count.
        """
        rows = self._rows(experiment, statistic, condition)
        return self._explained(prose.number(rows, take, percent, digits), rows, take, percent)

    def told(
        self,
        text: str,
        experiment: str,
        statistic: str,
        condition: Mapping | None = None,
        take: str = "mean",
        percent: bool = False,
    ) -> str:
        """A text that was formed of one statistic in another way than `number` does; it says so as that does."""
        return self._explained(text, self._rows(experiment, statistic, condition), take, percent)

    def formed(self, text: str, experiment: str, how: str) -> str:
        """A text that was formed of several statistics of one experiment, which `how` names; it says so on the page."""
        return text if MISSING in text or text == "nan" else marked.mark(text, f"{experiment} · {how}")

    def _explained(self, text: str, rows: pd.DataFrame, take: str, percent: bool = False) -> str:
        rows = prose.counting(rows)
        if rows.empty or MISSING in text:
            return text
        unit = marked.unit(self.claims, rows["experiment"].iloc[0], rows["statistic"].iloc[0])
        told = marked.explanation(rows, take, percent, unit)
        points = percent and rows["statistic"].iloc[0] in self.ruleset.points
        return marked.mark(text, told.removesuffix(" %") + " points" if points and told.endswith(" %") else told)

    def settings(self, experiment: str, condition: str | None = None) -> dict:
        """Settings that this run used, those of a condition merged in; the configured ones if it did not run.

        Without `condition` they are as in the job, `conditions` included. A condition that a what-if left out has its
        configured settings.

        Raises:
            RunError: the paper has no such experiment, or neither the run nor the configuration such a condition.
        """
        configured = self._configured(experiment)
        record = self.layout.provenance(experiment)
        used = read_json(record)["job"]["settings"] if record.exists() else configured
        if condition is None:
            return used
        known = (configured.get("conditions") or {"base": {}}) | (used.get("conditions") or {"base": {}})
        if condition not in known:
            raise RunError(f"report.py of {self.slug}: {experiment} has no condition {condition!r}")
        base = {name: value for name, value in used.items() if name != "conditions"}
        return merge(base, known[condition])

    def _configured(self, experiment: str) -> dict:
        """The configured settings at this scale; where the experiment does not run at it, those of a scale where it does."""
        runs = self.ruleset.scales(experiment)
        scales = [scale for scale in (self.scale, "laptop", "paper", "smoke") if scale in runs]
        if not scales:
            raise RunError(f"report.py of {self.slug} names the unknown experiment {experiment!r}")
        return self.ruleset.entry(experiment, scales[0]).settings

    def seeds(self, experiment: str, condition: str | None = None) -> int:
        """Number of seeds that this run used (see `settings`)."""
        return self.settings(experiment, condition)["seeds"]

    def has(self, *curves: str) -> bool:
        """Whether all these tables of curves were made."""
        return all((self.layout.curves / f"{name}.parquet").exists() for name in curves)

    def paper(self, name: str) -> dict:
        """Values read off the paper, from the paper's `values.yaml`: each entry carries its source."""
        self._read_off.setdefault(name)
        return read_yaml(self.ruleset.folder / "values.yaml")[name]

    def _frames(self, name: str, curves: Sequence[str]) -> list[pd.DataFrame]:
        """The tables that a figure draws."""
        return [tables.read(self.layout.curves / f"{table}.parquet") for table in curves]

    def _runs(self, name: str) -> list[str]:
        """Experiments whose runs a figure draws, as far as the configuration says."""
        return list(self.ruleset.figures[name].experiments)

    def _changed(self, name: str) -> bool:
        """Whether settings of a run that the figure draws were changed."""
        changed = (self.what_if or {}).get("changed", {})
        return bool(changed) and (not self._runs(name) or any(run in changed for run in self._runs(name)))

    def _missing_data(self) -> dict[str, list[str]]:
        """By experiment that could not run, the data files that it lacks."""
        record = self.layout.provenance("judge")
        lacking = read_json(record)["job"]["missing_data"] if record.exists() else {}
        known = self.ruleset.downloads
        return {name: found for name, files in lacking.items() if (found := [file for file in files if file in known])}

    def _why_missing(self, name: str) -> str:
        lacking, runs = self._missing_data(), self._runs(name)
        return "data" if (set(runs) & set(lacking) if runs else lacking) else "runs"
