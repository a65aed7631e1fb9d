"""Sentences of the page that depend on the run: every number is one of its statistics or settings."""

import numpy as np

from verifig.pages.page import Page

PLACE = {"take": "mean", "digits": 3}


def _found(page: Page, experiment: str, statistic: str, *conditions: str, **options) -> str:
    """A statistic of some conditions, in a row."""
    options = PLACE | options
    return ", ".join(page.number(experiment, statistic, {"condition": name}, **options) for name in conditions)


def _pair(page: Page, statistic: str, pair: str, experiment: str = "images", **options) -> str:
    return page.number(experiment, statistic, {"pair": pair}, **(PLACE | options))


def _factor(page: Page, statistic: str, pair: str, experiment: str = "images") -> str:
    """Geometric mean of a ratio over seeds, as its claim is judged."""
    rows = page.measured(experiment, statistic)
    values = rows[rows["condition"] == f"pair={pair}"]["value"]
    return page.told(f"{np.exp(np.log(values).mean()):.2f}", experiment, statistic, {"pair": pair})


def _points(page: Page, pair: str) -> str:
    """Accuracy lost, in percentage points."""
    return _pair(page, "lost", pair, percent=True, digits=2).replace(" %", " points")


def settings(page: Page) -> str:
    """The setting of the networks."""
    used, labels = page.settings("images"), page.settings("labels")
    return (
        f"At laptop scale the networks see {used['samples']:,} MNIST images, averaged over blocks of {used['pool']}x{used['pool']} to 14x14 pixels, and are tested on "
        f"1,000 others: perceptrons with one hidden layer of ReLU neurons, and a convolution of 5x5 with stride 2 and a linear layer. Adam with "
        f"β₂ = {used['beta2']:g} at {used['learning_rate']:g} in the coordinates takes {used['steps']} steps with batches of {used['batch_size']}, the rate falling in two "
        f"drops; every comparison holds this budget fixed. **Solved** is a test accuracy of {used['level']:g}, one threshold for all networks (*global*), which "
        f"is about 0.9 of what such a network reaches when it is trained directly; with random labels it is a training accuracy of {labels['level']:g}. d is "
        "interpolated in its logarithm between the dimensions tried. These are settings of ours; subspaces of one seed are nested."
    )


def toy_alt(page: Page) -> str:
    return (
        "Left: the least loss over the first loss falls along the line 1 minus d over k to zero at d = 10, with seeds and the authors' values scattered "
        "about it inside the law's band. Right: four distributions of the loss that is left, each on its dashed Beta law."
    )


def toy_note(page: Page) -> str:
    toy = page.settings("toy", "base")
    law = ", ".join(page.number("toy", "left", {"dimension": d}, digits=3) for d in toy["draw_dimensions"])
    return (
        f"{page.seeds('toy', 'base')} seeds; right: {toy['draws']:,} draws. Mean shares left at d = {', '.join(map(str, toy['draw_dimensions']))}: {law}; p of the "
        f"Kolmogorov-Smirnov test at d = 4: {page.number('toy', 'law_p', {'dimension': 4}, digits=2)}. From d = 10 on at most "
        f"{page.number('toy', 'left_solved', {'condition': 'base'}, take='max', digits=1)} is left, at d = 9 at least "
        f"{page.number('toy', 'left_before', {'condition': 'base'}, take='min', digits=2)}. The authors' values are ln of their performance, exp(−loss), over that at "
        "d = 0: one run, trained and not solved exactly."
    )


def grid_alt(page: Page) -> str:
    return (
        "Left: the authors' 20 networks lie between 675 and 900 dimensions, nearly level over parameters that grow 24 times. Right: our three widths lie "
        "nearly level too; the widest with fewer steps lies above."
    )


def grid_note(page: Page) -> str:
    slow, wide = page.settings("images", "wide_slow")["steps"], page.settings("images", "wide")["steps"]
    return (
        f"Left: first d above 0.90 in the authors' stored table, exponent of d in D {page.number('identities', 'authors_slope', digits=2)}. Right, a dot a seed: mean d at "
        f"widths 16, 32, 64: {_found(page, 'images', 'dimension', 'narrow', 'middle', 'wide')}; exponent {_pair(page, 'slope', 'wide/narrow', digits=2)} from width 16 to 64, "
        f"but {_pair(page, 'slope', 'wide_slow/narrow', digits=2)} where the wider networks get {slow} steps in place of {wide}. At width 64 d is "
        f"{page.number('images', 'share', {'condition': 'wide'}, percent=True, digits=2)} of D."
    )


def sound(page: Page) -> str:
    """Which runs the warnings above figures mean; nothing where all are sound."""
    parts = [each for each in page.health.get("images", []) if each.get("condition") == "condition=narrow"]
    below = [value for part in parts for value in part["values"] if value < float(part["bounds"][0])]
    if not below:
        return ""
    limit, count = float(parts[0]["bounds"][0]), len(parts[0]["values"])
    worst = page.number("images", "direct", {"condition": "narrow"}, take="min", percent=True, digits=3)
    return (
        f"The warning above this figure and the next means {len(below)} of {count} networks of width 16: where all of its weights are trained the worst ends at {worst}, "
        f"below the limit of {100 * limit:.0f} % that was set before. Subspaces, which the claims judge, are trained beside it and pass a threshold of their own."
    )


def accuracy_alt(page: Page) -> str:
    return (
        "Left: accuracy rises with d alike at three widths, and passes the threshold near 300. Right: the authors' curves on MNIST; LeNet reaches 0.9 at 290, the "
        "perceptron between 750 and 1,000, LeNet on shuffled pixels at 1,400."
    )


def accuracy_note(page: Page) -> str:
    return (
        f"Left: our test accuracies; trained directly {_found(page, 'images', 'direct', 'narrow', 'middle', 'wide', percent=True)} at widths 16, 32, 64. Right: the authors' stored "
        f"arrays, a perceptron of {page.paper('fc')['parameters']:,} parameters (means of 3 runs), softmax regression and LeNet."
    )


def projections_alt(page: Page) -> str:
    return "Two panels of dots joined by seed: dense, another dense draw, sparse and Fastfood need about the same dimension, and seeds differ more than kinds."


def projections_note(page: Page) -> str:
    ratios = ", ".join(_factor(page, "ratio", f"{name}/middle") for name in ("other", "sparse", "fastfood"))
    return (
        f"{page.seeds('images', 'sparse')} seeds at width 32. Mean dimensions, dense, sparse, Fastfood: {_found(page, 'images', 'dimension', 'middle', 'sparse', 'fastfood')}; over the "
        f"first dense draw: {ratios} for another dense draw, sparse, Fastfood."
    )


def pixels_alt(page: Page) -> str:
    return (
        "Left: the convolutional network on plain pixels is above its curve on shuffled pixels at every dimension; the two perceptron curves lie on each other. "
        "Right: the convolutional network needs the fewest dimensions on plain pixels."
    )


def pixels_note(page: Page) -> str:
    return (
        f"Mean dimensions of convolution and perceptron: {_found(page, 'images', 'dimension', 'conv', 'middle')}; with pixels shuffled {_found(page, 'images', 'dimension', 'conv_shuffled', 'fc_shuffled')}. "
        f"By shuffling the convolution loses {_points(page, 'conv_shuffled/conv')} of accuracy, the perceptron {_points(page, 'fc_shuffled/middle')}. With weights and projection in the same order as the pixels a perceptron's "
        f"coordinates change by {page.number('identities', 'permuted_coordinates', digits=1)} of the largest."
    )


def labels_alt(page: Page) -> str:
    return (
        "Left: dimensions an image are level over the number of images where training has converged, and fall where epochs are fixed. Middle: dimensions of true labels grow "
        "more slowly than those of random ones. Right: the authors' dimensions an image fall."
    )


def labels_note(page: Page) -> str:
    used, short = page.settings("labels", "random_200"), page.settings("labels", "epochs_200")
    sizes = ("50", "100", "200")
    rows = {arm: _found(page, "labels", "per_image", *(f"{arm}_{n}" for n in sizes)) for arm in ("random", "epochs")}
    epochs = short["steps"] * short["batch_size"] // short["samples"]
    return (
        f"{page.seeds('labels', 'random_200')} seeds. Dimensions an image with 50, 100, 200 random labels: {rows['random']} after {used['steps']} steps of the full batch, {rows['epochs']} after "
        f"{epochs} epochs with batches of {short['batch_size']} (width {short['width']}, rate {short['learning_rate']:g}). Dimensions of true labels: "
        f"{_found(page, 'labels', 'dimension', 'true_50', 'true_100', 'true_200')}. Trained directly, {_found(page, 'labels', 'direct_train', 'epochs_50', 'epochs_100', 'epochs_200', percent=True)} of the "
        "random labels are learned in the fixed epochs."
    )


def budgets(page: Page) -> str:
    """What the two budgets say."""
    converged = _factor(page, "ratio_per_image", "random_200/random_50", "labels")
    fixed = _factor(page, "ratio_per_image", "epochs_200/epochs_50", "labels")
    epochs = page.paper("random_labels")["epochs"]
    return (
        f"The authors' code trains sets of every size for {epochs} epochs, so that 5,000 images get a tenth of the steps of 50,000. From 50 to 200 images the dimensions an image change "
        f"by a factor of {converged} where training has converged and of {fixed} where the epochs are fixed, both with the intervals above. (The two also differ in width, batches and rate, which are the same for all numbers of images.) So at this scale a fall "
        "comes with the budget and not with the labels; whether it does in the paper's own runs, with networks and sets far larger, was not tested."
    )


def mnist_note(page: Page) -> str:
    used = page.settings("mnist", "fc_200")
    return (
        f"{used['steps']:,} steps with batches of {used['batch_size']}, rate {used['learning_rate']:g}. First d above {used['level']:g}: perceptron "
        f"{page.number('mnist', 'first', {'condition': 'fc_200'}, take='median')}, LeNet {page.number('mnist', 'first', {'condition': 'lenet'}, take='median')}, shuffled "
        f"{page.number('mnist', 'first', {'condition': 'lenet_shuffled'}, take='median')} (medians)."
    )


def errata(page: Page) -> str:
    """Errors of the authors' material, with evidence."""
    fc, lenet, others = page.paper("fc"), page.paper("lenet"), page.paper("others")
    runs, local = fc["runs_global"], fc["runs_local"]
    return f"""
- The authors' README gives {page.paper("readme")["parameters"]:,} parameters for the perceptron 784-200-200-10. It has 784·200 + 200 + 200·200 + 200 + 200·10 + 10
  = {fc["parameters"]:,}.
- Their program for the toy imports a function (`build_toy`) that is not in the repository; it cannot be run, and the targets are ours.
- Intrinsic dimensions depend on the budget. A PyTorch implementation by others finds {others["fc"]} in place of {others["paper_fc"]} for the perceptron and {others["lenet"]}
  in place of {lenet["d_int"]} for LeNet; here fewer steps raise them (red crosses in Figure W).
- The threshold may be a fixed accuracy (*global*) or 0.9 of each network's own (*local*): the authors' three runs of the perceptron pass the first at
  {min(runs)} to {max(runs)}, the second at {min(local)} to {max(local)}.
- The code trains on random labels for one number of epochs whatever their number is (Figure L).
"""
