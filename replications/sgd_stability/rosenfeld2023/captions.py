"""Sentences of the page that depend on the run: every number is one of its statistics or settings."""

from verifig.pages.page import Page

RATES = ("0.09", "0.1", "0.12")


def _at(page: Page, experiment: str, statistic: str, condition: str, **options) -> str:
    return page.number(experiment, statistic, {"condition": condition}, **({"take": "median", "digits": 2} | options))


def _by_rate(page: Page, statistic: str, arm: str = "opposing") -> str:
    return ", ".join(_at(page, "edge", statistic, f"{arm}_{rate}") for rate in RATES)


def settings(page: Page) -> str:
    """The setting of the toy."""
    used = page.settings("edge", "opposing_0.1")
    return (
        f"Here d = {used['dimension']}, n = {used['samples']:,}, A = {used['outlier_size']:g}, p = {used['outlier_share']:g}, κ = {used['kappa']:g} and "
        f"|β| = {used['beta']:g} unless said otherwise: {round(used['samples'] * used['outlier_share'] / 2)} samples in each group of outliers. "
        "All are settings of ours."
    )


def groups_alt(page: Page) -> str:
    return (
        "Three panels of mean losses over steps of one run. With opposing signs the losses of the two groups alternate, ever farther, up to a spike, and "
        "settle above zero; close by, one is high in even steps and the other in odd ones. With one sign they rise and fall together and end at zero."
    )


def groups_note(page: Page) -> str:
    return (
        f"One of {page.seeds('edge', 'opposing_0.09')} seeds, η = 0.09. Highest over first loss of the outliers at rates of {', '.join(RATES)} (medians): "
        f"{_by_rate(page, 'spike')} with opposing signs, {_by_rate(page, 'spike', 'aligned')} with one sign, "
        f"{_by_rate(page, 'spike', 'none')} without outliers."
    )


def valley_alt(page: Page) -> str:
    return (
        "Left: the sharpness over its closed form rises to 1 for three norms of the target, the smallest last. Right: at three larger learning rates the sharpness "
        "rises past 2 over the rate, falls at the spike, and ends below."
    )


def valley_note(page: Page) -> str:
    ratio = ", ".join(_at(page, "minimum", "over_closed_form", f"beta_{beta}", digits=4) for beta in ("1.5", "3", "6"))
    lowest = ", ".join(_at(page, "minimum", "lowest", f"beta_{beta}", digits=3) for beta in ("1.5", "3", "6"))
    return (
        f"Medians and quartiles of {page.seeds('minimum', 'beta_3')} seeds; dashed: the closed form. At |β| = 1.5, 3, 6 the last sharpness over it is {ratio}, the lowest over the first "
        f"{lowest}. At rates of {', '.join(RATES)} the highest sharpness is {_by_rate(page, 'peak_over_threshold')} times 2/η, the last "
        f"{_by_rate(page, 'final_over_threshold')} times (medians)."
    )


def aligned(page: Page) -> str:
    """What the signs change and what they do not."""
    return (
        f"With outliers of one sign the last sharpness is {_by_rate(page, 'final_over_threshold', 'aligned')} times 2/η: the valley is as narrow, "
        "since the second moment p A² does not see signs. What needs opposing signs is the alternation, and a loss that stays: "
        f"of the first loss {_at(page, 'edge', 'loss_left', 'opposing_0.09')} is left at η = 0.09, as no linear model fits |x_o|."
    )


def changes_alt(page: Page) -> str:
    return (
        "Three scatter plots of loss changes of one group against those of the other. With opposing signs and the smaller rate they lie along the falling "
        "diagonal; with the largest rate one group rises while the other changes little; with one sign they lie on the rising diagonal."
    )


def changes_note(page: Page) -> str:
    return (
        f"Over the 20 steps up to the spike, changes over the largest of their run. Correlations at rates of {', '.join(RATES)} (medians): "
        f"{_by_rate(page, 'correlation')} with opposing signs, {_by_rate(page, 'correlation', 'aligned')} with one sign. Without outliers the sharpness "
        f"stays at {_by_rate(page, 'peak_over_threshold', 'none')} times 2/η at most, and there is no spike."
    )


def network_alt(page: Page) -> str:
    return (
        "Left: at the large rate the shares of extreme samples that turn at the next step rise during training, those of samples that rose most first; at the small one they "
        "stay near zero. Right: the loss changes of two groups chosen at one step swing against each other from step to step, while the mean loss falls steadily."
    )


def network_note(page: Page) -> str:
    used, small = page.settings("network", "large"), page.settings("network", "small")
    return (
        f"{page.seeds('network', 'large')} seeds of {used['samples']:,} images, width {used['width']}, η = {used['learning_rate']:g} and {small['learning_rate']:g}. "
        f"Over the last third {_at(page, 'network', 'turn_up', 'large', percent=True)} of the rising fall next and "
        f"{_at(page, 'network', 'turn_down', 'large', percent=True)} of the falling rise; at the small rate "
        f"{_at(page, 'network', 'turn_up', 'small', percent=True)} and {_at(page, 'network', 'turn_down', 'small', percent=True)} (medians). "
        f"At the end the sharpness is {_at(page, 'network', 'sharpness_over_threshold', 'large')} and "
        f"{_at(page, 'network', 'sharpness_over_threshold', 'small')} times 2/η."
    )


def labels(page: Page) -> str:
    """Whether the groups differ in label."""
    large, small = (_at(page, "network", "overlap", name) for name in ("large", "small"))
    return (
        f"The two groups are not disjoint in label: the overlap of their shares of the ten digits (1 if they are the same, 0 if none is in both) is {large} at the large rate and "
        f"{small} at the small one (medians). No number of the paper is known for this, and none is judged."
    )
