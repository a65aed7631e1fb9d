"""`verifig list`: themes, papers, experiments, and every setting with its value, unit and help."""

from verifig.ground import numbers
from verifig.planning import rulesets, themes


def show(slug: str | None, experiment: str | None, scale: str) -> None:
    """Print all papers by theme, one paper's experiments, or one experiment's settings."""
    if slug is None:
        for theme in themes.load().values():
            print(f"{theme.name} ({theme.title})")
            for name in theme.papers:
                print(f"  {name:18s} {rulesets.load(name).title}")
        print("\npython -m verifig list <paper> [<experiment>] --scale S shows more")
        return
    ruleset = rulesets.load(slug)
    if experiment is None:
        for name, base in ruleset.bases.items():
            scales = ruleset.scales(name)
            cost = ruleset.entry(name, scale).expected_seconds if scale in scales else None
            time = f", about {numbers.seconds(cost)} at {scale} scale" if cost else ""
            print(f"{name:18s} {base['about']} [{', '.join(scales)}{time}]")
        return
    values = rulesets.settings(ruleset, experiment, scale)
    known = ruleset.settings_schema["properties"]
    for name, value in values.items():
        if name == "conditions":
            continue
        entry = known.get(name, {})
        unit = f" [{entry['unit']}]" if "unit" in entry else ""
        print(f"{name:24s} {value!s:12s} {entry.get('description', '')}{unit}{_range(entry)}")
    if "conditions" in values:
        print(
            "\nconditions, each of them trained: `--only NAME...` trains a choice, `--set conditions.NAME.SETTING=VALUE` changes "
            "or adds one, `--set conditions.NAME=null` drops one"
        )
    for name, condition in values.get("conditions", {}).items():
        print(f"condition {name}: " + (", ".join(f"{key}={value}" for key, value in condition.items()) or "as above"))


def _range(entry: dict) -> str:
    """The allowed values of a setting."""
    if "enum" in entry:
        return f" ({', '.join(map(str, entry['enum']))})"
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    limits = [f"{sign} {entry[name]}" for name, sign in signs.items() if name in entry]
    return f" ({', '.join(limits)})" if limits else ""
