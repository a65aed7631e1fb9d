"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, distinct, increasing, no_conditions, require, shared

POOL = {"digits": 1797, "mnist_5k": 5000, "mnist": 60000}
POSITIVE = {"digits": 720, "mnist_5k": 2000, "mnist": 24754}  # digits 0 to 3 among them
TESTS = {"mnist": 10000}  # where they are apart


def exact(members: Sequence[Mapping]) -> None:
    """Nothing is drawn."""
    no_conditions(members)
    member = members[0]
    require(member["seeds"] == 1, f"seeds = {member['seeds']} must be 1: nothing is drawn")
    increasing(member, "relu_depths", "kernel_depths")
    distinct(member, "dimensions", "ps", "sine_orders")
    _squares(member)


def images(members: Sequence[Mapping]) -> None:
    """All conditions from one data set, which holds their images."""
    shared(members, ("dataset", "steps"))
    for member in by_condition(members):
        increasing(member, "depths")
        _pool(member)
        if member["squares"]:
            _squares(member)


def noisy(members: Sequence[Mapping]) -> None:
    """Embedded images, one list of orders."""
    shared(members, ("dataset", "orders"))
    for member in by_condition(members):
        require(member["dataset"] != "mnist", "dataset = mnist must be digits or mnist_5k here")
        increasing(member, "orders")
        distinct(member, "orders")
        _pool(member)


def sphere(members: Sequence[Mapping]) -> None:
    """One list of sizes and of orders."""
    no_conditions(members)
    increasing(members[0], "sizes", "orders")
    distinct(members[0], "orders")


def depth(members: Sequence[Mapping]) -> None:
    """One list of depths."""
    shared(members, ("depths", "solved_depths", "p"))
    for member in by_condition(members):
        increasing(member, "depths", "solved_depths")


def width(members: Sequence[Mapping]) -> None:
    """One group after the other."""
    no_conditions(members)
    increasing(members[0], "depths")
    distinct(members[0], "correlations")
    deepest = members[0]["depths"][-1]
    require(deepest <= 6, f"depths = {members[0]['depths']} must end at 6: kernels of h_2 vanish beyond")


def _squares(member: Mapping) -> None:
    squares = member["squares"]
    require(abs(sum(squares) - 1) < 1e-9, f"squares = {squares} must sum to 1")
    require(squares[0] < 1, f"squares = {squares} must not be a constant activation")


def _pool(member: Mapping) -> None:
    name, n, count = member["dataset"], member["n"], member["test_size"]
    if name in TESTS:
        require(n <= POOL[name], f"n = {n:,} must be at most {POOL[name]:,}, the images of {name}")
        require(count <= TESTS[name], f"test_size = {count:,} must be at most {TESTS[name]:,}")
    else:
        require(n + count <= POOL[name], f"n + test_size = {n + count:,} must be at most {POOL[name]:,}")
    if member["labels"] == "balanced":
        half = POSITIVE[name]
        require(n // 2 <= half, f"n = {n:,} must be at most {2 * half + 1:,} where labels are balanced")
        require(n - n // 2 <= POOL[name] - half, f"n = {n:,} is more than twice the images of a class")
