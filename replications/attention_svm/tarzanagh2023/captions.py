"""Sentences of the page that depend on the run: formed from statistics, settings, tables of curves and the authors' values."""

import pandas as pd

from replications.attention_svm.tarzanagh2023.plots import ARITHMETIC, MACHINES, PREDICTIONS, TRAINED
from verifig.ground.numbers import text
from verifig.pages.figures import pick
from verifig.pages.page import Page


def listed(parts: list[str]) -> str:
    """`a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def correlation(page: Page, condition: str, direction: str, iteration: int, experiment: str = "local") -> str:
    """A mean correlation with one of the compared matrices."""
    place = {"condition": condition, "direction": direction, "iteration": iteration}
    return page.number(experiment, "correlation", place)


def local_text(page: Page) -> str:
    """Which SVM W comes to, and what else would correlate with it."""
    last = page.settings("local")["steps"]
    step = 1000 if last >= 1000 else last
    return (
        f"After {step:,} iterations W correlates with the SVM of the least Frobenius norm by "
        f"{correlation(page, 'w', 'frobenius', step)} where W is trained, and with that of the least nuclear norm by "
        f"{correlation(page, 'kq', 'nuclear', step)} where K and Q are (means over {page.seeds('local', 'w')} data sets). The other SVM is "
        f"never far: {correlation(page, 'w', 'nuclear', step)} and {correlation(page, 'kq', 'frobenius', step)}. A correlation of 0.85 says little, "
        f"for the plain mean of all differences between the selected tokens and the others has "
        f"{correlation(page, 'w', 'means', step)}; the SVM with one token of one input exchanged has "
        f"{correlation(page, 'w', 'runner_up', step)}."
    )


def local_ranks(page: Page) -> str:
    """Ranks of both SVMs of the selected tokens."""
    of = {"condition": "w"}
    return (
        f"For the tokens that W selects, the SVM of the Frobenius norm has rank {page.number('local', 'frobenius_rank', of)} in the "
        f"mean and that of the nuclear norm {page.number('local', 'nuclear_rank', of)}, of {page.settings('local')['dimension']}."
    )


def setting(page: Page) -> str:
    """The size of the problem of the first figure."""
    used = page.settings("local")
    return (
        f"{page.seeds('local', 'w')} data sets of n = {used['inputs']} inputs, T = {used['tokens']} tokens, d = {used['dimension']}; steps of length "
        f"{used['learning_rate']:g}."
    )


def local_alt(page: Page, table: pd.DataFrame) -> str:
    """Values at the end of every curve."""
    told = []
    for condition, (label, _) in TRAINED.items():
        for curve, name in [*((key, f"correlation with the SVM of {value[0]}") for key, value in MACHINES.items()), ("probability", "probability of the likeliest token")]:  # fmt: skip
            rows = pick(table, condition=condition, curve=curve)
            told.append(f"{label}, {name}: {text(rows['value'].iloc[0])} to {text(rows['value'].iloc[-1])}")
    return f"Means against iterations, from 0 to {table['x'].max():,.0f}. {'; '.join(told)}."


def paths_alt(page: Page, table: pd.DataFrame) -> str:
    """Correlations at the end."""
    steps = page.settings("paths")["steps"]
    of = {"direction": "frobenius", "iteration": steps}
    clouds, cloud = (
        page.number("paths", "correlation", {"condition": f"{name}_w"} | of, digits=5)
        for name in ("two_clouds", "one_cloud")
    )
    return (
        f"Paths of W z for both queries of two data sets of the plane over {steps:,} iterations, which come to the rays of the SVMs; correlations of W "
        f"with the SVM of the Frobenius norm at the end {clouds} and {cloud}."
    )


def ranks_text(page: Page) -> str:
    """What is counted in the authors' figure, and how much lower the ranks are."""
    used = page.settings("ranks")
    three, ten = ({"inputs": 10, "dimension": d} for d in (3, 10))
    low = page.number("ranks", "nuclear_rank", ten)
    return (
        f"**Frobenius norm.** A draw without a solution has no rank. At n = 10, d = 3 only {page.number('ranks', 'feasible', three)} of {page.seeds('ranks')} draws have "
        f"one, of mean rank {page.number('ranks', 'rank_of_feasible', three)}; with the others counted as rank 1 the mean is "
        f"{page.number('ranks', 'rank_with_infeasible_as_one', three)}, which is what the figure shows. The authors' solver returns nothing there, and NumPy's rank of "
        f"nothing is 1. **Nuclear norm.** At n = d = 10 the figure has {page.paper('ranks')['nuclear'][10][10]:g}; the minimiser, certified to "
        f"{page.number('ranks', 'largest_nuclear_gap', ten, digits=1)} of its norm, has {low}. An iterate at a relative gap of {used['loose_gap']:g} with every singular "
        f"value above {used['absolute_tolerance']:g} counted has {page.number('ranks', 'unfinished_rank', ten)}. So the statement that keys and queries "
        "give low rank is borne out more clearly than published."
    )


def ranks_alt(table: pd.DataFrame) -> str:
    """Mean ranks by number of inputs at the largest dimension."""
    told = []
    for n in sorted(table["inputs"].unique()):
        for curve, name in (("counted", "Frobenius"), ("nuclear", "nuclear"), ("unfinished", "nuclear, stopped early")):
            rows = pick(table, inputs=n, curve=curve).sort_values("dimension")
            if len(rows):
                told.append(f"n = {n}, {name} {text(rows['value'].iloc[-1])} at d = {rows['dimension'].iloc[-1]}")
    return f"Mean ranks of SVMs against the dimension, with the authors' values, and the number of draws with a solution. {'; '.join(told)}."


def selection_text(page: Page) -> str:
    """What equal scores change, and what theory says of it."""
    runs = page.seeds("selection", "equal_08")
    return (
        "Where all tokens but the best of an input have one score, −∇L always has a positive product with the SVM of the best tokens "
        "(derived here), so that training cannot end at finite weights. It can still select others: of "
        f"{runs} runs with equal scores {page.number('selection', 'elsewhere', 'equal_08')} do. The gradient of an input that is "
        "already on its way to a wrong token is exponentially smaller than that of the others, which may be why."
    )


def selection_alt(table: pd.DataFrame) -> str:
    """Shares by dimension."""
    told = [
        f"n = {row.inputs}, T = {row.tokens}, d = {row.dimension}{', equal scores' if row.equal_scores else ''}: {row.optimal:.0f} of {row.runs}"
        for row in table.itertuples()
    ]
    return f"Runs that select the best token of every input, by dimension: {'; '.join(told)}."


def multi_text(page: Page) -> str:
    """How few runs are accepted, and what that means."""
    conditions = page.settings("multi")["conditions"]
    default = page.settings("multi")
    shares = [
        f"{page.number('multi', 'accepted', name, percent=True)} at d = {own.get('dimension', default['dimension'])}"
        for name, own in conditions.items()
    ]
    first = next(iter(conditions))
    return (
        f"The authors keep runs whose probabilities are all above {default['kept_from']:g} or at most {default['dropped_below']:g}; that is "
        f"{listed(shares)} here. Most of the others end in between, presumably since steps of constant length oscillate within the kept tokens. What the figure "
        f"compares is therefore a selection, and of the accepted runs {page.number('multi', 'several', first, percent=True)} at d = "
        f"{conditions[first].get('dimension', default['dimension'])} keep more than one token of some input."
    )


def multi_alt(table: pd.DataFrame) -> str:
    """Means by dimension and prediction."""
    means = table.groupby(["dimension", "prediction"])["value"].mean()
    told = [
        f"d = {d}: " + listed([f"{label} {text(means[d, name])}" for name, (label, _) in PREDICTIONS.items()])
        for d in sorted(table["dimension"].unique())
    ]
    return f"Mean of 1 − correlation of W with three predictions, by dimension, with the authors' values. {'; '.join(told)}."


def stall_text(page: Page) -> str:
    """Where the authors' arithmetic ends, and which obstacles it has."""
    last, offset = page.settings("stall")["steps"], page.settings("stall")["norm_offset"]

    def of(statistic: str, condition: str) -> str:
        return page.number("stall", statistic, {"condition": condition, "iteration": last}, take="median")

    return (
        f"In the authors' arithmetic the norm of W ends at {of('norm', 'authors')} and 1 − correlation at {of('distance', 'authors')} after {last:,} iterations "
        f"(medians); both are matters of rounding, not of attention. Two things stand in the way once all probabilities but one have vanished. The gradient is divided by its "
        f"norm plus {offset:.1e}, which ends all movement when the norm falls below that. And the likeliest token's part of the gradient is a difference "
        f"of two numbers that agree to rounding: without the offset W is pushed by rounding alone and leaves its direction ({of('distance', 'rounding_alone')}). With that part "
        f"computed from the others', and no offset, 1 − correlation is {of('distance', 'stable')} and still falling, at a norm of {of('norm', 'stable')}."
    )


def stall_alt(table: pd.DataFrame) -> str:
    """Medians at the end by arithmetic."""
    told = []
    for condition, (label, _) in ARITHMETIC.items():
        ends = [pick(table, condition=condition, curve=curve)["middle"].iloc[-1] for curve in ("distance", "norm")]
        told.append(f"{label}: {text(ends[0])} and {text(ends[1])}")
    return f"1 − correlation with the SVM and the norm of W against iterations on log axes, medians at the end: {'; '.join(told)}."
