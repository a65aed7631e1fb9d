"""What a page says about itself: that settings were changed, that data are missing, that runs are not sound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from verifig.ground import numbers
from verifig.pages.cards import Block, escape
from verifig.planning import whatif
from verifig.planning.rulesets import Figure

PLACEHOLDER = "no figure"  # title of the empty picture that stands where the workflow expects a figure


def is_placeholder(path: Path) -> bool:
    """Whether a saved picture stands for a figure that could not be drawn."""
    return f"<title>{PLACEHOLDER}</title>" in Path(path).read_text(encoding="utf-8")[:4000]


@dataclass(frozen=True)
class Absent:
    """A figure that the page does not show, and why: `data` (files to fetch), `runs` (left out), `scale`, `error`."""

    heading: str
    why: str
    detail: str = ""


def folded(line: str, block: Block) -> Block:
    """A block behind one line that says what is inside."""
    return Block(
        f"<details><summary>{escape(line)}</summary>{block.html}</details>",
        f"<details><summary>{escape(line)}</summary>\n\n{block.markdown}\n\n</details>",
    )


def banner(what_if: Mapping | None) -> Block:
    """What was changed from the configured settings, or nothing (see `whatif.describe`)."""
    if not what_if:
        return Block("", "")
    lines = whatif.sentences(what_if)
    head = "What-if: not the configured settings" if what_if["changed"] else "A part of the paper"
    note = "Nothing on this page is a judgement of the paper."
    if what_if["changed"]:
        note += " Where the runs with the configured settings are at hand, their curves are drawn grey behind."
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return Block(
        f'<aside class="what-if" aria-label="changed settings"><strong>{head}</strong><ul>{items}</ul><p>{note}</p></aside>',
        "\n".join([f"> **{head}**", ">", *(f"> - {line}" for line in lines), ">", f"> {note}"]),
    )


def unsound(figure: Figure, health: Mapping[str, Sequence[Mapping]]) -> Block:
    """Which runs of a figure are not sound, by what value; nothing if all are.

    Args:
        figure: `experiments` and `conditions` name whose runs it draws.
        health: by experiment, judged parts (`health` of verdicts.json).
    """
    sick = [
        _sickness(experiment, part)
        for experiment in figure.experiments
        for part in health.get(experiment, [])
        if part["verdict"] in ("contradicted", "inconclusive") and _drawn(figure, part)
    ]
    if not sick:
        return Block("", "")
    text = f"Not sound: {'; '.join(sick)}. What this figure draws of these runs illustrates nothing."
    return Block(f'<p class="unsound">{escape(text)}</p>', f"**{text}**\n")


def _drawn(figure: Figure, part: Mapping) -> bool:
    """Whether a figure draws the runs of a part: those of its condition, or of all."""
    place = dict(each.partition("=")[::2] for each in (part.get("condition") or "").split(";"))
    return not figure.conditions or place.get("condition", figure.conditions[0]) in figure.conditions


def _sickness(experiment: str, part: Mapping) -> str:
    """`largest final loss of landscape53 (condition=sgd) is 12.3 where sound runs have ≤ 4 (1 of 3 runs)`."""
    low, high = (float(bound) for bound in part["bounds"])
    outside = [v for v in part["values"] if not isinstance(v, int | float) or not low <= v <= high]
    where = f" ({part['condition']})" if part.get("condition") else ""
    count = f" ({len(outside)} of {len(part['values'])} runs)" if outside and len(part["values"]) > 1 else ""
    value = numbers.text(part["observed"])
    bounds = numbers.bounds(*part["bounds"])
    name = part.get("label") or part["statistic"]
    return f"{name} of {experiment}{where} is {value} where sound runs have {bounds}{count}"


def not_shown(absent: Sequence[Absent], slug: str, scale: str, files: Sequence[str], left_out: Sequence[str]) -> Block:
    """One folded notice for all figures that the page does not show.

    Args:
        files: the data files that are missing, with their sizes where known.
        left_out: experiments that were not run.
    """
    if not absent:
        return Block("", "")
    prepare, again = (
        f"python -m verifig prepare --scale {scale}",
        f"python -m verifig run {slug} {' '.join(left_out)} --scale {scale} --stage report",
    )
    wanted = "1 data file" if len(files) == 1 else f"{len(files)} data files"
    reasons = {
        "data": f"For want of {wanted} ({', '.join(files)}), which `{prepare}` fetches",
        "runs": "For want of runs that were left out" + (f" (`{again}`)" if left_out else ""),
        "scale": f"Not drawn at {scale} scale",
        "error": "Could not be drawn from these runs",
    }
    head = f"{_count(len(absent))} not shown"
    lines = []
    for why, reason in reasons.items():
        if items := [item for item in absent if item.why == why]:
            lines += [f"{reason}: {_count(len(items))}.", "", *(f"- {_line(item)}" for item in items), ""]
    text = "\n".join(lines).rstrip()
    body = MarkdownIt("commonmark").render(text)
    return Block(
        f'<details class="not-shown"><summary>{head}</summary>{body}</details>',
        f"<details><summary>{head}</summary>\n\n{text}\n\n</details>",
    )


def _line(item: Absent) -> str:
    return item.heading + (f" ({item.detail})" if item.detail else "")


def _count(n: int) -> str:
    return f"{n} figure" + ("" if n == 1 else "s")
