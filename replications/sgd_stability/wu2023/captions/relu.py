"""Captions of two-layer ReLU networks: Figures R1 and R2."""

from replications.sgd_stability.wu2023 import plots
from replications.sgd_stability.wu2023.captions.common import Caption, Run
from replications.sgd_stability.wu2023.measure import DYNAMICS, NAMED
from verifig.pages.page import Page


def shown_rate(page: Page) -> float:
    """The learning rate of Figure R1, as it stands on the axis of Figure R2."""
    return Run(page, "relu").nearest(DYNAMICS, "sgd")


def task(page: Page) -> str:
    """Networks, data, loss and clipping."""
    sgd = page.settings("relu", "sgd")
    return (
        f"Networks of m = {sgd['width']} neurons, f(x) = Σ a_j relu(w_j·x), learn a sum of {sgd['teacher_neurons']} ReLU neurons without noise from {sgd['samples']} inputs, "
        f"uniform on the sphere of radius √d in d = {sgd['dimension']} dimensions. The loss is half the mean squared error; the test loss is that on {sgd['test_size']:,} fresh "
        f"inputs. The path norm is Σ |a_j| ‖w_j‖. Gradients longer than {sgd['clip']:g} are clipped to this norm. Figures R1 and R2 show these runs."
    )


def r1(page: Page) -> Caption:
    """When clipping ends, and where losses, trace and path norm end."""
    run, rate = Run(page, "relu"), shown_rate(page)
    sgd, here = run.used("sgd"), {"condition": "sgd", "axis": rate}
    return {
        "alt": lambda: (
            "Over iterations: training and test loss; largest gradient norm and clipping threshold; trace with 2/eta, and path norm; share of clipped steps. "
            f"The last clipped step is {run.of('last_clipped', **here)}; after all {sgd['steps']:,} steps training loss is {run.of('train_loss', **here)}, test loss "
            f"{run.of('test_loss', **here)}, tr G·η/2 {run.of('trace_ratio', **here)} and the path norm {run.of('path_norm', **here)}."
        ),
        "note": f"√d·η = {rate:g}, the first {plots.FIRST * sgd['steps']:,.0f} of {sgd['steps']:,} steps, {sgd['seeds']} seeds. "
        f"Gradient norms (before clipping) and clipped steps are those of the {sgd['log_every']:,} steps before a point.",
    }


def r2(page: Page) -> Caption:
    """Trace, path norm and test loss at the smallest and the largest learning rate."""
    run = Run(page, "relu")
    return {
        "alt": lambda: (
            "Four log-log panels over learning rates. From the smallest to the largest, the trace of SGD goes from "
            f"{run.ends('sgd', 'tr')}, its path norm from {run.ends('sgd', 'path_norm')} and its test loss from "
            f"{run.ends('sgd', 'test_loss')}; the largest eigenvalue of gradient descent goes "
            f"from {run.ends('gd', 'lmax')}, its test loss from {run.ends('gd', 'test_loss')}."
        ),
        "note": lambda runs: (
            run.bands(runs, "sgd", "gd")
            + " Diamonds: read off the plots (±10 %) of an independent replication, whose learning rate decays, at the ends of its grid; no value of the paper could be had. "
            "In (c) and (d) equal places on the axis are not equal learning rates: that of SGD is smaller by √d."
        ),
    }


def r2_text(page: Page) -> str:
    """What did not converge, where the bound is idle, and where the minima of gradient descent lie."""
    run = Run(page, "relu")
    middle = run.nearest(NAMED[0], "gd")
    last_clipped = max(run.value("last_clipped", condition="gd", axis=rate).max() for rate in run.rates("gd"))
    told = page.formed(
        f"{last_clipped:,.0f}", "relu", "last clipped of gradient descent, largest over learning rates and seeds"
    )
    return (
        f"Not converged by the last step: {run.of('unconverged_runs', condition='sgd')} of {run.of('runs', condition='sgd')} runs of SGD, "
        f"{run.of('unconverged_runs', condition='gd')} of {run.of('runs', condition='gd')} of gradient descent. "
        "The bound is idle where the initial point already obeys it: initial tr G·η/2 is "
        + run.by_rate(run.rates("sgd"), "√d·η", "initial_trace_ratio", condition="sgd")
        + " (medians over seeds, as the ratios below); where it exceeds 1 the bound is active. At the minima of gradient descent λ_max·η/2 is "
        + run.by_rate(run.rates("gd"), "η", "lmax_ratio", condition="gd")
        + ", and tr G·η/2, which the figure does not show, is "
        + run.by_rate(run.rates("gd"), "η", "trace_ratio", condition="gd")
        + ". "
        + (
            f"Gradient descent is clipped for the last time, over all its rates and seeds, at step {told}. "
            if last_clipped
            else "Gradient descent is never clipped. "
        )
        + f"At the minima of gradient descent at η = {middle:g} the learning rate that found them is {run.of('threshold_ratio', condition='gd', axis=middle)} "
        "times the exact threshold of SGD."
    )


def finer_point(page: Page) -> str:
    """How far the minima of SGD are stable in mean square, and what the Frobenius norm would say."""
    run, escape, one = Run(page, "relu"), Run(page, "escape"), shown_rate(page)
    here = {"condition": "sgd", "axis": one}
    active = [
        rate for rate in run.rates("sgd") if run.value("initial_trace_ratio", condition="sgd", axis=rate).min() > 1
    ]
    return (
        "**A finer point.** Linear stability in mean square is η ≤ η*, and the bounds that r1, r9 and r11 test are only necessary for it. η/η* of the SGD minima ranges over "
        + run.by_rate(active or [one], "√d·η", "threshold_ratio", "range", condition="sgd")
        + "; above 1 a minimum is unstable in mean square, whatever r1 says of it. Single trajectories can settle there, if rare samples dominate the mean square. "
        f"At the SGD minimum of the figure below η/η* is {escape.of('own_threshold_ratio')}, and the median loss of linearised SGD at that rate changes by a factor "
        f"exp({escape.of('own_growth')}) every 1,000 steps.\n\n"
        "**The Frobenius norm.** The abstract ties the Frobenius norm to another notion of stability, by our reading that of the loss, which forces ‖G‖_F ≤ 1/(η√μ), where the alignment μ of gradient noise with G "
        f"can be measured. At √d·η = {one:g}, μ is {run.of('alignment', **here)} and ‖G‖_F·η·√μ is {run.of('frobenius_ratio', **here)}. "
        f"Not judged: μ is a snapshot at the last step, at a training loss of {run.of('train_loss', **here)}, where residuals may be rounding."
    )


def r2_init(page: Page) -> Caption:
    """How close converged runs come to the bounds under both readings of the initialisation."""
    run = Run(page, "relu")
    worst = " ".join(
        f"With {label}, the largest ratio of a converged run is {run.of('worst_sharp_ratio', 'max', condition=name)} on the left and "
        f"{run.of('worst_path_norm_ratio', 'max', condition=name)} on the right (from √d·η = {NAMED[0]:g} on)."
        for name, label in plots.INITIALISATIONS.items()
    )
    return {
        "alt": f"Two panels over learning rates with the bound at 1: the sharp ratio, and the path norm over its bound, for both initialisations. {worst}",
        "note": lambda runs: (
            run.bands(runs, "sgd", "sgd_deviation")
            + f" {worst} With {plots.INITIALISATIONS['sgd_deviation']}, tr G·η/2 is "
            + run.by_rate(run.rates("sgd_deviation"), "√d·η", "trace_ratio", condition="sgd_deviation")
            + " (not judged). Where the path norm has stayed near its initial value, its bound says nothing."
        ),
    }
