"""Sentences of the page that depend on the run: formed from statistics, settings, tables of curves and values of others."""

import pandas as pd

from replications.convex_relu.bai2023.measure import MISSED, NEAR
from replications.convex_relu.bai2023.plots import CONDITIONS, FLOOR
from verifig.ground.numbers import text
from verifig.pages.figures import pick
from verifig.pages.page import Page


def listed(parts: list[str]) -> str:
    """`a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def regression(page: Page, experiment: str) -> str:
    """What the data in the plane are."""
    used = page.settings(experiment)
    return (
        f"{used['samples']} inputs of U(−1, 1) with a bias, y = sin 4x + {used['noise']:g} N, β = {used['penalty']:g}."
    )


def widths_note(page: Page, table: pd.DataFrame) -> str:
    """Data, training and floor; and what lies just left of the line."""
    used = page.settings("widths")
    just = table["value"].between(NEAR / 2, NEAR).mean()
    return (
        f"{page.seeds('widths')} data sets: {regression(page, 'widths')} {used['inits']} initial weights each, {used['steps']:,} full-batch steps of Adam, "
        f"its rate falling from {used['learning_rate']:g} to 0. Gaps below {FLOOR:g} are drawn there. {100 * just:.0f} % of all runs end between 0.5 % and 1 % above the optimum, most of them in local minima; they count as within 1 %. "
        "Grey lines: single data sets."
    )


def widths_alt(table: pd.DataFrame) -> str:
    """Share within 1 % and least gap by width."""
    told = [
        f"{size} neurons: {100 * (rows['value'] <= NEAR).mean():.0f} % within 1 %, least gap {text(rows['value'].min())}"
        for size, rows in table.groupby("neurons")
    ]
    return f"Share of runs within a gap of the optimum on a log axis, and share within 1 % by width. {'; '.join(told)}."


def widths_text(page: Page) -> str:
    """How often training ends at the optimum, and where the best of all misses it."""
    sizes = [5, 10, 20, 50]
    near = [page.number("widths", "share_near", {"neurons": size}, percent=True) for size in sizes]
    missed = [page.number("widths", "sets_missed", {"neurons": size}) for size in sizes]
    return (
        f"On average {listed(near)} of the runs with {listed([str(size) for size in sizes])} neurons end within 1 % of the optimum. The best of all runs "
        f"stays more than {MISSED:g} above it on {listed(missed)} of {page.seeds('widths')} data sets. The optimum needs few neurons "
        f"(at most {page.number('exact', 'neurons', take='max')} on these data sets): what more neurons bring is not a better network but more chances to find it."
    )


def certificate_alt(table: pd.DataFrame, penalty: float) -> str:
    """How high the certificate goes, and how many neurons there are."""
    most = pick(table, curve="gain")["value"].max() / penalty
    return (
        f"Left: ten points and the optimal network through them. Right: gain of a further neuron over its price by the angle of its weights, at most "
        f"{text(most)}, which {len(pick(table, curve='neurons'))} neurons reach."
    )


def certificate_text(page: Page) -> str:
    """Gaps of the equivalence, and the closed form."""
    return (
        f"Over {page.seeds('exact')} data sets optimum and dual bound differ by at most {page.number('exact', 'duality_gap', take='max')}, optimum and network by at "
        f"most {page.number('exact', 'network_gap', take='max')}. On orthonormal inputs there is a closed form, derived here: of the positive targets "
        "q it takes ½‖q‖² up to ‖q‖ = β and β‖q‖ − ½β² beyond, and likewise of the negative ones; the solver is off by at most "
        f"{page.number('exact', 'orthonormal_error')}."
    )


def admm_alt(page: Page) -> str:
    """Errors at the named iterations."""
    used = page.settings("ratios")
    told = []
    for ratio in sorted(m.get("ratio", used["ratio"]) for m in used["conditions"].values()):
        found = page.value("ratios", "error", {"ratio": ratio, "iterations": used["steps"]})
        told.append(f"{ratio:g}: {text(found.median())}" if found.notna().all() else f"{ratio:g}: diverged")
    return f"Relative error against iterations on log axes; medians after {used['steps']:,} iterations by gamma over rho: {'; '.join(told)}."


def admm_note(page: Page) -> str:
    """Data, and what the marks are."""
    used = page.settings("ratios")
    marks = " Triangles: the bounds of cr6 and cr6early." if page.scale != "smoke" else ""
    return (
        f"{page.seeds('ratios')} data sets, all patterns: {regression(page, 'ratios')} ρ = {used['rho']:g}. Cost at the penalised copies, which need not lie in "
        f"their cones: it can be below the optimum, hence the absolute value.{marks}"
    )


def admm_text(page: Page) -> str:
    """Errors of the long run."""
    low, high = ({"ratio": 1.0, "iterations": point} for point in (1000, 30000))
    early = page.number("long", "error", low, take="range")
    late = page.number("long", "error", high, take="max")
    above = page.value("long", "error", high) > 1e-6
    slow = page.told(f"{above.sum()} of {len(above)}", "long", "error", high, take="max")
    return (
        f"With γ = ρ the error is {early} after 1,000 iterations and at most {late} after 30,000. It does not fall evenly: it stays level while "
        "vectors enter and leave, and falls geometrically once they no longer do, which is the linear convergence of the abstract. On "
        f"{slow} data sets that has not begun within 30,000 iterations, though the error falls."
    )


def sampling_alt(page: Page) -> str:
    """Medians and means."""
    used = page.settings("exact")
    gap, mass = (
        [page.number("exact", name, {"patterns": count}, take=take) for count in used["pattern_counts"]]
        for name, take in (("sampled_gap", "median"), ("mass", "mean"))
    )
    features = [
        page.number("exact", "feature_gap", {"neurons": size}, take="median") for size in used["feature_counts"]
    ]
    return (
        f"By {listed([str(count) for count in used['pattern_counts']])} patterns drawn: median gap {listed(gap)}; mean mass of patterns that would lower the "
        f"optimum {listed(mass)}. By {listed([f'{size:,}' for size in used['feature_counts']])} random neurons: median gap {listed(features)}."
    )


def sampling_note(page: Page) -> str:
    """Draws and floor."""
    return (
        f"{len(page.value('exact', 'sampled_gap', {'patterns': page.settings('exact')['pattern_counts'][0]}))} draws, each with a data set of its own: "
        f"{regression(page, 'exact')} Equal patterns count once; gaps below 1e-6 are drawn there."
    )


def images_alt(page: Page) -> str:
    """Ratios and accuracies."""
    used = page.settings("images")
    told = []
    for count in sorted(m.get("patterns", used["patterns"]) for m in used["conditions"].values()):
        low, high = (
            page.number("images", name, {"patterns": count}, take="median") for name in ("ratio_low", "ratio_high")
        )
        five, end = (
            page.number("images", "accuracy", {"patterns": count, "iterations": point}, percent=True)
            for point in (5, used["steps"])
        )
        told.append(
            f"{count} patterns: optimum between {low} and {high} times Adam's best, accuracy {five} after 5 iterations and {end} at the end"
        )
    return (
        f"Optimum over Adam's best cost by the number of patterns, and test accuracy by iteration. {'; '.join(told)}."
    )


def images_note(page: Page) -> str:
    """Data and training."""
    used = page.settings("images")
    return (
        f"MNIST's 2 and 8, every third pixel, {used['n']} images, squared loss on ±1, β = {used['penalty']:g}, ρ = γ = {used['rho']:g}; Adam: {used['adam_steps']:,} "
        f"steps, the best of {used['inits']} networks with two neurons a pattern. Left: from the certified lower bound to the "
        "cost of feasible vectors, mostly closer than the size of a dot."
    )


def images_text(page: Page) -> str:
    """What the patterns cost, and what the accuracy does."""
    used = page.settings("images")
    few, more = {"patterns": 8}, {"patterns": 16}
    return (
        f"The optimum over 8 random patterns costs {page.number('images', 'ratio_low', few, take='range')} times what Adam finds with 16 neurons, that over 16 "
        f"{page.number('images', 'ratio_low', more, take='range')} times what it finds with 32: a global optimum, but of a smaller problem. Its accuracy is best "
        f"early: with 8 patterns {page.number('images', 'accuracy', few | {'iterations': 5}, percent=True)} after 5 iterations and "
        f"{page.number('images', 'accuracy', few | {'iterations': used['steps']}, percent=True)} after {used['steps']:,}, with 16 "
        f"{page.number('images', 'accuracy', more | {'iterations': 5}, percent=True)} and "
        f"{page.number('images', 'accuracy', more | {'iterations': used['steps']}, percent=True)}. So on {used['n']} images the converged programme classifies "
        f"worse than its first iterations do, and both worse than Adam ({page.number('images', 'adam_accuracy', few, percent=True)} and "
        f"{page.number('images', 'adam_accuracy', more, percent=True)})."
    )


def robust_alt(table: pd.DataFrame) -> str:
    """Accuracies, and the largest distance from the diagonal."""
    mean = table.groupby("condition")[["clean", "attacked"]].mean()
    told = [
        f"{CONDITIONS[name][0]}: {100 * row['clean']:.0f} % and {100 * row['attacked']:.0f} %"
        for name, row in mean.iterrows()
    ]
    off = (table["hinge_attacked"] - table["hinge"]).abs().max()
    return (
        f"Test accuracy without and with attacks: {'; '.join(told)}. Worst-case losses found by attacks lie within {text(off)} of the formula, except beyond "
        "the radius of training."
    )


def robust_note(page: Page) -> str:
    """Data and attacks."""
    used = page.settings("robust")
    return (
        f"{page.seeds('robust')} data sets of {used['n']} examples in {used['dimension']} dimensions: x₁ = y + 0.6 N, others 0.15 y + 0.3 N; the pattern of ones and "
        f"{used['patterns']} random ones, mean hinge loss, β = {used['penalty']:g}, trained at radius {used['radius']:g} or 0. Attacks of radius "
        f"{used['attack_radius']:g}: projected gradient descent, {used['attack_steps']} steps, {used['restarts']} starts."
    )


def robust_text(page: Page) -> str:
    """What is left of the patterns."""
    plain, robust = ({"condition": name} for name in ("plain", "robust"))
    return (
        f"At radius 0 all {page.number('robust', 'cones', plain)} patterns have vectors to offer, at radius {page.settings('robust')['radius']:g} on average "
        f"{page.number('robust', 'cones', robust, digits=2)}: random hyperplanes pass too close to some training point. The pattern of ones is always left, since a large bias allows it; the others "
        f"carry {page.number('robust', 'kinked', robust, percent=True)} of the vectors' length. So the robust network here is close to an affine classifier, "
        "and a robust linear machine should do as well: what is gained is robustness, not the use of a hidden layer."
    )


def third_party(page: Page) -> str:
    """What others report."""
    mnist, cifar = page.paper("mnist"), page.paper("cifar")
    return (
        f"No number of the paper's tables is known to us. A third party's run of a copy of the authors' trainer gives {100 * mnist['train']:.2f} % training and "
        f"{100 * mnist['test']:.2f} % test accuracy on all 2s and 8s ({mnist['source']}). A report on the same copy takes {cifar['coordinate_descent_seconds']:g} s on a GPU "
        f"to 97 % training accuracy on two classes of CIFAR-10, against {cifar['adam_seconds']:g} s of Adam, and finds that it generalises less well ({cifar['source']})."
    )


def errata(page: Page) -> str:
    """What was found in that copy, beside what is computed here."""
    mnist = page.paper("mnist")
    first = page.settings("ratios")
    worst = page.number("ratios", "residual", {"ratio": 2.0, "iterations": first["steps"]}, take="range")
    return (
        f"- The copy reports the programme's cost at vectors that violate their constraints: {mnist['programme_cost']:g} where the recovered network costs {mnist['network_cost']:g}. "
        "On this page the network's cost or a certified bound is judged.\n"
        "- Its line search adds ‖z − w + λ‖² in the first of two differences where it should subtract it.\n"
        "- The report states ‖Fu − y‖² and updates as for half of it.\n"
        f"- The ratio γ/ρ must stay below 2 in what is measured here: at 2 the largest residual is still {worst} after {first['steps']:,} iterations, "
        "beyond it ADMM diverges. The copy's 0.2 is safe and slow."
    )
