"""Sentences of the page that depend on the run: formed from statistics, settings and tables of curves."""

from collections.abc import Callable

import pandas as pd

from replications.grokking.doshi2024.measuring.decay import BINS, PERIODIC
from replications.grokking.doshi2024.phases import HIGH, MARGIN, PHASES
from verifig.ground import numbers
from verifig.pages.figures import pick
from verifig.pages.page import Page

Caption = dict[str, str | Callable[..., str]]
DECAYS = ("wd0", "wd5", "wd15")
PRUNED = "wd5"  # the condition that Figure 6 draws


def decays(page: Page) -> dict[str, float]:
    """By condition, the weight decay, from weak to strong."""
    return {name: page.settings("decay", name)["weight_decay"] for name in DECAYS}


def fig4_paper(page: Page) -> dict[str, dict]:
    """The paper's peaks of the histograms as (ratio, share of neurons), and its training accuracy."""
    found = page.paper("fig4")
    low, width, high = found["low"], found["width"], sum(found["high"]) / 2
    counts = {
        "wd0": [(low, found["low_count_wd0"] / width), (high, found["high_count_wd0"] / width)],
        "wd15": [(low, found["low_count_wd15"] / width)],
    }
    return {"counts": counts, "train": {"wd15": page.paper("fig1")["train_wd15"]}}


def of(page: Page, statistic: str, condition: str, **where: object) -> str:
    """A statistic of the decay experiment as text: mean over seeds."""
    return page.number("decay", statistic, {"condition": condition} | where)


def share(page: Page, statistic: str, condition: str, **where: object) -> str:
    """A share of the decay experiment in percent: mean over seeds."""
    return page.number("decay", statistic, {"condition": condition} | where, percent=True)


def points(page: Page, statistic: str, condition: str) -> str:
    """A difference of shares of the decay experiment in percentage points: mean over seeds."""
    return share(page, statistic, condition).replace(" %", " points")


def task(page: Page) -> str:
    """Task, network and optimiser as this run used them."""
    used = page.settings("decay", "wd0")
    p, size = used["modulus"], int(used["train_fraction"] * used["modulus"] ** 2)
    return (
        f"The network f(m, n) = W(U e_m + V e_n)² has N = {used['width']} hidden neurons with squared activation and no biases. "
        f"It learns m + n modulo {p} from {size:,} of all {p * p:,} pairs; {100 * used['corruption']:g} % of these "
        f"({int(used['corruption'] * size):,}) have labels drawn at random from all {p}. Mean squared error to one-hot targets, full "
        f"batch, AdamW with learning rate {used['learning_rate']:g} and betas {used['beta1']:g} and {used['beta2']:g}, "
        f"{used['steps']:,} steps, {page.seeds('decay')} seeds. The paper uses p = 97, N = 500 and 2,000 steps."
    )


def fig4(page: Page) -> Caption:
    """Accuracies at the end, by decay."""

    def ends() -> str:
        parts = [
            f"at decay {decay:g} {share(page, 'train_accuracy', name)} on all training labels, "
            f"{share(page, 'corrupted_accuracy', name)} on corrupted ones and {share(page, 'test_accuracy', name)} on test pairs"
            for name, decay in decays(page).items()
        ]
        return "; ".join(parts)

    return {
        "alt": lambda runs, histograms: (
            f"Above, accuracies over steps; below, histograms of the neurons' participation ratios; a column for each weight "
            f"decay. Mean accuracies at the end: {ends()}. Mean participation ratios: "
            + ", ".join(f"{of(page, 'participation', name)}" for name in DECAYS)
            + "."
        ),
        "note": lambda runs, histograms: (
            f"Modulo {page.settings('decay')['modulus']}, {page.seeds('decay')} seeds; histograms are means over seeds, in bins of "
            f"{BINS[1]:g}. Diamonds: the paper's, modulo 97 with 500 neurons, read off its figures; its bins are not known. Where all labels are fitted the red "
            "curve lies on the grey one. Without decay the paper's network generalises and has "
            "periodic neurons; whether this one does is judged as DG-9."
        ),
    }


def fig4_text(page: Page) -> str:
    """What differs from the paper's decay 0, and what the corrupted pairs are given instead."""
    return (
        f"Without weight decay the network here ends with an accuracy of {share(page, 'train_accuracy', 'wd0')} on its training labels and "
        f"{share(page, 'test_accuracy', 'wd0')} on test pairs. At decay {decays(page)['wd15']:g} it still answers "
        f"{share(page, 'corrupted_accuracy', 'wd15')} of the corrupted pairs with their random labels, and {share(page, 'recovered', 'wd15')} with "
        f"their true sums. There training accuracy peaks at {share(page, 'train_peak', 'wd15')}; from the peak to the end it "
        f"loses {points(page, 'train_fall', 'wd15')} while test accuracy gains {points(page, 'test_rise', 'wd15')}. By the paper's thresholds full "
        f"inversion needs a training accuracy below {100 * (1 + MARGIN - page.settings('decay')['corruption']):g} % and partial inversion one "
        f"below {100 * HIGH:g} %; here it is {share(page, 'train_accuracy', 'wd15')}."
    )


def clean_text(page: Page) -> str:
    """The control with true labels."""
    return (
        f"**Control.** With true labels in place of the random ones (same pairs and start, decay {page.settings('decay', 'clean5')['weight_decay']:g}, "
        f"{page.seeds('decay', 'clean5')} seeds) {share(page, 'aperiodic_share', 'clean5')} of the neurons have a participation ratio below {PERIODIC:g} instead of "
        f"{share(page, 'aperiodic_share', 'wd5')}, and the mean ratio is {of(page, 'participation', 'clean5')} instead of {of(page, 'participation', 'wd5')}."
    )


def left(page: Page, order: str, removed: float) -> str:
    """Accuracies that pruning leaves, as text."""
    corrupted, test = (
        share(page, f"{name}_left", PRUNED, order=order, removed=removed) for name in ("corrupted", "test")
    )
    return f"{removal(page, removed)} removed, {corrupted} on corrupted labels and {test} on test pairs"


def removal(page: Page, removed: float) -> str:
    """The share of neurons removed that lies nearest to one that is judged, as text."""
    return f"{100 * min(page.settings('decay')['prune_shares'], key=lambda share: abs(share - removed)):g} %"


def fig6(page: Page) -> Caption:
    """What is left of both at the shares that are judged."""
    return {
        "alt": lambda pruned: (
            "Accuracy against the share of neurons removed, in three orders. Mean accuracies: lowest ratios first, with "
            f"{left(page, 'low', 0.5)}; highest ratios first, with {left(page, 'high', 0.3)}; random order, with "
            f"{left(page, 'random', 0.5)}."
        ),
        "note": lambda pruned: (
            f"Weight decay {page.settings('decay', PRUNED)['weight_decay']:g}, modulo {page.settings('decay')['modulus']}, "
            f"{page.seeds('decay')} seeds, of the random order {numbers.count(page.settings('decay')['random_orders'], 'draw')} each. Neurons are "
            "removed one after the other without retraining. "
            "Diamonds: the paper's, in the colour of their curve, read off its figure; it has no random order, and we do not know "
            "the decay of its network."
        ),
    }


def fig6_text(page: Page) -> str:
    """The separation in each order."""
    parts = {order: of(page, "separation", PRUNED, order=order, removed=0.5) for order in ("low", "high", "random")}
    return (
        "Let the separation be the fraction of test accuracy that pruning leaves minus the fraction of accuracy on corrupted labels that "
        f"it leaves. With {removal(page, 0.5)} of the neurons removed it is {parts['low']} in the order of lowest ratios first, {parts['high']} with the "
        f"highest first and {parts['random']} in random order: 1 would keep the rule alone, −1 the corrupted labels alone. "
        f"The random order is not neutral: the accuracy left is {share(page, 'test_left', PRUNED, order='random', removed=0.5)} on test pairs and "
        f"{share(page, 'corrupted_left', PRUNED, order='random', removed=0.5)} on corrupted labels."
    )


def fig3(page: Page) -> Caption:
    """How many entries of the diagram are in which phase, by decay."""
    used = page.settings("phases")

    def counts(cells: pd.DataFrame) -> str:
        parts = []
        for decay in used["weight_decays"]:
            found = pick(cells, weight_decay=decay)["phase"].value_counts()
            parts.append(
                f"at decay {decay:g} " + ", ".join(f"{found[name]} {name}" for name in PHASES if name in found)
            )
        return "; ".join(parts)

    return {
        "alt": lambda cells: (
            f"Phases over corruption and training fraction, a panel for each weight decay. Entries: {counts(cells)}."
        ),
        "note": lambda cells: (
            f"Modulo {used['modulus']}, N = {used['width']}, {used['steps']:,} steps, {used['seeds']} seeds: phases of the mean accuracies. "
            "Letters name the phases. The paper's diagrams have 17 fractions and up to 19 corruptions modulo 97; its phases: test accuracy "
            "of at least 90 % is coexistence down to a training accuracy of 90 %, partial inversion down to 105 % minus the share of corrupted "
            "labels and full inversion below; otherwise it is memorisation from a training accuracy of 90 % on, and forgetting below."
        ),
    }


def solved(page: Page, statistic: str, percent: bool = False) -> str:
    """A statistic of the analytic solution at the largest modulus and width, as text."""
    used = page.settings("analytic")
    where = {"p": str(max(used["moduli"])), "width": str(max(used["widths"]))}
    return page.number("analytic", statistic, where, percent=percent)


def ratio(page: Page, vector: str, transform: str) -> str:
    """The participation ratio of a known vector by a transform, at the largest modulus, as text."""
    where = {"p": str(max(page.settings("analytic")["moduli"])), "transform": transform}
    return page.number("analytic", f"{vector}_ratio", where)


def size(page: Page) -> str:
    """The largest modulus and width of the analytic solution."""
    used = page.settings("analytic")
    return f"p = {max(used['moduli'])}, N = {max(used['widths'])}"


def analytic(page: Page) -> Caption:
    """The two disagreements between the paper's formulas and what they are for."""
    return {
        "alt": lambda solution, known: (
            "Accuracy and mean correct output of the analytic solution over widths, and participation ratios of known vectors. "
            f"{size(page)}: accuracy {solved(page, 'accuracy', percent=True)}, mean correct output {solved(page, 'correct')} with the power +1/3 and "
            f"{solved(page, 'printed_correct')} with the printed −1/3. A cosine has the ratio {ratio(page, 'cosine', 'one_sided')} by the "
            f"one-sided transform and {ratio(page, 'cosine', 'all')} over all frequencies."
        ),
        "note": lambda solution, known: (
            f"Nothing is trained; {page.seeds('analytic')} draws of frequencies and phases. The vectors on the right have "
            f"{known['p'].max()} entries. Shaded: the ratios of the periodic neurons in the paper's Figure 4."
        ),
    }


def errors(page: Page) -> str:
    """The evidence for both errors, in numbers."""
    return (
        "**The exponent of Eq. 2.** It prints the amplitude of each weight as (2/N) to the power −1/3. With it the mean output at the "
        f"correct class is {solved(page, 'printed_correct')} ({size(page)}), with the power +1/3 it is {solved(page, 'correct')}, which is "
        f"what the derivation (Eq. 7) needs. Accuracy is {solved(page, 'printed_accuracy', percent=True)} and "
        f"{solved(page, 'accuracy', percent=True)}: which output is the largest does not depend on the scale.\n\n"
        f"**The participation ratio of Eq. 3.** The sum over all p frequencies gives a cosine {ratio(page, 'cosine', 'all')}, since a real "
        f"wave has equal energy at a frequency and at its negative, while the paper's Figure 4 has neurons at up to "
        f"{max(page.paper('fig4')['high']):g}. The authors' code takes the one-sided transform, mean included: there a cosine has "
        f"{ratio(page, 'cosine', 'one_sided')}, noise {ratio(page, 'noise', 'one_sided')} and a one-hot vector "
        f"{ratio(page, 'one_hot', 'one_sided')}, which is 2/(p + 1). The range from 1/p to 1 beside Eq. 3 is that of the sum over all "
        "frequencies, where only a vector without a period, a constant, reaches 1. This page uses the one-sided transform throughout."
    )
