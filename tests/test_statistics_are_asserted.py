"""Every statistic that a claim names is asserted by a test of its rule set."""

import ast

import pytest

from verifig.ground.paths import ruleset_dir, slugs
from verifig.judging import claims


def named(slug: str) -> set[str]:
    """Statistics that parts of claims and controls, their control arms, and signs of health name."""
    entries = [*claims.load(slug), *({"parts": parts} for parts in claims.health(slug).values())]
    parts = [part for entry in entries for kind in ("parts", "healthy", "substitute") for part in entry.get(kind, [])]
    arms = [part["control_arm"] for part in parts if "control_arm" in part]
    return {part["statistic"] for part in (*parts, *arms) if "statistic" in part}


def asserted(slug: str) -> set[str]:
    """Texts within assert statements of the rule set's tests, and within the cases that those are called with."""
    found = set()
    for path in (ruleset_dir(slug) / "tests").glob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Assert) or (isinstance(node, ast.Call) and "parametrize" in ast.unparse(node.func)):
                found |= {
                    leaf.value
                    for leaf in ast.walk(node)
                    if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)
                }
    return found


@pytest.mark.parametrize("slug", slugs())
def test_every_statistic_that_a_claim_names_is_asserted(slug):
    assert sorted(named(slug) - asserted(slug)) == []
