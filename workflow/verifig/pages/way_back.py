"""The way back from a figure: its data, the code that drew it, the runs behind it, and the command that renews it."""

from collections.abc import Iterable, Mapping, Sequence

from verifig.ground import numbers
from verifig.ground.files import read_json
from verifig.ground.paths import Layout, name_in_suite, ruleset_dir
from verifig.pages import address, offered
from verifig.pages.cards import Block
from verifig.pages.code_lines import Lines
from verifig.pages.offered import Offer
from verifig.pages.templating import fill


def of_figure(
    layout: Layout,
    title: str,
    offers: Sequence[Offer],
    told: bool,
    lines: Lines | None,
    experiments: Sequence[str] | None,
    read_off: Iterable[str],
    renewable: bool,
) -> Block:
    """What is folded below a figure.

    Args:
        offers: its tables, as they lie beside the page.
        told: whether they do not give the texts of the figure, which are then those of the whole tables.
        experiments: those whose runs it draws; empty if that is not configured, and then all are named; None: no run.
        read_off: entries of the paper's `values.yaml` that it draws.
        renewable: whether the workflow makes it, which a what-if it does not.
    """
    records = [] if experiments is None else trained(layout)
    records = [each for each in records if not experiments or each["job"]["experiment"] in experiments]
    given = {
        "title": title,
        "offers": offers,
        "told": told,
        "digits": offered.DIGITS,
        "tables": f"results/{layout.scale}/{layout.slug}/curves",
        "values": f"{name_in_suite(ruleset_dir(layout.slug))}/values.yaml",
        "read_off": list(read_off),
        "lines": lines,
        "address": address.code(lines) if lines else None,
        "runs": [_run(record) for record in records],
        "command": f"snakemake {layout.slug} --config scale={layout.scale}" if renewable else "",
    }
    return Block(fill("figure_source.html.j2", **given), fill("figure_source.md.j2", **given))


def trained(layout: Layout) -> list[Mapping]:
    """The records of the training runs of a results folder."""
    found = [read_json(path) for path in sorted(layout.folder.glob("*.provenance.json"))]
    return [record for record in found if record["job"]["stage"] == "train"]


def _run(record: Mapping) -> str:
    """`delay53: 5 seeds (0 to 4), 2026-11-27, AMD EPYC`, as far as the record says."""
    job, seeds = record["job"], record["job"].get("seeds", [])
    told = [date(record), record.get("device_name", "")]
    if seeds:
        named = f" ({seeds[0]} to {seeds[-1]})" if len(seeds) > 1 else ""
        told.insert(0, f"{numbers.count(len(seeds), 'seed')}{named}")
    return f"{job['experiment']}: {', '.join(filter(None, told))}" if any(told) else job["experiment"]


def date(record: Mapping) -> str:
    """The day on which a run ended."""
    return record.get("finished", "").partition("T")[0]
