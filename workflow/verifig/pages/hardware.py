"""What the runs of a page were made on, and what they took."""

from verifig.ground import numbers
from verifig.ground.files import read_json
from verifig.ground.paths import Layout
from verifig.pages import cards
from verifig.pages.cards import Block
from verifig.planning import datasets, rulesets


def runs(layout: Layout, ruleset: rulesets.RuleSet) -> Block:
    """Hardware, cost (coarsely) and versions, from the records beside the artifacts."""
    records = [read_json(path) for path in sorted(layout.folder.glob("*.provenance.json"))]
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
        for name, digest in datasets.from_folders(ruleset, record["job"]["data"]).items()
    }
    block = cards.table(["Experiment", "Hardware", "CPU time", "Peak memory", "Member steps", "Key"], rows)
    text = f"Training took about {total} of processor time in all. " + ", ".join(
        f"{n} {v}" for n, v in sorted(versions.items())
    )
    if given:  # not the publisher's files, so numbers need not be comparable
        text += ". Given as folders of images, not as published: " + ", ".join(
            f"{name} (sha256 {digest[:12]})" for name, digest in sorted(given.items())
        )
    took, _, rest = text.partition(". ")
    folded = f"<details><summary>{cards.escape(took)}: by experiment, with versions</summary>{block.html}<p>{cards.escape(rest)}.</p></details>"
    return Block(folded, f"{block.markdown}\n\n{text}.")
