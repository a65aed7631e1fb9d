"""Which settings go together: cross-conditions of each program, checked before anything is trained."""

from collections.abc import Mapping, Sequence

from verifig.planning.checks import by_condition, no_conditions, require, shared

LENGTH = ("epochs", "log_every", "chunk")  # of the run, not of a condition
HEADS = 4
IMAGES = 5000  # embedded MNIST images
NETWORK = ("modulus", "code_bits", "width", "bias")  # what decides how many weights there are


def thresholds(members: Sequence[Mapping]) -> None:
    """Exact facts; nothing is trained."""
    no_conditions(members)


def modular(members: Sequence[Mapping]) -> None:
    """Modular arithmetic: a training and a test pair at least, and a code for each integer."""
    shared(members, LENGTH)
    for member in by_condition(members):
        _split(member, member["modulus"] ** 2)
        bits, modulus = member["code_bits"], member["modulus"]
        require(
            bits == 0 or 2**bits >= modulus,
            f"code_bits = {bits} gives {2**bits} codes, fewer than modulus = {modulus}: take more bits, or 0 for one-hot",
        )


def landscape(members: Sequence[Mapping]) -> None:
    """Trajectories of equally many weights, on grids of one size."""
    modular(members)
    shared(members, (*NETWORK, "grid"))


def mnist(members: Sequence[Mapping]) -> None:
    """Training and test images from the embedded ones."""
    shared(members, LENGTH)
    for member in by_condition(members):
        size = member["train_size"] + member["test_size"]
        require(
            size <= IMAGES, f"train_size + test_size = {size} must be at most {IMAGES:,}, the number of embedded images"
        )


def parity(members: Sequence[Mapping]) -> None:
    """As many distinct strings as are asked for."""
    shared(members, LENGTH)
    for member in by_condition(members):
        bits = member["parity_bits"] + member["noise_bits"]
        require(
            member["strings"] <= 2**bits,
            f"strings = {member['strings']} must be at most 2^(parity_bits + noise_bits) = {2**bits}, the number of strings",
        )


def transformer(members: Sequence[Mapping]) -> None:
    """Four heads of equal width, always with biases."""
    shared(members, LENGTH)
    for member in by_condition(members):
        _split(member, (member["modulus"] - 1) ** 2)
        require(member["width"] % HEADS == 0, f"width = {member['width']} must be a multiple of the {HEADS} heads")
        require(member["bias"], "bias = False is not available: the transformer has biases, as the authors'")


def _split(member: Mapping, pairs: int) -> None:
    fraction = member["train_fraction"]
    size = int(fraction * pairs)
    require(
        1 <= size < pairs,
        f"train_fraction = {fraction} of {pairs} pairs leaves {size} to train on and {pairs - size} to test on",
    )
