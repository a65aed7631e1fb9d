"""The figure of a fit to anybody's runs."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from replications.scaling_laws.besiroglu2024.fitting import law
from replications.scaling_laws.besiroglu2024.fitting.own import ScalingLaw
from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN


def own_fit(found: ScalingLaw) -> Figure:
    """Anybody's runs: contours of the fit with the optimal policy, dashed beyond the runs, and fitted against observed."""
    figure, axes = figures.grid(2, width=8.8, height=3.7)
    N, D, L = found.runs.N, found.runs.D, found.runs.L
    sizes = np.geomspace(N.min() / 2, N.max() * 2, 100)
    tokens = np.geomspace(D.min() / 2, D.max() * 2, 100)
    surface = found.predict(*(grid.ravel() for grid in np.meshgrid(sizes, tokens))).reshape(100, 100)
    contours = axes[0].contour(sizes, tokens, surface, levels=np.geomspace(L.min(), L.max(), 10), cmap="magma")
    axes[0].scatter(N, D, c=L, cmap="magma", s=18, edgecolor=figures.MUTED, linewidth=0.3)
    box = (N.min(), D.min()), N.max() - N.min(), D.max() - D.min()
    axes[0].add_patch(Rectangle(*box, fill=False, edgecolor=figures.MUTED, linestyle=":", label="range of the runs"))
    compute = 6 * N * D
    if found.no_policy is None:
        for budgets, style, label in (
            (np.geomspace(compute.min(), compute.max(), 60), "-", "optimal policy"),
            (np.geomspace(compute.max(), 10 * compute.max(), 20), "--", "extrapolated"),
        ):
            axes[0].plot(*law.policy(found.theta, budgets), color=GREEN, linewidth=2, linestyle=style, label=label)
    else:
        axes[0].set_title("no optimal policy from these runs")
    axes[0].set(xscale="log", yscale="log", xlabel="parameters N", ylabel="tokens D")
    axes[0].set(xlim=(sizes[0], sizes[-1]), ylim=(tokens[0], tokens[-1]))
    axes[0].clabel(contours, fontsize=7)
    axes[0].legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    predicted = found.predict(N, D)
    axes[1].plot(predicted, L, ".", color=BLUE, markersize=5)
    axes[1].plot([L.min(), L.max()], [L.min(), L.max()], **figures.DASHED)
    axes[1].set(xlabel="fitted loss (nats)", ylabel="loss (nats)")
    return figure
