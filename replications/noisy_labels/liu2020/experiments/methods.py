"""What the names of the training methods mean."""

from collections.abc import Mapping


def strengths(member: Mapping) -> dict[str, float]:
    """Weights of the two penalties and the targets' beta of a member: `elr`, `kl`, `beta`.

    Cross-entropy (`method` ce) has targets too, which are followed but act on nothing.
    """
    strength, method = member["strength"], member["method"]
    return {"elr": strength * (method == "elr"), "kl": strength * (method == "kl"), "beta": member["beta"]}
