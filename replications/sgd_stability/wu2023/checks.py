"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, distinct, increasing, no_conditions, require, shared

TASK = ("samples", "test_size", "dimension", "converged_below")  # one problem a seed, for all conditions
RECORD_EVERY = 100  # steps between two records of the escape experiment


def thresholds(members: Sequence[Mapping]) -> None:
    """Exact facts on random instances; nothing is trained."""
    no_conditions(members)


def relu(members: Sequence[Mapping]) -> None:
    """Two-layer network: its blocks of exact SGD are written for batch size 1."""
    _dynamics(members, (*TASK, "teacher_neurons", "width"))
    for member in by_condition(members):
        sizes = member["batch_sizes"]
        require(sizes == [1], f"batch_sizes = {sizes} must be [1]: the ReLU network is trained with batch size 1 only")


def diagonal(members: Sequence[Mapping]) -> None:
    """Diagonal network: the teacher's support lies among the inputs, batches among the samples."""
    _dynamics(members, (*TASK, "support"))
    for member in by_condition(members):
        support, dimension, samples = member["support"], member["dimension"], member["samples"]
        require(support <= dimension, f"support = {support} must be at most dimension = {dimension}")
        largest = max(member["batch_sizes"])
        require(
            member["replacement"] or largest <= samples,
            f"batch_sizes: {largest} must be at most samples = {samples} when drawn without replacement",
        )
        distinct(member, "initial_ratios")


def escape(members: Sequence[Mapping]) -> None:
    """Linearised SGD: two records at least in the second half."""
    no_conditions(members)
    member = members[0]
    _blocks(member, "gd_steps", "sgd_steps")
    require(member["steps"] >= 2 * RECORD_EVERY, f"steps = {member['steps']} must be at least {2 * RECORD_EVERY}")
    increasing(member, "ratios")
    distinct(member, "ratios", digits=12)


def _dynamics(members: Sequence[Mapping], task: Sequence[str]) -> None:
    shared(members, task)
    for member in by_condition(members):
        _blocks(member, "steps", "log_every")
        distinct(member, "learning_rates")


def _blocks(member: Mapping, *names: str) -> None:
    for name in names:
        block = member["block"]
        require(member[name] % block == 0, f"{name} = {member[name]} must be a multiple of block = {block}")
