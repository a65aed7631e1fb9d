"""Sentences of the page that depend on the run: every number is one of its statistics or settings."""

from collections.abc import Callable

from replications.grokking.instruments2026.measure import EXCESS, MOVED, TOLD, WATCHED
from replications.grokking.instruments2026.plots import NAMES, ROWS
from verifig.pages.page import Page

RUNS = "together"
BROUGHT = ("kernel_alignment", "purity", "participation")  # what the figure of the excess draws


def number(page: Page, statistic: str, instrument: str, condition: str = "decay", take: str = "mean") -> str:
    """A statistic of one instrument in one condition."""
    return page.number(RUNS, statistic, {"condition": condition, "instrument": instrument}, take=take, digits=2)


def found(page: Page, *names: str) -> bool:
    """Whether all these claims were found in this run."""
    return all(claim["verdict"] == "reproduced" for claim in page.claims if claim["id"] in names)


def untold(*names: str) -> str:
    """In place of an account of claims that were not all found."""
    return f"Not all of {', '.join(names)} were found in this run; what was measured stands with them."


def end(page: Page, statistic: str, condition: str) -> str:
    return page.number(RUNS, statistic, {"condition": condition}, percent=True, digits=2)


def half(page: Page, instrument: str, condition: str = "decay") -> str:
    """The step by which half of the way is gone, median over seeds."""
    return page.number(RUNS, "half_step", {"condition": condition, "instrument": instrument}, take="median", digits=2)


def setting(page: Page) -> str:
    """Network, task, optimiser, conditions."""
    used, squared = page.settings(RUNS, "decay"), page.settings(RUNS, "squared")
    pairs = used["modulus"] ** 2
    return (
        f"The network is f(x) = (xW₁)²W₂ with {used['width']} hidden units, on sums modulo {used['modulus']}: {int(used['train_fraction'] * pairs)} of {pairs} pairs to "
        f"train on, {used['steps']:,} full-batch steps of AdamW, {used['seeds']} seeds, everything in one program. Two conditions are meant to grok: cross-entropy with weight decay "
        f"{used['weight_decay']:g} (learning rate {used['learning_rate']:g}), and the squared error with weight decay {squared['weight_decay']:g} (learning rate "
        f"{squared['learning_rate']:g}). Each stands beside the same network, from the same weights and on the same pairs, whose sums are permuted over all pairs: there it "
        "can fit, and there is nothing to generalise. Two more have no weight decay and the cross-entropy in single and in double precision. All instruments are read "
        "from the training pairs and the weights alone; only test accuracy sees the other pairs."
    )


def dated(page: Page) -> str:
    """How an instrument is dated."""
    return (
        "An instrument's way is its largest departure from its first value, because some turn back; it is dated by the step at which half of the way is gone. Leads are "
        "counted in **octaves**, doublings of the number of steps: 1 means that test accuracy takes twice as many steps to go half of its own way. Norms and the gradient "
        f"at the hidden units are taken relative to their first values. A second date asks what can be told: the first step at which an instrument has gone {TOLD} times as far "
        "as it ever does on the shuffled table, with the same seed."
    )


def _ranked(page: Page, condition: str) -> list[str]:
    """Instruments by their mean lead, the earliest first, with that lead; those that do not move are left out."""
    found = []
    for name in (name for name in ROWS if name in WATCHED):
        values = page.value(RUNS, "lead", {"condition": condition, "instrument": name})
        if len(values):
            found.append((values.mean(), name))
    return [f"{NAMES[name]} {number(page, 'lead', name, condition)}" for _, name in sorted(found, reverse=True)]


def order(page: Page, condition: str) -> str:
    """All leads of a condition as one sentence."""
    return f"Octaves ahead of test accuracy, means of seeds: {', '.join(_ranked(page, condition))}."


def shares(page: Page, condition: str) -> str:
    """What share of its way every instrument goes on the shuffled table."""
    names = [name for name in ROWS if name in WATCHED]
    return ", ".join(f"{NAMES[name]} {number(page, 'control_share', name, condition)}" for name in names)


def _together_alt(page: Page, condition: str) -> str:
    return (
        "Four panels over steps on a logarithmic axis, one for each paper's instruments, from 0 to 1; thick grey: test accuracy, dotted: training accuracy. Half of the way "
        f"is gone at step {half(page, 'train_accuracy', condition)} by training accuracy and at {half(page, 'test_accuracy', condition)} by test accuracy (medians). "
        f"{order(page, condition)} On the shuffled table, dashed, they go these shares of their way: {shares(page, condition)}."
    )


def together(page: Page, condition: str) -> dict[str, Callable[[], str]]:
    """Texts of the figures with all instruments."""
    remark = (
        f" With weight decay at most {page.number(RUNS, 'peak_collapsed', {'condition': 'decay'}, take='max', percent=True, digits=2)} of the samples collapse."
        if condition == "decay"
        else " The gradient at the hidden units rises and then falls below its start: either counts as its way. There is no softmax that could collapse."
    )
    return {
        "alt": lambda: _together_alt(page, condition),
        "note": lambda: (
            "Every curve is an instrument's departure over its own largest; dashed, the same network on the shuffled table in the same units (medians)."
            + remark
        ),
    }


def leads(page: Page) -> dict[str, Callable[[], str]]:
    """Texts of the figure of leads."""
    return {
        "alt": lambda: (
            f"Points with intervals, a row for each instrument. Cross-entropy. {order(page, 'decay')} Squared error. {order(page, 'squared')} Diamonds, where the tables are "
            f"told apart: share of one frequency {number(page, 'told_lead', 'purity')} and {number(page, 'told_lead', 'purity', 'squared')} octaves ahead of test accuracy, participation "
            f"{number(page, 'told_lead', 'participation')} and {number(page, 'told_lead', 'participation', 'squared')}."
        ),
        "note": (
            "Points: half of an instrument's way against half of test accuracy's. Diamonds: going twice as far as on the shuffled table, against test accuracy doing so; "
            "only where all seeds do. A fall below the first value counts as a departure too, and test accuracy can fall below chance while the pairs are being fitted."
        ),
    }


def answer(page: Page) -> str:
    """The two findings, with numbers."""
    names = ("IN-1", "IN-2", "IN-4", "IN-5", "IN-5f")
    if not found(page, *names):
        return untold(*names)
    return (
        f"Test accuracy goes half way at step {half(page, 'test_accuracy')}, training accuracy at {half(page, 'train_accuracy')} (medians, cross-entropy). Seven instruments go half "
        f"way in between or earlier, the latest of them {number(page, 'lead', 'moved_hidden')} octaves ahead of test accuracy, and the two measures of periodicity last: the share of one "
        f"frequency {number(page, 'lead', 'purity')} octaves ahead, participation {number(page, 'lead', 'participation')}. But all seven do the same where there is nothing to learn but the pairs "
        f"themselves. Only periodicity tells the two tables apart, and it does so early: {number(page, 'told_lead', 'purity')} and {number(page, 'told_lead', 'participation')} octaves before "
        f"test accuracy does. The share of one frequency tells them apart {number(page, 'told_before_fit', 'purity')} octaves before training accuracy has gone half way. So what is large early "
        "is fitting; what belongs to the rule begins early too, but is small then."
    )


def control(page: Page) -> dict[str, Callable[[], str]]:
    """Texts of the figure of shares."""
    return {
        "alt": lambda: (
            f"Points by instrument: its way on the shuffled table over its way on the sums. Cross-entropy: {shares(page, 'decay')}. Squared error: {shares(page, 'squared')}."
        ),
        "note": (
            "How far an instrument goes on the shuffled table, in units of its way on the sums. Dotted lines: one half and one tenth, the bounds of the claims. Periodicity has an advantage: it is read in the order of the numbers, which is that of the rule; the other "
            "instruments know nothing of it."
        ),
    }


def brought(page: Page) -> dict[str, Callable[[], str]]:
    """Texts of the figure of the excess."""

    def told(condition: str) -> str:
        return ", ".join(
            f"{NAMES[name]} {number(page, 'excess_share', name, condition)} of its way, half of that {number(page, 'excess_lead', name, condition)} octaves ahead"
            for name in BROUGHT
        )

    return {
        "alt": lambda: (
            f"Curves over steps: the change of an instrument less its change on the shuffled table. Cross-entropy: {told('decay')}. Squared error: {told('squared')}."
        ),
        "note": (
            "In units of an instrument's own way, paired by seed. Below 0 the instrument has changed more on the shuffled table. The other instruments are in the statistics "
            f"beside this page; an excess is dated where it is at least {EXCESS:g} of the way."
        ),
    }


def stages(page: Page) -> str:
    """Tian's order of the layers, by both measures."""

    def gap(condition: str) -> str:
        return page.number(RUNS, "lead_gap", {"condition": condition, "pair": "moved_output/moved_hidden"}, digits=2)

    def delay(condition: str) -> str:
        return page.number(RUNS, "hidden_delay", {"condition": condition}, digits=2)

    return (
        f"In Tian's account output weights move first and hidden weights later. By a cosine distance of {MOVED:g}, as on that paper's page, hidden weights take {delay('decay')} times "
        f"as many steps with cross-entropy and {delay('squared')} times with the squared error. By half-way steps output weights are {gap('decay')} octaves ahead with "
        f"cross-entropy and {gap('squared')} with the squared error, where a negative number means behind: the order of beginnings need not be that of halves."
    )


def collapse(page: Page) -> dict[str, Callable[[], str]]:
    """Texts of the figure without weight decay."""
    return {
        "alt": lambda: (
            "Four panels over steps: collapsed samples, norm, share of one frequency, participation. Without decay in single precision half of the samples are collapsed at step "
            f"{half(page, 'collapsed', 'plain')} (median), in double precision and with decay none at any time. Test accuracy ends at {end(page, 'final_test_accuracy', 'plain')} in single and "
            f"{end(page, 'final_test_accuracy', 'plain_double')} in double precision, and at {end(page, 'final_test_accuracy', 'decay')} with decay."
        ),
        "note": "Collapse is read in the precision of the softmax. Dashed: participation with the numbers 0, …, p − 1 in a random order, in which no wave is left.",
    }


def after(page: Page) -> str:
    """What the collapse changes, and what it does not explain."""
    names = ("IN-9", "IN-10")
    if not found(page, *names):
        return untold(*names)
    return (
        f"Without decay the network fits and hardly generalises: test accuracy ends at {end(page, 'final_test_accuracy', 'plain')} in single and at "
        f"{end(page, 'final_test_accuracy', 'plain_double')} in double precision, which never collapses. So in these {page.settings(RUNS, 'plain')['steps']:,} steps it is not the collapse that keeps test accuracy "
        f"low. Periodicity begins here too (the share of one frequency changes by {number(page, 'departure', 'purity', 'plain_double')} in double precision): that it has begun does not "
        "say that the network will generalise. The collapse does change the network: Adam with its tiny ε goes on along gradients that are nearly 0, the norm multiplies, and the share of one frequency ends "
        f"{page.number(RUNS, 'purity_kept', digits=2)} below that in double precision. Participation rises there instead, by "
        f"{number(page, 'departure', 'scrambled_participation', 'plain')} also in a random order of the numbers: it counts the mean of a vector as a frequency, and "
        "vectors that are nearly constant have a participation of 1. Read alone it would have announced periods."
    )


def rule_of_the_kernel(page: Page) -> str:
    """What of the kernel's way belongs to the rule."""
    names = ("IN-4", "IN-4s", "IN-6")
    if not found(page, *names):
        return untold(*names)
    return (
        f"Of the early instruments the kernel's alignment with the labels is the one that has a large part beyond the shuffled table: {number(page, 'excess_share', 'kernel_alignment')} of its way with "
        f"cross-entropy and {number(page, 'excess_share', 'kernel_alignment', 'squared')} with the squared error (there {number(page, 'excess_share', 'kernel_distance', 'squared')} of its distance too). "
        f"That part is half there {number(page, 'excess_lead', 'kernel_alignment')} and {number(page, 'excess_lead', 'kernel_alignment', 'squared')} octaves ahead of test accuracy, a negative number "
        "meaning behind: it comes close to test accuracy, and not with the fit."
    )


def accounts(page: Page) -> str:
    """What the order says for each paper's account."""
    names = ("IN-1", "IN-3", "IN-4", "IN-7l", "IN-9", "IN-11")
    if not found(page, *names):
        return untold(*names)
    distance, squared = (number(page, "departure", "kernel_distance", condition) for condition in ("decay", "squared"))
    return "\n".join(
        (
            f"- **Naive loss minimization (Prieto et al.).** Gradient and weights align from the first steps on (half way at step {half(page, 'alignment')}), with or without a rule, because outputs "
            "must grow from small weights. That they are aligned says nothing here on whether generalisation will come. Samples collapse only without decay and in single precision, long after the fit.",
            f"- **From lazy to rich (Kumar et al.).** The kernel begins to change before the fit, but its whole way is short with cross-entropy: a distance of {distance}, and {squared} with the "
            "squared error, where most of it comes late. Most of its alignment with the labels is fitting; the rest comes with the rule.",
            "- **Stages (Tian).** The gradient at the hidden units rises before the layers have gone half of their ways, and these before the features have, as in the account; without a rule it "
            "does so too. Features begin long before test accuracy rises; they are half grown with it, or after it with the squared error.",
            f"- **Periodic neurons (Doshi et al.).** Participation tells of the rule and does not move without one, while nothing collapses. With the squared error it is half way "
            f"{number(page, 'lead', 'participation', 'squared')} octaves ahead, that is after test accuracy: a network need not be made of single waves to be right.",
            "- **Norm.** Most of its growth is over when test accuracy rises, on either table.",
        )
    )
