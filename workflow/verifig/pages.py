"""A rule set's page: what `report.py` calls, and how it is rendered to HTML and Markdown.

`report.py` is a jupytext py:percent notebook. Its Markdown cells are the text; a code cell whose last line is one of
the `Page`'s methods contributes what that method returns: HTML for the page, Markdown for code hosts.
"""

import base64
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
from markdown_it import MarkdownIt
from matplotlib.figure import Figure

from verifig import cards, data, figures, numbers, rulesets, tables, verdicts
from verifig.cards import Block
from verifig.errors import RunError
from verifig.files import read_json, read_yaml
from verifig.paths import REPLICATIONS, Layout

FOLDER_VARIABLE = "VERIFIG_PAGE"  # "results folder|scale" of the page being rendered; default: results|laptop


class Page:
    """The results of one rule set at one scale, and the blocks that show them.

    Args:
        slug: the rule set. In a notebook the page shows results/laptop; the report stage says otherwise through
            the environment.
    """

    def __init__(self, slug: str):
        folder, _, scale = os.environ.get(FOLDER_VARIABLE, "results|laptop").partition("|")
        self.slug, self.scale = slug, scale
        self.layout = Layout(Path(folder), scale, slug)
        self.ruleset = rulesets.load(slug)
        self.claims = _with_recorded(slug, scale, read_json(self.layout.verdicts)["claims"])
        self.statistics = tables.read(self.layout.statistics)
        self.shown: list[str] = []
        self._missing = {
            name for claim in self.claims for name in [claim["figure"]] if name not in self.figures(all_scales=True)
        }
        if self._missing:
            raise RunError(f"claims of {slug} name the unknown figure {sorted(self._missing)[0]!r}")

    def figures(self, all_scales: bool = False) -> dict[str, Mapping]:
        """The configured figures of this scale, by name; `controls` is the section at the end, not a figure."""
        everything = dict(self.ruleset.config["figures"])
        if all_scales:
            return everything | {"controls": {}}
        return {
            name: entry for name, entry in everything.items() if self.scale in entry.get("scales", ["laptop", "paper"])
        }

    def value(self, experiment: str, statistic: str, condition: Mapping | None = None) -> pd.Series:
        """Values by seed of one statistic (for text and alternatives)."""
        rows = self.statistics
        chosen = rows[
            (rows["experiment"] == experiment)
            & (rows["statistic"] == statistic)
            & (rows["condition"] == tables.condition_text(condition))
        ]
        return chosen.set_index("seed")["value"]

    def paper(self, name: str) -> dict:
        """Values read off the paper, from the rule set's `paper.yaml`: each entry carries its source."""
        return read_yaml(self.ruleset.folder / "paper.yaml")[name]

    def text(self, markdown: str) -> Block:
        """A paragraph with numbers that come from files (use `value`)."""
        return Block(MarkdownIt("commonmark").render(markdown), markdown)

    def header(self) -> Block:
        """Title, papers, counts, and what the counts mean."""
        return cards.header(self.ruleset, self.claims, self.scale)

    def figure(
        self,
        name: str,
        draw: Callable[..., Figure],
        curves: list[str],
        alt: str,
        note: str = "",
    ) -> Block:
        """Our figure and the claims that belong to it.

        Args:
            name: as in the rule set's `figures`.
            draw: called with the named tables of curves, in order.
            curves: tables that the figure needs; if one is missing the page says so in place of the figure.
            alt: what the figure shows, for those who cannot see it.
            note: how ours deviates from the paper's, one or two sentences.
        """
        self.shown.append(name)
        entry = self.figures(all_scales=True)[name]
        heading = f"{entry['place']}: {entry['title']}"
        claims = [claim for claim in self.claims if claim["figure"] == name and claim["kind"] == "claim"]
        if name not in self.figures():
            reason = f"Not drawn at {self.scale} scale."
            return Block(
                cards.figure_html(name, heading, None, alt, reason, claims, self.scale),
                cards.figure_markdown(name, heading, None, alt, reason, claims, self.scale),
            )
        path = self.layout.page / "figures" / f"{name}.svg"
        absent = [table for table in curves if not (self.layout.curves / f"{table}.parquet").exists()]
        if absent:
            figures.placeholder(path, "Not drawn: the data behind this figure could not be had.")
        else:
            figures.save(draw(*(tables.read(self.layout.curves / f"{table}.parquet") for table in curves)), path, alt)
        data = base64.b64encode(path.read_bytes()).decode()
        source, width = f"data:image/svg+xml;base64,{data}", figures.pixels_wide(path)
        return Block(
            cards.figure_html(name, heading, source, alt, note, claims, self.scale, width),
            cards.figure_markdown(name, heading, f"figures/{name}.svg", alt, note, claims, self.scale),
        )

    def controls(self) -> Block:
        """Oracles and controls, counted and shown apart from the paper's claims."""
        chosen = [claim for claim in self.claims if claim["kind"] != "claim"]
        return Block(cards.controls_html(chosen, self.scale), cards.controls_markdown(chosen, self.scale))

    def deviations(self) -> Block:
        """What differs from the paper: what, why, what it may change."""
        return cards.table(
            ["What differs", "Why", "What it may change"],
            [[item["what"], item["why"], item["effect"]] for item in self.ruleset.config.get("deviations", [])],
        )

    def provenance(self) -> Block:
        """Hardware, cost (coarsely) and versions, from the records beside the artifacts."""
        records = [read_json(path) for path in sorted(self.layout.folder.glob("*.provenance.json"))]
        trained = [record for record in records if record["job"]["stage"] == "train"]
        rows = [
            [
                record["job"]["experiment"],
                record["device_name"],
                numbers.seconds(record["cpu_seconds"]),
                f"{round(record['peak_memory_mb'], -2):.0f} MB",
                f"{record.get('steps', 0):,}",
                record["key"][:12],
            ]
            for record in trained
        ]
        total = numbers.seconds(sum(record["cpu_seconds"] for record in trained))
        versions = {name: version for record in records for name, version in record["job"]["versions"].items()}
        given = {
            name: digest
            for record in trained
            for name, digest in data.from_folders(self.ruleset, record["job"]["data"]).items()
        }
        block = cards.table(["Experiment", "Hardware", "CPU time", "Peak memory", "Member steps", "Key"], rows)
        text = f"Training took about {total} of processor time in all. " + ", ".join(
            f"{n} {v}" for n, v in sorted(versions.items())
        )
        if given:  # not the publisher's files, so numbers need not be comparable
            text += ". Given as folders of images, not as published: " + ", ".join(
                f"{name} (sha256 {digest[:12]})" for name, digest in sorted(given.items())
            )
        return Block(f"{block.html}<p>{cards.escape(text)}.</p>", f"{block.markdown}\n\n{text}.")

    def finish(self) -> None:
        """Check that every claim was shown.

        Raises:
            RunError: a claim belongs to a figure that the report does not show.
        """
        lost = [claim["id"] for claim in self.claims if claim["kind"] == "claim" and claim["figure"] not in self.shown]
        if lost:
            raise RunError(f"report.py of {self.slug} does not show the figure of {', '.join(lost)}")
        if undrawn := sorted(set(self.figures()) - set(self.shown)):
            raise RunError(f"report.py of {self.slug} does not draw the figure {undrawn[0]!r}")

    def summary(self) -> Block:
        """The verdict table: every claim on one line, linked to its card."""
        return cards.verdict_table(verdicts.paper_claims(self.claims))


def _with_recorded(slug: str, scale: str, claims: list[dict]) -> list[dict]:
    """Add sentences on recorded verdicts: paper scale always, laptop only where nothing could be judged now."""
    paper, laptop = recorded(slug, "paper"), recorded(slug, "laptop")
    for claim in claims:
        sentences = []
        if scale != "paper" and (past := paper.get(claim["id"])) and past["verdict"] != "not tested":
            sentences.append(
                f"Recorded at paper scale on {past['hardware']} (verifig {past['verifig']}): {past['verdict']}."
            )
        if "data" in claim.get("reason", "") and (past := laptop.get(claim["id"])) and past["verdict"] != "not tested":
            sentences.append(
                f"Last known verdict, recorded with verifig {past['verifig']}, not counted here: {past['verdict']}."
            )
        claim["recorded_sentences"] = sentences
    return claims


def recorded(slug: str, scale: str) -> dict[str, Mapping]:
    """Verdicts recorded on purpose (`verifig record`), by claim id; empty if there are none."""
    path = REPLICATIONS / slug / "recorded" / f"{scale}.json"
    if not path.exists():
        return {}
    contents = read_json(path)
    facts = {name: contents[name] for name in ("verifig", "hardware")}
    return {claim["id"]: dict(claim) | facts for claim in contents["claims"]}
