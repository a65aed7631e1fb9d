"""A page over given statistics, for the tests of sentences."""

from collections.abc import Mapping

import pandas as pd

from verifig.ground.conditions import condition_text
from verifig.ground.paths import ruleset_dir
from verifig.ground.yaml_files import read_yaml
from verifig.measuring.tables import Tables
from verifig.planning import rulesets


class StubPage:
    """The page of a paper at laptop scale with the configured settings."""

    def __init__(self, slug: str, tables: Tables):
        self.slug, self.rows = slug, tables.statistics()

    def value(self, experiment: str, statistic: str, condition: Mapping | None = None) -> pd.Series:
        rows = self.rows
        mask = (rows["experiment"] == experiment) & (rows["statistic"] == statistic)
        return rows[mask & (rows["condition"] == condition_text(condition))].set_index("seed")["value"]

    def settings(self, experiment: str) -> Mapping:
        return rulesets.load(self.slug).entry(experiment, "laptop").settings

    def paper(self, name: str) -> Mapping:
        return read_yaml(ruleset_dir(self.slug) / "values.yaml")[name]

    def told(self, text: str, *statistic: object, **options: object) -> str:
        return text

    def formed(self, text: str, *how: str) -> str:
        return text
