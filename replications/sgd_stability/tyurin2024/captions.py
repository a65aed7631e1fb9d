"""Sentences of the page that depend on the run: formed from statistics, settings, tables of curves and the paper's values."""

import numpy as np
import pandas as pd

from replications.sgd_stability.tyurin2024.plots import NAMES, PAIRS, SEEN, power
from verifig.ground.numbers import text
from verifig.pages.figures import pick
from verifig.pages.page import Page

DIGITS = ("zero_one", "three_five")


def listed(parts: list[str]) -> str:
    """`a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def counted(table: pd.DataFrame, cap: int, **column: object) -> str:
    """Iterations of one method as text, or that it was not done by the last step."""
    (value,) = pick(table, **column)["value"]
    return f"{value:,.0f}" if np.isfinite(value) else f"more than {cap:,}"


def setting(page: Page, experiment: str = "images") -> str:
    """What the images are, and for how long they are trained on."""
    used = page.settings(experiment)
    pairs = used.get("conditions") or {"base": {"classes": used["classes"]}}
    sets = {
        "mnist_5k": "MNIST's digits, 500 images each",
        "digits": "scikit-learn's digits",
        "cifar10": "CIFAR-10, 5,000 images each",
    }
    return (
        f"{sets[used['dataset']]}, {listed([PAIRS[name] for name in pairs])}; pixels over 255 and a column of ones, "
        f"divided by the longest row; {used['steps']:,} iterations."
    )


def images_note(page: Page, experiment: str = "images") -> str:
    """Settings, and what the frame cuts off."""
    return (
        f"{setting(page, experiment)} The perceptron has no step size and is drawn in accuracy alone. Losses and gradient norms "
        f"below {SEEN:g} leave the frame."
    )


def images_alt(page: Page, table: pd.DataFrame, experiment: str = "images") -> str:
    """Where each step size has its largest loss, and its accuracy at the end."""
    told = []
    for pair in [pair for pair in PAIRS if (table["pair"] == pair).any()]:
        rows = pick(table, pair=pair, method="descent")
        ends = [
            f"{power(step)}: {100 * pick(part, curve='accuracy')['value'].iloc[-1]:.1f} % and {text(pick(part, curve='loss')['value'].max())}"
            for step, part in rows.groupby("step_size")
        ]
        told.append(f"{PAIRS[pair]}, accuracy at the end and largest loss drawn by step size {'; '.join(ends)}")
    return f"Accuracy, loss and gradient norm against iterations on a log axis. {'. '.join(told)}."


def images_text(page: Page) -> str:
    """How the largest loss before separation goes with the step size, and where it never exceeds its start."""
    used, start = page.settings("images")["step_sizes"], np.log(2)
    peaks, calm = [], []
    for pair in DIGITS:
        conditions = [{"pair": pair, "step_size": step} for step in used]
        peaks.append(f"for {PAIRS[pair]} {listed([page.number('images', 'peak', each) for each in conditions])}")
        found = [page.value("images", "peak", each) for each in conditions]
        below = [
            power(step)
            for step, value in zip(used, found, strict=True)
            if len(value) and value.iloc[0] <= start + 1e-12
        ]
        calm.append(f"for {PAIRS[pair]} at γ = {listed(below)}" if below else f"for {PAIRS[pair]} at no γ")
    return (
        f"At θ = 0 the loss is log 2 = {start:.3f}. The largest loss before separation at γ = {listed([power(step) for step in used])} is "
        f"{' and '.join(peaks)}. It never exceeds its start {' and '.join(calm)}: there more of γ costs nothing in loss."
    )


def steps_alt(page: Page, table: pd.DataFrame) -> str:
    """The counts of both descents."""
    cap, told = page.settings("images")["steps"], []
    for pair in DIGITS:
        for method in ("descent", "normalised_descent"):
            steps = pick(table, pair=pair, method=method)["step_size"]
            each = [f"{counted(table, cap, pair=pair, method=method, step_size=s)} at {power(s)}" for s in steps]
            told.append(f"{PAIRS[pair]}, {NAMES[method][0]}: {listed(each)}")
    return f"Iterations until separation against the step size. {'. '.join(told)}."


def bounds_on_images(page: Page) -> str:
    """Margins of both pairs, and how far iterations lie below their bounds."""
    parts = []
    for pair in DIGITS:
        margin = page.number("images", "margin", {"pair": pair})
        plain, normalised = (
            page.number("images", "bound_ratio", {"pair": pair, "method": method}, digits=2)
            for method in ("perceptron", "normalised_perceptron")
        )
        parts.append(
            f"{PAIRS[pair]} have the margin μ = {margin} (R = 1): the perceptron takes {plain} of its bound nR²/μ², the normalised one "
            f"{normalised} of R²/μ²"
        )
    return f"{'; '.join(parts)}. The bounds hold and are far from what these data need."


def table_alt(table: pd.DataFrame, paper: dict) -> str:
    """Whether our counts are the paper's."""
    pairs = [(table, "normalised_descent", paper["normalised"]), (table, "descent", paper["descent"])]
    same = [
        pick(t, method=name, step_size=step)["value"].iloc[0] == value
        for t, name, row in pairs
        for step, value in row.items()
    ]
    ours = [
        f"{value:g} at {step:g}"
        for step, value in zip(
            *[pick(table, method="normalised_descent")[c] for c in ("step_size", "value")], strict=True
        )
    ]
    return (
        f"Iterations on the worst-case data against the step size; normalised gradient descent takes {listed(ours)}. "
        f"{sum(same)} of the paper's {len(same)} integers are ours."
    )


def limit_alt(page: Page, table: pd.DataFrame) -> str:
    """How the distance from the perceptron falls with the step size."""
    used = page.settings("planted")["step_sizes"]
    low, high = (
        page.number("planted", "limit_distance", {"step_size": step}, take="max") for step in (used[-1], used[0])
    )
    return (
        "Left: loss and gradient norm on the toy after one step, on their closed forms. Right: distance of theta over gamma from the "
        f"perceptron's theta on {table['seed'].nunique()} random data sets, at most {high} at gamma = {power(used[0])} and {low} at {power(used[-1])}."
    )


def bounds_alt(table: pd.DataFrame) -> str:
    """The largest share of a bound that was used."""
    ratio = table["iterations"] / table["bound"]
    each = [f"{NAMES[method][0]} {text(part.max(), 2)}" for method, part in ratio.groupby(table["method"])]
    return f"Iterations against their bound, on log axes, all below the diagonal: {(ratio <= 1).all()}. Largest share of the bound: {listed(each)}."


def flipped(page: Page) -> str:
    """That nothing ends where no vector separates the data."""
    used = page.settings("planted", "flipped")
    share = page.number("planted", "solved_share", {"condition": "flipped"}, take="max", percent=True)
    return (
        f"The bounds say nothing of data that no vector separates. With {100 * used['flipped']:g} % of the labels flipped no direction does (the margin is "
        f"{page.number('planted', 'margin', {'condition': 'flipped'}, take='max')} on each of {page.seeds('planted', 'flipped')} draws), and the largest share of methods that "
        f"end within {used['steps']:,} iterations is {share}."
    )


def family_alt(table: pd.DataFrame) -> str:
    """Whether all counts lie on the closed form."""
    same = int((table["perceptron"] == table["formula"]).sum())
    return (
        f"Iterations on the worst-case data for n from {table['n'].min()} to {table['n'].max():,}: {same} of {len(table)} perceptron counts are "
        f"those of the closed form; the normalised perceptron takes at most {table['normalised_perceptron'].max():g}."
    )


def balance_alt(page: Page) -> str:
    """Ratios of iterations by imbalance."""
    used = page.settings("imbalanced")["conditions"]
    parts = []
    for pair in DIGITS:
        sizes = sorted(each["minority"] for name, each in used.items() if name.startswith(pair))
        cells = [
            f"{page.number('imbalanced', 'perceptron_over_normalised', {'pair': pair, 'minority': size}, take='median')} with {size}"
            for size in sizes
        ]
        parts.append(f"{PAIRS[pair]} {listed(cells)}")
    return (
        "Accuracy of both perceptrons over iterations, balanced and imbalanced, and the ratio of their iterations by the number of "
        f"images of the second digit: medians {'; '.join(parts)}."
    )


def balance_note(page: Page, few: int) -> str:
    """Draws and intervals."""
    used = page.settings("imbalanced")
    return (
        f"500 images of the first digit; {page.seeds('imbalanced')} draws of those of the second. Middle: medians and range over the draws, "
        f"with {few} of them. Right: geometric means and their 95 % intervals; squares: balanced. {used['steps']} iterations."
    )


def rounding_text(page: Page) -> str:
    """Counts by order of the images."""
    used = page.settings("rounding")
    counts = page.number(
        "rounding", "iterations", {"method": "descent", "step_size": used["step_sizes"][-1]}, take="range"
    )
    normal = page.number(
        "rounding",
        "iterations",
        {"method": "normalised_descent", "step_size": used["normalised_step_sizes"][-1]},
        take="range",
    )
    steady = page.number("rounding", "iterations", {"method": "perceptron"}, take="range")
    return (
        f"In {page.seeds('rounding')} orders of the same images gradient descent at γ = {power(used['step_sizes'][-1])} takes {counts} iterations, normalised "
        f"gradient descent at γ = {power(used['normalised_step_sizes'][-1])} {normal}, and the perceptron {steady}. A weight between 0 and 1 follows its "
        "product with a slope that grows with γ, so that a difference of one rounding grows from step to step; the weights of a "
        "perceptron are 0 or 1 and pass no rounding on. The limit of large steps is exact, the way to it is not: at such γ a single "
        "count tells little, ours or another's."
    )


def rounding_alt(page: Page) -> str:
    """How far theta has moved apart at the end, by method."""
    used = page.settings("rounding")
    columns = [{"method": "descent", "step_size": step} for step in used["step_sizes"]]
    columns += [{"method": "normalised_descent", "step_size": step} for step in used["normalised_step_sizes"]]
    columns += [{"method": "perceptron"}, {"method": "normalised_perceptron"}]
    told = []
    for column in columns:
        name = NAMES[column["method"]][0] + (
            f" at gamma = {power(column['step_size'])}" if "step_size" in column else ""
        )
        told.append(f"{name} {page.number('rounding', 'spread', column, take='max')}")
    return f"Distance of theta between orders of the images against iterations; largest after {used['steps']}: {listed(told)}."


def fashion(page: Page) -> str:
    """The FashionMNIST rows of Table 1, which are shown and not judged."""
    balanced, imbalanced = page.paper("fashion_balanced"), page.paper("fashion_imbalanced")
    rows = [
        f"| normalised, γ = {step:g} | {balanced['normalised'].get(step, '–')} | {imbalanced['normalised'].get(step, '–')} |"
        for step in (0.1, 1, 10, 100)
    ]
    rows.append(f"| not normalised, γ = 100 | {balanced['descent'][100]} | {imbalanced['descent'][100]} |")
    head = "| FashionMNIST, paper | balanced | imbalanced |\n|---|---|---|"
    return (
        "Its Table 1 gives iterations on FashionMNIST, on data whose classes and imbalance are unknown to us:\n\n"
        f"{head}\n" + "\n".join(rows) + "\n\nOurs are other images, so these numbers are not judged; their order is."
    )
