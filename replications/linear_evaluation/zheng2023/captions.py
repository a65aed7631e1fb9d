"""Sentences of the page that depend on the run: every number is one of its statistics or settings."""

import numpy as np

from verifig.pages.page import Page


def _factor(page: Page, experiment: str, statistic: str, condition: str) -> str:
    """Geometric mean over seeds, as claims of ratios are judged."""
    where = {"condition": condition} if condition else None
    rows = page.measured(experiment, statistic)
    values = rows[rows["condition"] == (f"condition={condition}" if condition else "")]["value"]
    return page.told(f"{np.exp(np.log(values).mean()):.2g}", experiment, statistic, where)


def _gain(page: Page, experiment: str, condition: str, size: int, strength: float) -> str:
    """Naive Bayes less logistic regression, in points."""
    place = {"condition": condition, "size": size, "strength": strength}
    return page.number(experiment, "gain", place, take="mean", percent=True, digits=2).replace(" %", "")


def _gains(page: Page, experiment: str, condition: str, sizes: list[int], strength: float) -> str:
    return ", ".join(_gain(page, experiment, condition, size, strength) for size in sizes)


def setting(page: Page) -> str:
    """The simulation."""
    used = page.settings("mixture", "two")
    return (
        f"**The simulation.** Two equally likely classes have means −1 and 1 in all of n coordinates; half of the coordinates have variance n, the others 1. "
        f"The number of samples goes through 2K, 2K + ⌈ln n⌉, …; m* is the first at which the mean error of {used['draws']} training sets is below "
        f"{page.paper('simulation')['level']:g}. With more classes means are −1, 1, 2, 4, …. Here sizes are searched by doubling and halving, and the error of a linear rule is exact for "
        "two classes. Naive Bayes has one pooled variance a coordinate, so that it is a linear rule as logistic regression is (C = 1, as in the authors' code)."
    )


def needed_alt(page: Page) -> str:
    return (
        "Left: the samples that logistic regression needs rise along a line a little flatter than slope 1, those of naive Bayes stay near 10; crosses for three classes lie above both. "
        "Right: errors fall with the number of samples, steeply and early for naive Bayes, late for logistic regression; the nearest mean stays above."
    )


def needed_note(page: Page) -> str:
    logistic = page.number("mixture", "slope_logistic", {"condition": "two"}, take="mean", digits=2)
    bayes = page.number("mixture", "slope_naive_bayes", {"condition": "two_bayes"}, take="mean", digits=2)
    return (
        f"Dots are seeds, lines geometric means. Slopes: logistic regression {logistic}, naive Bayes {bayes}. Right: errors seen in the search, below 1e-5 drawn there, means of up to "
        f"{page.settings('mixture', 'two')['draws']} training sets."
    )


def why(page: Page) -> str:
    """Why the simulation comes out so (derived here)."""
    return (
        "**Why it comes out so** (derived here). The best rule divides the difference of the means by the variances. Naive Bayes knows that covariances are diagonal and estimates these "
        "variances one by one, for which a few samples suffice. A rule that does not divide has an error above 0.078 even with exact means, in any number of dimensions: logistic "
        "regression must learn n weights apart, from a number of samples of order n. So m* of naive Bayes is one of the first sizes of the grid and does not grow: the simulation shows that it does not "
        "grow like n, and cannot tell O(log n) from O(1)."
    )


def covariances_alt(page: Page) -> str:
    return (
        "Left: with variance 1 logistic regression needs 4 samples at every n, the first of the grid, and naive Bayes as many or more. Right: with variance n over 8 both rise along "
        "nearly parallel lines, logistic regression above."
    )


def covariances_note(page: Page) -> str:
    bayes = _factor(page, "mixture", "growth_naive_bayes", "equal")
    ratio = page.number("mixture", "most_ratio", {"condition": "equal"}, take="mean", digits=2)
    last = page.settings("mixture", "equal")["dimensions"][-1]
    return (
        f"With variance n / 8 naive Bayes needs {bayes} times as many samples at the largest n, {last}, as at the smallest; the largest ratio of the two is {ratio} in the mean of "
        f"{page.seeds('mixture', 'equal')} seeds."
    )


def images_setting(page: Page) -> str:
    """Features of images."""
    used, layer = page.settings("images", "pca"), page.settings("images", "supervised")
    return (
        f"Half of the 5,000 images fit the representation: {used['components']} principal components, or a perceptron 784-{layer['width']}-{layer['width']}-10 trained with their labels, whose "
        f"second hidden layer gives the supervised features (its own test accuracy is {page.number('images', 'network', {'condition': 'supervised'}, take='mean', percent=True, digits=3)}). "
        f"A quarter is the pool from which m training images are drawn, {used['draws']} times, each drawn anew until all ten digits are there; a quarter is the test part. m counts all classes together. Features are "
        "scaled to [0, 1] on the m images, as in the authors' code."
    )


def images_alt(page: Page) -> str:
    return (
        "Above: errors of naive Bayes begin lower and end higher than those of logistic regression on principal components; on supervised features curves lie close at few samples. Below: "
        "differences rise from below zero to above it, later for small C."
    )


def images_note(page: Page) -> str:
    sizes = page.settings("images", "supervised")["sizes"]
    listed = ", ".join(f"{size:,}" for size in sizes)
    pca, nets = (page.seeds("images", name) for name in ("pca", "supervised"))
    return (
        f"{pca} and {nets} seeds. Naive Bayes less logistic regression in points at m = {listed}: principal components {_gains(page, 'images', 'pca', sizes, 1)} with C = 1 and "
        f"{_gains(page, 'images', 'pca', sizes, 10)} with C = 10; supervised features {_gains(page, 'images', 'supervised', sizes, 1)} with C = 1 and "
        f"{_gains(page, 'images', 'supervised', sizes, 10)} with C = 10."
    )


def confounds(page: Page) -> str:
    """What the early advantage depends on."""
    first = page.settings("images", "pca_few")["sizes"][0]
    gains = ", ".join(
        _gain(page, "images", "pca_few", first, c) for c in page.settings("images", "pca_few")["strengths"]
    )
    best = page.number(
        "images", "gain_best", {"condition": "pca_few", "size": first}, take="mean", percent=True, digits=2
    ).replace(" %", "")
    place = {"condition": "pixels", "size": first}
    floors = [
        page.number("images", name, place, take="mean", percent=True, digits=3) for name in ("naive_bayes", "floored")
    ]
    return (
        f"**What the early advantage depends on.** On principal components at m = {first} it is {gains} points with C = 1, 10, 100, and {best} with the best of them. On pixels the error of naive Bayes there is "
        f"{floors[0]} with the authors' floor of 1e-9 under variances and {floors[1]} with one of 0.01."
    )


def small_alt(page: Page) -> str:
    return "Above: on pixels of MNIST and on digits naive Bayes has the higher error at every number of samples; on breast_cancer it begins lower and ends higher. Below: the same differences."


def small_note(page: Page) -> str:
    used, cancer = page.settings("small", "digits"), page.settings("small", "breast_cancer")
    least = min(
        _means(page, "images", "pixels") + _means(page, "images", "pixels_many") + _means(page, "small", "digits")
    )
    told = page.told(f"{100 * least:.1f}", "small", "gain_best", {"condition": "digits"})
    return (
        f"Least mean difference to the best C on pixels and digits: {told} points. Naive Bayes less logistic regression on breast_cancer in points at m = "
        f"{', '.join(map(str, cancer['sizes']))}: {_gains(page, 'small', 'breast_cancer', cancer['sizes'], 1)}. Digits: {page.seeds('small', 'digits')} splits and {used['draws']} draw a size; breast_cancer: "
        f"{page.seeds('small', 'breast_cancer')} and {cancer['draws']}; MNIST: {page.seeds('images', 'pixels')} seeds."
    )


def _means(page: Page, experiment: str, condition: str) -> list[float]:
    rows = page.measured(experiment, "gain_best")
    rows = rows[rows["condition"].str.startswith(f"condition={condition};")]
    return [float(np.mean(values)) for _, values in rows.groupby("condition")["value"]]


def consistency_note(page: Page) -> str:
    used = page.settings("identities")
    return (
        f"Some of {used['pairs']:,} random pairs of probabilities and scores; the least r − Γ(t) over all of them is "
        f"{page.number('identities', 'slack', digits=1)}, the error of the equality {page.number('identities', 'tight_error', digits=1)}."
    )


def errata_note(page: Page) -> str:
    used = page.settings("identities")
    ratio = _factor(page, "identities", "default_over_tight", "")
    return (
        f"Left: largest deviation of the table {page.number('identities', 'stored_miscounted', digits=2)} standard errors from n / 2 + 1, "
        f"{page.number('identities', 'stored_rightly_counted', digits=2)} from n / 2. Right: n = {used['dimension']}, m = {used['samples']}, a line a seed; the default has {ratio} times the error."
    )


def errata(page: Page) -> str:
    """What the authors' code gets wrong, and what follows."""
    three = [page.number("identities", f"bayes_three_{n}", digits=2) for n in (40, 100)]
    return f"""
- The program of the simulation does not parse (an assignment lacks its `=`), and its script leaves out an argument that the program needs.
- Its table of Bayes errors comes from a function that counts n / 2 + 1 coordinates of variance n where the data have n / 2 (left). The four values are not used at n = 100 and beyond, where the code takes 0. The exact
  Bayes error of three classes is {three[0]} at n = 40, which the code takes as 0 as well, and {three[1]} at n = 100.
- It calls scikit-learn's logistic regression with the default tolerance. Version 1.4 divided the loss by the number of samples, so that the same call stops earlier now: in the simulation with an error above the level
  0.01 where the minimum lies below it (right). With it m* would be too large, and by more in more dimensions. Here the minimum is reached.
- Read, not run: labels are numbered in the order in which folders are listed, apart for training and test; naive Bayes is fed batches of 256, of which a later one that lacks a class breaks the merge; without an option for
  scaling the program for features uses a variable that is not defined.
"""
