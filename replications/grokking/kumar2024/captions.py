"""Sentences of the page that depend on the run: every number is one of its statistics, settings or values of the paper."""

from collections.abc import Callable

import numpy as np

from replications.grokking.kumar2024.measure import LEVEL
from verifig.pages.page import Page

Told = Callable[[], str]
BANDS = "{} seeds a line."


def settings(page: Page) -> str:
    """The setting of the polynomial regression."""
    used = page.settings("committee")
    return (
        f"Here D = {used['dimension']}, N = {used['width']}, P = {used['samples']} and ε = {used['epsilon']:g} unless a figure says otherwise, with "
        f"|β|² = D, weights from N(0, I) and {used['steps']:,} steps at {used['base_rate']:g}·N/α². The paper does not give these: "
        "all settings of the polynomial regression are a reconstruction, in which statements are judged and no numbers. A public copy of a notebook "
        "that a course project attributes to the paper's supplement gives them for most figures; our paper scale takes its sizes."
    )


def _at(page: Page, experiment: str, statistic: str, condition: str, take: str = "median") -> str:
    return page.number(experiment, statistic, {"condition": condition}, take=take, digits=2)


def _accuracy(page: Page, statistic: str, condition: str) -> str:
    return page.number("modular", statistic, {"condition": condition}, take="median", percent=True, digits=2)


def alpha_alt(page: Page) -> Told:
    return lambda: (
        "Two log-log panels over steps, a colour an output scale. Training losses fall over decades, the earlier the smaller α. Test losses end apart, in the order of α: medians "
        + ", ".join(
            f"{_at(page, 'committee', 'final_test', condition)} at {name}"
            for condition, name in (
                ("alpha_0.3", "α = 0.3"),
                ("alpha_1", "1"),
                ("alpha_3", "3"),
                ("alpha_10", "10"),
                ("lazy", "1000"),
            )
        )
        + "."
    )


def alpha_note(page: Page) -> Told:
    return lambda: (
        BANDS.format(page.seeds("committee", "alpha_1"))
        + f" At α = 1000 there are {page.seeds('committee', 'lazy')}. Training losses below 1e-7 are cut off. The paper's alphas are not known to us."
    )


def delay(page: Page) -> str:
    """How far the test loss was when the training set was fitted."""
    return (
        "When the training loss is down to a tenth of its first value, the test loss is still at "
        f"{_at(page, 'committee', 'test_when_fitted', 'alpha_1')} of its own first value at α = 1 and {_at(page, 'committee', 'test_when_fitted', 'alpha_10')} at α = 10 "
        f"(medians); with 500 samples, at α = 1, at {_at(page, 'goldilocks', 'test_when_fitted', 'p_500')}. Of what it then is, "
        f"{_at(page, 'committee', 'fall_after_fit', 'alpha_1')} is left at the end at α = 1, {_at(page, 'committee', 'fall_after_fit', 'alpha_10')} at α = 10 and "
        f"{_at(page, 'committee', 'fall_after_fit', 'lazy')} at α = 1000. In this small setting the delay is one of degree: the loss falls late, not suddenly. "
        "The smaller α, the farther the weights move (Figure 7d) and the lower the test loss ends; the most pronounced gap between a small training "
        "loss and a high test loss is that of the lazy networks, which do not close it in this run."
    )


def laziness_alt(page: Page) -> Told:
    return lambda: (
        f"Left: the relative change of the weights falls from {_at(page, 'committee', 'weight_change', 'alpha_0.3')} at α = 0.3 to {_at(page, 'committee', 'weight_change', 'alpha_10')} at 10 "
        f"and {_at(page, 'committee', 'weight_change', 'lazy')} at 1000; their norm over the first from {_at(page, 'committee', 'weight_norm', 'alpha_0.3')} towards 1. Right: the final test loss "
        "rises with α towards that of regression with the first kernel, of which it is "
        f"{_at(page, 'committee', 'test_over_regression', 'alpha_0.3')} times at α = 0.3 and {_at(page, 'committee', 'test_over_regression', 'lazy')} times at 1000."
    )


def laziness_note(page: Page) -> Told:
    used = page.settings("committee", "alpha_1")
    return lambda: (
        f"{page.seeds('committee', 'alpha_1')} seeds a point, {page.seeds('committee', 'lazy')} at α = 1000. "
        f"Where the target is learned, αεM = ββᵀ has trace D: for that the norm must grow to about √(1 + 1/(αε)) = {np.sqrt(1 + 1 / used['epsilon']):.2g} times at α = 1."
    )


def regression(page: Page) -> float:
    """Median test loss of regression with the first kernel, in Figure 1."""
    return float(page.value("misaligned", "regression_over_variance", {"condition": "network"}).median() / 2)


def misaligned_alt(page: Page) -> Told:
    return lambda: (
        f"Left: the test loss rises to {_at(page, 'misaligned', 'test_peak', 'network')} times its first value while the training loss falls little, then falls to "
        f"{_at(page, 'misaligned', 'test_over_regression', 'network')} times that of regression with the first kernel; that of the linearised network rises likewise and ends at "
        f"{_at(page, 'misaligned', 'test_over_regression', 'linearised')} times. Right: alignment grows to {_at(page, 'misaligned', 'alignment_gain', 'network')} times, the norm of the weights to "
        f"{_at(page, 'misaligned', 'weight_norm', 'network')} times its first value."
    )


def misaligned_note(page: Page) -> Told:
    used = page.settings("misaligned", "network")
    return lambda: (
        f"ε = {used['epsilon']:g}, α = {used['alpha']:g}, {used['samples']} samples. "
        + BANDS.format(page.seeds("misaligned"))
        + " The linearised network is one of α = 1000. Dotted: regression with the first kernel, median. By the end of the run the training loss of the linearised network is at "
        + f"{_at(page, 'misaligned', 'final_train', 'linearised')} of its first value: it has not yet fitted."
    )


def no_waiting(page: Page) -> str:
    """What the figure does not show of the paper's account."""
    return (
        "What this figure does not show is a network that has fitted as a kernel machine before it learns features: its training loss falls when the norm of its weights "
        "rises, while the linearised network, which cannot do so, ends with "
        f"{_at(page, 'misaligned', 'final_train', 'linearised')} of its first training loss against {_at(page, 'misaligned', 'final_train', 'network')}. The rise of the test loss before that is the "
        "first kernel's, as in the linearised network; the fall below it is that of features."
    )


def samples_alt(page: Page) -> Told:
    return lambda: (
        "Two log-log panels over steps. Training losses fall with every number of samples. Final test losses over the target's variance: "
        f"{_at(page, 'goldilocks', 'test_over_variance', 'p_50')} with 50 samples, {_at(page, 'goldilocks', 'test_over_variance', 'p_120')} with 120, "
        f"{_at(page, 'goldilocks', 'test_over_variance', 'p_500')} with 500 (medians)."
    )


def _functions(page: Page) -> int:
    """Dimension of the functions of the first kernel: D linear and D (D + 1) / 2 quadratic ones."""
    size = page.settings("goldilocks")["dimension"]
    return size * (size + 3) // 2


def samples_note(page: Page) -> Told:
    return lambda: (
        f"D = {page.settings('goldilocks')['dimension']}, α = 1; the numbers of samples are the paper's, its D is not known to us. "
        + BANDS.format(page.seeds("goldilocks"))
        + " Regression with the first kernel ends at "
        f"{_at(page, 'goldilocks', 'regression_over_variance', 'p_50')}, {_at(page, 'goldilocks', 'regression_over_variance', 'p_120')} and "
        f"{_at(page, 'goldilocks', 'regression_over_variance', 'p_500')} of the variance with 50, 120 and 500 samples: its functions, linear and quadratic ones, have "
        f"{_functions(page)} dimensions, and with as many samples it is exact without any features."
    )


def numbers(page: Page) -> dict[str, int]:
    """Which eigenvector each condition has as labels."""
    return {name: page.settings("eigenvectors", name)["eigenvector"] for name in ("first", "middle", "last")}


def eigenvectors_alt(page: Page) -> Told:
    return lambda: (
        "Three log-log panels over steps, one an eigenvector. The training loss falls in all. The test loss ends at "
        + ", ".join(
            f"{_at(page, 'eigenvectors', 'test_over_first', name)} of its first value with eigenvector {number}"
            for name, number in numbers(page).items()
        )
        + " (medians)."
    )


def eigenvectors_note(page: Page) -> Told:
    used, theirs = page.settings("eigenvectors"), page.paper("eigenvectors")
    return lambda: (
        f"D = {used['dimension']}, P = {used['samples']} training and as many test inputs, width {used['width']}, ε = {used['epsilon']:g}; the eigenvectors are those of the first kernel, "
        f"less its mean, on all inputs, in the order of eigenvalues. Eigenvectors {', '.join(map(str, theirs['shown']))} of the paper ({theirs['source']}) belong to "
        f"{theirs['samples']} training inputs in the public copy. " + BANDS.format(page.seeds("eigenvectors"))
    )


def lazy_eigenvectors(page: Page) -> str:
    """How much of Figure 5 is feature learning."""
    return (
        "A caution: little of this is feature learning. Regression with the first kernel alone, never updated, ends at about the same test losses: with the middle "
        f"eigenvector the trained network has {_at(page, 'eigenvectors', 'test_over_regression', 'middle')} times its test loss, with the last one "
        f"{_at(page, 'eigenvectors', 'test_over_regression', 'last')} times, and the kernel moves by {_at(page, 'eigenvectors', 'movement', 'middle')} of its norm with the middle one. "
        "In our reconstruction the middle eigenvector is learned late because its eigenvalue is small, not because features come late."
    )


def modular_alt(page: Page) -> Told:
    return lambda: (
        f"Three panels. Left: training accuracy reaches {100 * LEVEL:g} % while the test accuracy is at "
        f"{_accuracy(page, 'test_when_fitted', 'alpha_1')}; it ends at {_accuracy(page, 'final_test', 'alpha_1')}, with a shuffled table at "
        f"{_accuracy(page, 'final_test', 'shuffled')}. Middle: "
        f"the norm of the weights rises to {_at(page, 'modular', 'weight_norm', 'alpha_1')} times its first value. Right: the larger α, the later both, and the longer the delay: "
        f"{page.number('modular', 'delay_ratio', {'alphas': '1/0.25'}, take='median', digits=2)} times longer at 1 than at 0.25, "
        f"{page.number('modular', 'delay_ratio', {'alphas': '2/1'}, take='median', digits=2)} times at 2 than at 1."
    )


def modular_note(page: Page) -> Told:
    used, theirs = page.settings("modular", "alpha_1"), page.paper("modular")
    return lambda: (
        f"p = {used['modulus']}, width {used['width']}, {100 * used['train_fraction']:g} % of all pairs, as in the paper ({theirs['source']}). Our learning rate is {used['learning_rate']:g}/α² "
        f"({page.settings('modular', 'alpha_0.25')['learning_rate']:g}/α² at α = 0.25), the paper's {theirs['learning_rate']:g}; the axes count steps times ours over the paper's. "
        "Dashed: training. Activation (square) and scaling, α/(2pN), are not in the paper; both are those of the public copy. "
        + BANDS.format(page.seeds("modular"))
    )


def terms_alt(page: Page) -> Told:
    return lambda: (
        "Terms of Eq. 6 over steps of an uncentred predictor, their sum and the mean squared error over fresh inputs, which lies on the sum: the largest distance of any seed is "
        f"{page.number('identities', 'largest_z', take='max', digits=2)} standard errors."
    )


def terms_note(page: Page) -> Told:
    used = page.settings("identities")
    return lambda: (
        f"α = {used['alpha']:g}, ε = {used['epsilon']:g}, D = {used['dimension']}. {used['seeds']} seeds a line; circles: {used['draws']:,} fresh inputs a seed, medians. "
        "The predictor is not centred here, as in the paper's derivation."
    )


def eigenvalue(page: Page) -> str:
    """What the spectrum says about both formulas."""
    number = lambda statistic: page.number("identities", statistic, {"epsilon": 0.25}, digits=3)  # noqa: E731
    used = page.settings("identities")
    return (
        f"At ε = 0.25 the mean eigenvalue over all quadratic directions is {number('over_appendix')} times 2ε²/D² and {number('over_main_text')} times 2ε/D² "
        f"(D = {used['spectrum_dimension']}, {used['spectrum_draws']:,} inputs a seed, {used['seeds']} seeds). At ε = 1, and only there, both agree."
    )


def spectrum_alt(page: Page) -> Told:
    return lambda: (
        "Eigenvalue on quadratic functions over ε, log-log. The computed values lie on 2ε²/D², of slope 2; the line 2ε/D² lies above them for ε below 1 and meets it at 1."
    )


def spectrum_note(page: Page) -> Told:
    return lambda: (
        f"Circles: means over {page.seeds('identities')} seeds of the mean eigenvalue over all quadratic directions but |x|²."
    )
