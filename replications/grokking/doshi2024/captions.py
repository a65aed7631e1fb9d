"""Sentences of the page that depend on the run: formed from statistics, settings and tables of curves."""

from collections.abc import Callable

import pandas as pd

from replications.grokking.doshi2024.phases import PHASES
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


def task(page: Page) -> str:
    """Task, network and optimiser as this run used them."""
    used = page.settings("decay", "wd0")
    p, size = used["modulus"], int(used["train_fraction"] * used["modulus"] ** 2)
    return (
        f"The network f(m, n) = W(U e_m + V e_n)² has N = {used['width']} hidden neurons with squared activation and no biases. "
        f"It learns m + n modulo {p} from {size:,} of all {p * p:,} pairs; a share of {used['corruption']:g} of these "
        f"({int(used['corruption'] * size):,}) has labels drawn at random from all {p}. Mean squared error to one-hot targets, full "
        f"batch, AdamW with learning rate {used['learning_rate']:g} and betas {used['beta1']:g} and {used['beta2']:g}, "
        f"{used['steps']:,} steps, {page.seeds('decay')} seeds. The paper uses p = 97, N = 500 and 2,000 steps."
    )


def fig4(page: Page) -> Caption:
    """Accuracies at the end, by decay."""

    def ends() -> str:
        parts = [
            f"at decay {decay:g} {of(page, 'train_accuracy', name)} on all training labels, "
            f"{of(page, 'corrupted_accuracy', name)} on corrupted ones and {of(page, 'test_accuracy', name)} on test pairs"
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
            "0.05. Diamonds: the paper's, modulo 97 with 500 neurons, read off its figures; its bins are not known."
        ),
    }


def fig4_text(page: Page) -> str:
    """What differs from the paper's decay 0, and what the corrupted pairs are given instead."""
    return (
        f"Without weight decay the network here fits all training labels ({of(page, 'train_accuracy', 'wd0')}) and has a test accuracy "
        f"of {of(page, 'test_accuracy', 'wd0')}. At decay 15 the corrupted pairs are answered with their random labels in a share of "
        f"{of(page, 'corrupted_accuracy', 'wd15')} and with their true sums in {of(page, 'recovered', 'wd15')}: what is given up is "
        f"corrected. Training accuracy peaks at {of(page, 'train_peak', 'wd15')} and then falls by {of(page, 'train_fall', 'wd15')} while "
        f"test accuracy rises by {of(page, 'test_rise', 'wd15')}. By the paper's thresholds full inversion needs a training accuracy below "
        f"{1.05 - page.settings('decay')['corruption']:.2f}; here it is {of(page, 'train_accuracy', 'wd15')}."
    )


def clean_text(page: Page) -> str:
    """The control with true labels."""
    return (
        f"**Control.** With true labels in place of the random ones (same pairs and start, decay 5) the share of neurons with a "
        f"participation ratio below 0.5 is {of(page, 'aperiodic_share', 'clean5')} instead of {of(page, 'aperiodic_share', 'wd5')}, and "
        f"the mean ratio {of(page, 'participation', 'clean5')} instead of {of(page, 'participation', 'wd5')}: the neurons of low ratio "
        "are there for the random labels."
    )


def left(page: Page, name: str, order: str, removed: float) -> str:
    """Accuracy that pruning leaves, as text."""
    return of(page, f"{name}_left", PRUNED, order=order, removed=removed)


def fig6(page: Page) -> Caption:
    """What is left of both at the shares that are judged."""

    def orders() -> str:
        return "; ".join(
            f"{what}, with {share:.0%} removed, {left(page, 'corrupted', order, share)} on corrupted labels and "
            f"{left(page, 'test', order, share)} on test pairs".replace("%", " %")
            for order, what, share in (
                ("low", "lowest ratios first", 0.5),
                ("high", "highest ratios first", 0.3),
                ("random", "random order", 0.5),
            )
        )

    return {
        "alt": lambda pruned: (
            f"Accuracy against the share of neurons removed, in three orders. Mean accuracies: {orders()}."
        ),
        "note": lambda pruned: (
            f"Weight decay {page.settings('decay', PRUNED)['weight_decay']:g}, modulo {page.settings('decay')['modulus']}, "
            f"{page.seeds('decay')} seeds with one random order each. Neurons are removed one after the other without retraining. "
            "Diamonds: the paper's, in the colour of their curve, read off its figure; it has no random order, and we do not know "
            "the decay of its network."
        ),
    }


def fig6_text(page: Page) -> str:
    """The separation in each order."""
    parts = {order: of(page, "separation", PRUNED, order=order, removed=0.5) for order in ("low", "high", "random")}
    return (
        "Let the separation be the share of test accuracy that pruning leaves minus the share of accuracy on corrupted labels that it "
        f"leaves. With half of the neurons removed it is {parts['low']} in the order of lowest ratios first, {parts['high']} with the "
        f"highest first and {parts['random']} in random order. Random removal takes test accuracy sooner than memorised labels, so "
        "keeping test accuracy while the corrupted labels go is the work of the order."
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
            "of at least 0.9 is coexistence down to a training accuracy of 0.9, partial inversion down to 1.05 minus the corruption and full "
            "inversion below; otherwise memorisation from a training accuracy of 0.9 on, and forgetting."
        ),
    }


def analytic(page: Page) -> Caption:
    """The two disagreements between the paper's formulas and what they are for."""
    p, width = "59", "300"
    where = {"p": p, "width": width}

    def ratio(vector: str, transform: str) -> str:
        return page.number("analytic", f"{vector}_ratio", {"p": p, "transform": transform})

    return {
        "alt": lambda solution, known: (
            f"Accuracy and mean correct output of the analytic solution over widths, and participation ratios of known vectors. Modulo {p} "
            f"with N = {width}: accuracy {page.number('analytic', 'accuracy', where)}, mean correct output "
            f"{page.number('analytic', 'correct', where)} with the power 1/3 and {page.number('analytic', 'printed_correct', where)} with the "
            f"printed −1/3. A cosine has the ratio {ratio('cosine', 'one_sided')} by the one-sided transform and {ratio('cosine', 'all')} over "
            "all frequencies."
        ),
        "note": lambda solution, known: (
            f"Nothing is trained; {page.seeds('analytic')} draws of frequencies and phases. Noise and one-hot vector in the right panel have "
            f"{known['p'].max()} entries."
        ),
    }


def errors(page: Page) -> str:
    """The evidence for both errors, in numbers."""
    where = {"p": "59", "width": "300"}
    both = {
        name: page.number("analytic", name, where)
        for name in ("correct", "printed_correct", "accuracy", "printed_accuracy")
    }

    def ratio(vector: str, transform: str) -> str:
        return page.number("analytic", f"{vector}_ratio", {"p": "59", "transform": transform})

    return (
        f"**The exponent of Eq. 2.** It prints the amplitude (2/N) to the power −1/3. With it the mean output at the correct class is "
        f"{both['printed_correct']} (p = 59, N = 300), with the power +1/3 it is {both['correct']}, which is what the derivation (Eq. 7) "
        f"needs. Accuracy is {both['printed_accuracy']} and {both['accuracy']}: the largest output does not depend on the scale.\n\n"
        f"**The participation ratio of Eq. 3.** The sum over all p frequencies gives a cosine {ratio('cosine', 'all')}, since a real wave has "
        "equal energy at a frequency and at its negative, while the figures show neurons at up to 0.92. The authors' code takes the one-sided "
        f"transform, mean included: there a cosine has {ratio('cosine', 'one_sided')}, noise {ratio('noise', 'one_sided')} and a one-hot vector "
        f"{ratio('one_hot', 'one_sided')}, which is 2/(p + 1). The range from 1/p to 1 beside Eq. 3 fits neither: over all frequencies only a "
        "constant reaches 1. This page uses the one-sided transform throughout."
    )
