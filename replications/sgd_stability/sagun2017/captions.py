"""Sentences of the page that depend on the run: every number is one of its statistics or settings."""

from verifig.pages.page import Page

CLASSES, WIDTHS = ("classes_2", "classes_5", "classes_10"), ("width_4", "classes_5", "width_16")


def _each(page: Page, statistic: str, conditions: tuple[str, ...], **options) -> str:
    """Medians of a statistic over conditions, in a row."""
    options = {"take": "median", "digits": 2} | options
    return ", ".join(page.number("networks", statistic, {"condition": name}, **options) for name in conditions)


def _line(page: Page, statistic: str, arm: str, **options) -> str:
    options = {"take": "mean", "digits": 2} | options
    return " and ".join(page.number("path", statistic, {"condition": f"{arm}_{count}"}, **options) for count in (5, 10))


def settings(page: Page) -> str:
    """The setting of the networks."""
    used = page.settings("networks", "classes_5")
    return (
        f"Networks of one hidden layer of ReLU neurons with biases learn the first C digits from {used['samples']} images by "
        f"{used['steps']:,} steps of full-batch gradient descent at η = {used['learning_rate']:g} on the mean cross-entropy; width "
        f"{used['width']} and C = {used['classes']} unless said otherwise. These are the dossier's settings, not the paper's."
    )


def spectra_alt(page: Page) -> str:
    return (
        "Two panels of eigenvalues over the largest by rank, on log axes. About C of them lie above 5 percent, then they fall steeply; "
        "with more classes the fall comes later, at larger width it comes at the same rank and a longer tail follows."
    )


def spectra_note(page: Page) -> str:
    return (
        f"One of {page.seeds('networks', 'classes_5')} seeds; filled: positive, open: negative; what is below 10⁻⁶ is drawn there. With 2, 5 and 10 "
        f"classes {_each(page, 'bulk', CLASSES, percent=True, digits=3)} of the eigenvalues are in the bulk at the end, "
        f"{_each(page, 'bulk_at_start', CLASSES, percent=True, digits=3)} at the start (medians)."
    )


def outliers_alt(page: Page) -> str:
    return (
        "Left: outliers over classes. With labels as they are the line lies in the shaded band; with labels at random it "
        "rises more slowly and begins above the band; with centred images it lies far above. Right: over width both numbers stay nearly level."
    )


def outliers_note(page: Page) -> str:
    random = ("random_2", "random_5", "random_10")
    return (
        f"Outliers with 2, 5, 10 classes: {_each(page, 'outliers', CLASSES)}; with labels at random {_each(page, 'outliers', random)}; with centred "
        f"images and 5, 10 classes {_each(page, 'outliers', ('centred_5', 'centred_10'))}. At widths 4, 8, 16 {_each(page, 'outliers', WIDTHS)} outliers, "
        f"{_each(page, 'outside', WIDTHS)} eigenvalues outside the bulk, and {_each(page, 'bulk', WIDTHS, percent=True, digits=3)} in it (medians)."
    )


def widths(page: Page) -> str:
    """How far the outliers of a run change with the width."""
    least, most = (
        page.number("networks", "outlier_range", {"group": "widths"}, take=take) for take in ("median", "max")
    )
    return (
        f"Over the three widths the outliers of a run change by {least} (median), in the run in which they change most by {most}: eigenvalues close "
        "to the limit of 5 % fall on either side of it."
    )


def random(page: Page) -> str:
    """What the random labels show and what not."""
    left = _each(page, "loss_left", ("random_2", "random_5", "random_10"), percent=True)
    return (
        f"Labels at random are hard to learn for networks of this size: {left} of the first loss are left with 2, 5 and 10 classes. "
        "With 10 classes their median count of outliers is within C − 1 to 2C; nothing is concluded from it. The "
        "count also depends on what the images have in common: with the mean image subtracted the limit 2C is passed by networks that "
        "learn the true labels."
    )


def residual_alt(page: Page) -> str:
    return (
        "Left, on log axes: the norm of H − G falls in proportion to the loss, the largest eigenvalue more slowly. Right: their ratio falls "
        "from near one half to below 2 percent."
    )


def residual_note(page: Page) -> str:
    return (
        f"A line a seed. Exponents of the norm of H − G with 2, 5, 10 classes: {_each(page, 'residual_exponent', CLASSES)}; of the largest eigenvalue: "
        f"{_each(page, 'largest_exponent', CLASSES)}. At the end the ratio is {_each(page, 'residual', CLASSES, percent=True)}, at the start "
        f"{_each(page, 'residual_at_start', CLASSES, percent=True)}; the lowest eigenvalue over the largest "
        f"{_each(page, 'lowest', CLASSES, percent=True)}, at the start {_each(page, 'lowest_at_start', CLASSES, percent=True)} (medians)."
    )


def share_alt(page: Page) -> str:
    return (
        "Left: with labels as they are the share lies in the shaded band at every number of classes, with labels at random and with centred images "
        "below. Right: the bulk's share falls with the number of classes."
    )


def share_note(page: Page) -> str:
    random = ("random_2", "random_5", "random_10")
    return (
        f"Medians and quartiles of {page.seeds('networks', 'classes_5')} seeds. Share of the trace with 2, 5, 10 classes: "
        f"{_each(page, 'top_share', CLASSES, percent=True)}; with labels at random {_each(page, 'top_share', random, percent=True)}; with centred images and 5, 10 classes "
        f"{_each(page, 'top_share', ('centred_5', 'centred_10'), percent=True)}."
    )


def line_alt(page: Page) -> str:
    return (
        "Loss on the line from the large-batch to the small-batch solution. From one start at the smaller rate it runs flat along the bottom; from two starts it rises "
        "in between; at the larger rate it lies between."
    )


def line_note(page: Page) -> str:
    used = page.settings("path", "same_5")
    worst = _line(page, "barrier", "same", take="max", percent=True)
    middle = _line(page, "barrier", "same", take="median", percent=True)
    return (
        f"{page.seeds('path', 'same_5')} seeds; small batches of {used['batch_size']} for as many steps. Largest barrier over the first loss at rate "
        f"{used['small_learning_rate']:g} with 5 and 10 classes: {worst}, median {middle}. Means: {_line(page, 'barrier', 'hot', percent=True)} at rate "
        f"{page.settings('path', 'hot_5')['small_learning_rate']:g}, {_line(page, 'barrier', 'other', percent=True)} from two starts."
    )


def distance(page: Page) -> str:
    """How far apart the two solutions are, and what the larger rate does."""
    left = _line(page, "small_left", "hot", take="max", percent=True)
    return (
        f"The two solutions are {_line(page, 'distance', 'same', take='median')} times as far apart as the large batch has moved at the smaller rate, "
        f"{_line(page, 'distance', 'hot', take='median')} times at the larger one, {_line(page, 'distance', 'other', take='median')} times from two starts "
        f"(medians, 5 and 10 classes). At the larger rate single runs of the small batch do not settle: up to {left} of the first loss are left."
    )
