"""Sentences of the page that depend on the run: every number is one of its statistics or settings."""

from verifig.pages.page import Page


def _at(page: Page, experiment: str, statistic: str, place: dict | None = None, **options) -> str:
    return page.number(experiment, statistic, place or {}, **({"take": "mean", "digits": 2} | options))


def settings(page: Page) -> str:
    """The setting of the spectra."""
    used = page.settings("spectra")
    return (
        f"Here the networks have one hidden layer of {used['width']} neurons and biases, {used['samples']:,} samples of 8×8 digits and {used['steps']} steps of "
        f"full-batch gradient descent on the cross-entropy at η = {used['learning_rate']:g}, "
        f"which leave {_at(page, 'spectra', 'loss_left', percent=True)} of the loss (mean). All are settings of ours."
    )


def sharpness_alt(page: Page) -> str:
    return (
        "Two panels on logarithmic axes. Left: the largest eigenvalue of batches over the full one falls with the batch size towards 1; the fitted model follows it "
        "from 4 samples on and lies above it below. Batches of one sample stay high, without a trend. Right: the excess falls along a line between slopes −1/2 and −1."
    )


def sharpness_note(page: Page) -> str:
    some = ", ".join(_at(page, "spectra", "inflation", {"batch": size}, digits=3) for size in (1, 16, 64))
    return (
        f"Medians and ranges of {page.seeds('spectra', 'base')} seeds, each a mean over a partition into batches. At B = 1, 16, 64 the ratio is {some} (means). "
        f"The slope of the excess over B = 4 to 128 is {_at(page, 'spectra', 'slope')}; the fitted noise s/λ₁² is {_at(page, 'spectra', 'noise')}, "
        f"and at B = 1 the measured value is {_at(page, 'spectra', 'first_over_model')} of the model's (means). "
        f"Batches of one sample: slope {_at(page, 'spectra', 'slope_copies')}."
    )


def not_the_rate(page: Page) -> str:
    """What the model says of learning rates, and what not."""
    return (
        "In this model 1/λ₁(B) grows nowhere faster than the root of B: above the transition λ₁ + s/(Bλ₁) is at most twice λ₁, below it falls like B^(−1/2). "
        f"Measured over B = 1 to 8 the slope of 1/λ₁(B) is {_at(page, 'spectra', 'inverse_slope')} (mean). So a largest rate in proportion to B does not follow from "
        "2 over the sharpness of a batch in such networks; in linear regression it follows from the exact threshold below, which counts the noise in all directions."
    )


def rates_alt(page: Page) -> str:
    return (
        "Two panels on logarithmic axes. Left: bisected rates of SGD lie on the exact curve, which follows slope 1 for small batches and bends towards 2. Right: with "
        "label noise the rates of SGD rise with slope 1 and those of Adam with slope 1/2, on their closed forms; Adam's lie above its form at the largest batches."
    )


def rates_note(page: Page) -> str:
    used = page.settings("linear", "b1")
    return (
        f"d = {used['dimension']}; medians and ranges of {page.seeds('linear', 'b1')} and {page.seeds('noisy', 'sgd_1')} seeds. Left: slope over B = 1 to 8 "
        f"{_at(page, 'linear', 'slope')}, over 32 to 128 {_at(page, 'linear', 'slope_large')}. Right, over B = 1 to 32: SGD "
        f"{_at(page, 'noisy', 'slope', {'optimizer': 'sgd'})}, Adam {_at(page, 'noisy', 'slope', {'optimizer': 'adam'})} (means). At B = 32 Adam's rate is "
        f"{_at(page, 'noisy', 'over_formula', {'optimizer': 'adam', 'batch': 32}, digits=3)} times its closed form."
    )


def networks_alt(page: Page) -> str:
    return (
        "Two panels on logarithmic axes: largest rates of networks against batch size under SGD and under Adam, with lines of slopes 1 and 1/2 from the value at B = 1. "
        "Both curves rise more slowly than slope 1."
    )


def networks_note(page: Page) -> str:
    used = page.settings("rates", "sgd_1")
    slope = {name: _at(page, "rates", "slope", {"optimizer": name}) for name in ("sgd", "adam")}
    return (
        f"Medians and ranges of {page.seeds('rates', 'sgd_1')} seeds, {used['steps']} steps, hidden layer of {used['width']}. Slopes over B = 1 to 8: SGD {slope['sgd']}, "
        f"Adam {slope['adam']}; their difference {_at(page, 'rates', 'slope_difference')} (means)."
    )
