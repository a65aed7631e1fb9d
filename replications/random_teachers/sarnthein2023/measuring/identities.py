"""Statistics of the exact identities."""

from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact


def measure(artifact: Artifact, out: Tables) -> None:
    """Each value as it was computed; errors of the weights left by rounds of pruning."""
    for name, value in artifact.items():
        if name.startswith("step_zero"):
            out.per_seed("identities", name, value)
        elif name == "remaining":
            for row, error in enumerate(value):
                out.exact("identities", "remaining_error", abs(error), {"rounds": 3 * (row + 1)})
        else:
            out.exact("identities", name, float(value))
