"""Which settings go together, by program: checked before any training, without torch."""

from collections.abc import Mapping, Sequence

from replications.scaling_laws.bahri2024 import theory
from verifig.planning.checks import no_conditions, require

IMAGES = 5000  # of embedded MNIST
SIDE = 28
SMALLEST_LOSS = 1e-12  # of the trace: what is left to learn from D samples must stand clear of rounding


def kernels(members: Sequence[Mapping]) -> None:
    """Samples must leave something to be learnt; exponents need two sizes; pools fit the images."""
    settings = _settings(members)
    parameters, size = settings["variance_parameters"], settings["variance_features"]
    require(parameters < size, f"variance_parameters {parameters} must be below variance_features {size}")
    _sizes(settings, "sample_sizes", "features")
    for alpha in settings["alphas"]:
        spectrum, most = theory.power_spectrum(settings["features"], alpha), max(settings["sample_sizes"])
        left = theory.kappa(spectrum, most) / spectrum.sum()
        require(
            left > SMALLEST_LOSS,
            f"alphas {alpha:g} leaves a share of {left:.0e} of the variance after {most} samples, less than double "
            "precision resolves: use a smaller exponent or fewer samples",
        )
    _distinct("alphas", [f"{alpha:.12g}" for alpha in settings["alphas"]])
    _sizes(settings, "mnist_sizes", "mnist_features")
    most = max(settings["mnist_sizes"])
    require(most <= IMAGES, f"mnist_sizes {most} must be at most {IMAGES}, the number of images")
    _sizes(settings, "kernel_sizes", "population")
    _distinct("feature_pools", settings["feature_pools"])
    _distinct("kernel_settings", [tuple(pair) for pair in settings["kernel_settings"]])
    for name, pools in (
        ("feature_pools", settings["feature_pools"]),
        ("kernel_settings", [pool for pool, _ in settings["kernel_settings"]]),
    ):
        require(max(pools) <= SIDE, f"{name} pools {max(pools)} pixels, the images have {SIDE} a side")


def finite_networks(members: Sequence[Mapping]) -> None:
    """Images are there, exponents have two sizes and two widths."""
    settings = _settings(members)
    require(settings["pool"] <= SIDE, f"pool {settings['pool']} exceeds the {SIDE} pixels a side of the images")
    wanted = settings["train_size"] + settings["test_size"]
    require(wanted <= IMAGES, f"train_size + test_size = {wanted} exceeds the {IMAGES} images")
    _sizes(settings, "data_sizes")
    _distinct("width_inits", [width for width, _ in settings["width_inits"]])


def teacher_student(members: Sequence[Mapping]) -> None:
    """Every axis names each value once, and one of them gives an exponent."""
    settings = _settings(members)
    for name in ("dimensions", "sample_sizes", "student_widths", "depths"):
        _distinct(name, settings[name])
    several = len(settings["sample_sizes"]) > 1 or len(settings["student_widths"]) > 1
    require(several, "sample_sizes or student_widths must hold two values at least, or there is no exponent")


def _settings(members: Sequence[Mapping]) -> Mapping:
    """The settings of a program that varies everything by itself.

    Raises:
        InputError: there are conditions.
    """
    no_conditions(members)
    return members[0]


def _sizes(settings: Mapping, name: str, above: str | None = None) -> None:
    """Two different sizes at least, for an exponent, all below the setting `above`, which leaves nothing to learn."""
    sizes = settings[name]
    _distinct(name, sizes)
    require(len(sizes) > 1, f"{name} {list(sizes)} must hold two sizes at least, or there is no exponent")
    if above is not None:
        wrong = ", ".join(str(size) for size in sizes if size >= settings[above])
        require(not wrong, f"{name} {wrong} must be below {above} {settings[above]}")


def _distinct(name: str, values: Sequence) -> None:
    twice = [value for value in values if list(values).count(value) > 1]
    require(not twice, f"{name} names {twice[0] if twice else ''} twice")
