"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from replications.double_descent.science.checks import image_counts
from verifig.planning.checks import at_least_one, distinct, increasing, no_conditions, require


def ridge(members: Sequence[Mapping]) -> None:
    """Simulated and exact risks on the same grid; test images left over from the pool."""
    no_conditions(members)
    member = members[0]
    at_least_one(member, "theorem_sizes")
    increasing(member, "ridges", "theorem_sizes")
    distinct(member, "ridges", digits=12)
    if member["trials"]:
        at_least_one(member, "k")
        increasing(member, "k")
    if member["image_trials"]:
        at_least_one(member, "image_k")
        increasing(member, "image_k")
        n, pool, total = member["n"], member["pool"], sum(image_counts(member["dataset"]))
        require(pool <= total, f"pool = {pool} must be at most {total}, the number of images of {member['dataset']}")
        require(n < pool, f"n = {n} must be below pool = {pool}: the other images are the test set")
