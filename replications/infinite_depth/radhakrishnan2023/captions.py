"""Sentences of the page that depend on the run: every number is one of its statistics or settings."""

from collections.abc import Sequence

import pandas as pd

from replications.infinite_depth.radhakrishnan2023.plots import NETWORKS, order_name
from replications.infinite_depth.science import activations, laws
from verifig.ground.numbers import text
from verifig.pages.figures import pick
from verifig.pages.page import Page


def settings(page: Page) -> str:
    """What the digits are, and how they are classified."""
    used = page.settings("images", "majority")
    return (
        f"Digits of scikit-learn (8×8 pixels, each image divided by its length), 0 to 3 against 4 to 9: {used['n']} training and {used['test_size']} "
        f"test images, {page.seeds('images', 'majority')} draws. A kernel K classifies x by the sign of K(x, X) K(X, X)⁻¹ y. In the mean a majority vote errs on "
        f"{_of_images(page, 'majority_error', {'network': 'majority'})} of the test images, and the nearest neighbour on "
        f"{_of_images(page, 'nearest_error', {'network': 'majority'})}."
    )


def _of_images(page: Page, statistic: str, condition: dict, digits: int = 3) -> str:
    """A mean share in percent."""
    return page.number("images", statistic, condition, percent=True, digits=digits)


def _at(page: Page, network: str, depth: int, statistic: str = "majority_share", digits: int = 3) -> str:
    return _of_images(page, statistic, {"network": network, "depth": depth}, digits)


def by_depth_alt(table: pd.DataFrame, networks: Sequence[str]) -> str:
    """First and last depth of each network."""
    told = []
    for network in networks:
        rows = pick(table, network=network)
        if rows.empty:
            continue
        middle = rows.groupby("x")[["agreement", "majority_share"]].mean()
        ends = [
            f"{100 * middle[field].iloc[0]:.0f} to {100 * middle[field].iloc[-1]:.0f} %"
            for field in ("agreement", "majority_share")
        ]
        told.append(
            f"{NETWORKS[network][0]}, from L = {middle.index[0]:g} to {middle.index[-1]:g}: agreement {ends[0]}, larger class {ends[1]}"
        )
    return f"Agreement with the nearest neighbour, and share of predictions of the larger class, by hidden layers. {'; '.join(told)}."


def regimes_note(page: Page) -> str:
    """Where the four networks end."""
    if page.scale == "smoke":
        return "Two networks at two depths each."
    return (
        f"h₂ agrees with the nearest neighbour on {_at(page, 'h2', 2, 'agreement')} after 2 layers and {_at(page, 'h2', 10, 'agreement', digits=4)} after 10; the "
        f"cubic settles at {_at(page, 'cubic', 24, 'agreement')}. The share of the larger class for A ≠ 0, B' > 1 goes from "
        f"{_at(page, 'majority', 4)} after 4 layers to {_at(page, 'majority', 16)} after 16, for ReLU from {_at(page, 'relu', 16)} after 16 over "
        f"{_at(page, 'relu', 256)} after 256 to {_at(page, 'relu', 1024)} after 1,024."
    )


def edges_note(page: Page) -> str:
    """What a small mean does, and where B' < 1 stays."""
    if page.scale == "smoke":
        return "The cubic activation with A = 0.05 at two depths."
    return (
        f"With A = 0.05 the share of the larger class is {_at(page, 'knife', 4)} after 4 layers (A = 0: {_at(page, 'cubic', 4)}), "
        f"{_at(page, 'knife', 8)} after 8 and {_at(page, 'knife', 12)} after 12. With B' < 1 it is {_at(page, 'ordered', 16)} after 16 layers, at an "
        f"error of {_at(page, 'ordered', 16, 'error')}."
    )


def balanced(page: Page) -> str:
    """What equal classes do."""
    first, second = (
        _of_images(page, "balanced_accuracy", {"network": name, "depth": depth})
        for name, depth in (("majority_balanced", 16), ("relu_balanced", 1024))
    )
    return (
        "A majority vote needs a majority. With equally many training images of both classes the same networks classify: the mean accuracy of the two "
        f"classes is {first} for A ≠ 0, B' > 1 after 16 layers and {second} for ReLU after 1,024, since the next order of the kernel decides."
    )


def kernels_alt(page: Page) -> str:
    return (
        "Three panels of kernels over the angle. Left: with depth the kernel of h₂ shrinks to a peak at 0. Middle: that of the cubic comes to a steep "
        f"limit at large angles first. Right: over its value at 90° the kernel becomes flat, except for a peak near 0. L = {_depths(page)}."
    )


def _depths(page: Page) -> str:
    return ", ".join(map(str, page.settings("exact")["kernel_depths"]))


def kernels_note(page: Page) -> str:
    """ReLU's limit."""
    told = ", ".join(
        page.number("exact", "relu_kernel", {"depth": depth}, digits=4)
        for depth in page.settings("exact")["relu_depths"]
    )
    counts = ", ".join(f"{depth:,}" for depth in page.settings("exact")["relu_depths"])
    return (
        "The peak at angle 0 is always higher than all else by a factor that grows with L, hence the different scales. Not drawn: ReLU, whose kernel at 90° "
        f"over that at 0° is {told} after {counts} layers."
    )


def singularity_alt(page: Page) -> str:
    dimensions = ", ".join(f"{d:g}" for d in page.settings("exact")["dimensions"])
    return (
        f"Left: limit kernels of the cubic activations for d = {dimensions} over distance on log axes lie on lines of slope −d. Right: what is left lies "
        "near 0 and bends at large distances."
    )


def singularity_note(page: Page) -> str:
    """Slopes against d, and the residuals."""
    low, high = (page.number("exact", name, digits=2) for name in ("lowest", "highest"))
    return (
        f"Dashed: slope −d. The fitted slopes differ from it by {_slopes(page)}; residuals of the fits lie between {low} and {high} "
        "(natural logarithm)."
    )


def _slopes(page: Page) -> str:
    used = page.settings("exact")["dimensions"]
    return ", ".join(page.number("exact", "slope_error", {"d": d}, digits=2) for d in used)


def noise_alt(table: pd.DataFrame) -> str:
    """Mean errors by order."""
    told = []
    for condition, rows in table.groupby("labels"):
        middle = rows.groupby("x")["value"].mean()
        each = "; ".join(f"{order_name(order)} {100 * value:.1f}" for order, value in middle.items())
        told.append(f"{condition} labels: {each}")
    return f"Test error in percent over the order of the singularity. {'. '.join(told)}."


def noise_note(page: Page) -> str:
    """Settings, and the errors that are compared."""
    used = page.settings("noisy", "wrong")

    def error(labels: str, order: float | None = None) -> str:
        if order is None:
            return page.number("noisy", "nearest_error", {"labels": labels}, percent=True, digits=2)
        return page.number("noisy", "error", {"labels": labels, "order": order}, percent=True, digits=2)

    return (
        f"{used['n']:,} training digits, {used['flipped']:.0%} of their labels wrong or none, {used['test_size']} clean test digits, "
        f"{page.seeds('noisy', 'wrong')} draws. With wrong labels order 4 errs on {error('wrong', 4)}, order 6 on {error('wrong', 6)}, order 1 on "
        f"{error('wrong', 1)} and the nearest neighbour on {error('wrong')}; with right ones order 4 on {error('right', 4)}, order 6 on {error('right', 6)} and "
        f"the nearest neighbour on {error('right')}."
    )


def consistency_alt(table: pd.DataFrame) -> str:
    """Errors at the fewest and the most points."""
    told = []
    for (target, order), rows in table.groupby(["target", "order"]):
        middle = rows.groupby("x")["value"].mean()
        told.append(f"{target}, {order_name(order)}: {text(middle.iloc[0])} to {text(middle.iloc[-1])}")
    return f"Test error from the fewest to the most training points. {'; '.join(told)}."


def consistency_note(page: Page) -> str:
    """Settings, and what laws say."""
    used = page.settings("sphere")
    return (
        f"Points on the positive part of the sphere (d = {used['dimension']}), labels flipped with probability {used['noise']:g}, which is the Bayes error; "
        f"{used['test_size']:,} test points, {page.seeds('sphere')} draws. Dashed: laws for n → ∞ of the orders above d and of the nearest neighbour."
    )


def trends(page: Page) -> str:
    """That a trend is no rank."""
    used = page.settings("sphere")
    last = used["sizes"][-1]

    def error(target: str, order: float) -> str:
        return page.number("sphere", "error", {"target": target, "order": order, "size": last}, digits=3)

    def way(order: float) -> str:
        place = {"target": "cap", "order": order}
        found = page.value("sphere", "fall", place)
        if found.empty:
            return page.number("sphere", "fall", place)
        return page.told("falls" if found.mean() > 0 else "rises", "sphere", "fall", place)

    return (
        f"Consistency is a trend and no rank: at n = {last:,} α = 1.5, below the dimension, errs on {error('cap', 1.5)} for the cap, where α = 2 "
        f"errs on {error('cap', 2)}. In the limit a kernel of order below d is a fixed smoothing, which suits a constant target best ({error('constant', 1)} "
        f"with α = 1) and leaves a bias where the target varies. How soon that shows depends on α: from n = {used['sizes'][0]:,} to {last:,} the error on the "
        f"cap {way(1)} for α = 1 and {way(1.5)} for α = 1.5."
    )


def depth_alt(table: pd.DataFrame) -> str:
    """Errors and agreement at the first and last depth."""
    told = []
    for (condition, kernel), rows in table[table["kernel"] != "solved"].groupby(["condition", "kernel"]):
        middle = rows.groupby("x")[["error", "agreement"]].mean()
        each = "; ".join(f"L = {x:g}: {text(row['error'])}, {text(row['agreement'])}" for x, row in middle.iterrows())
        told.append(f"{condition}, {kernel}, error and agreement: {each}")
    return f"Error, and agreement with the limit, over hidden layers on a log axis. {'. '.join(told)}."


def levels(page: Page) -> tuple[float, float]:
    """The Bayes error, and the error of a vote of order alpha + 2 among many points."""
    used = page.settings("depth", "constant")
    order = activations.moebius(used["p"]).order + 2
    return used["noise"], laws.vote_error(order, used["dimension"], used["noise"])


def depth_note(page: Page) -> str:
    """Settings, and where the kernels stand."""
    used = page.settings("depth", "constant")

    def found(statistic: str, condition: str, kernel: str, layers: int) -> str:
        place = {"condition": condition, "kernel": kernel, "depth": layers}
        return page.number("depth", statistic, place, percent=statistic == "agreement", digits=3)

    limit = page.number("depth", "limit_error", {"condition": "constant"}, digits=3)
    return (
        f"Moebius family, p = {used['p']:g}, so α = 2 = d; {used['n']} points, {page.seeds('depth', 'constant')} draws (cap: {page.seeds('depth', 'cap')}). On "
        f"the constant target the kernel of all layers errs on {found('error', 'constant', 'ntk', 100)} after 100 layers, "
        f"{found('error', 'constant', 'ntk', 1000)} after 1,000 and {found('error', 'constant', 'ntk', 100000)} after 100,000, its limit on {limit}. On the "
        f"cap it agrees with the limit on {found('agreement', 'cap', 'ntk', 24)} after 24 layers, solved {found('agreement', 'cap', 'solved', 24)}, the last layer "
        f"alone {found('agreement', 'cap', 'nngp', 24)}."
    )


def width_alt(table: pd.DataFrame) -> str:
    """Medians over groups at the largest depth and smallest inner product."""
    deepest, least = table["x"].max(), table["xi"].min()
    middle = pick(table, x=deepest, xi=least).groupby("activation")["value"].median()
    each = "; ".join(f"{name} {text(value, 2)}" for name, value in middle.items())
    return (
        "Relative error of single networks over their hidden layers, on a log axis, by inner product of the inputs. ReLU and sine stay low; h₂ and the "
        f"cubic rise with depth. At L = {deepest:g} and ξ = {least:g}: {each}."
    )


def width_note(page: Page) -> str:
    """Settings, and the error of the means."""
    used = page.settings("width")
    worst = [
        page.number("width", "mean_error", {"activation": name}, take="max", digits=2) for name in ("relu", "sine")
    ]
    return (
        f"Root mean square over {used['nets']} networks of width {used['width']:,} of K/K∞ − 1, in {page.seeds('width')} groups; sine: sin z. The mean of a group is off by at "
        f"most {worst[0]} for ReLU and {worst[1]} for the sine."
    )


def mnist_note(page: Page) -> str:
    used = page.settings("mnist", "h2")
    return f"{used['n']:,} training and {used['test_size']:,} test images of MNIST, digits 0 to 3 against the others."
