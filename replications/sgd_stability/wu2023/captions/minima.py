"""Captions of the minima of gradient descent and of SGD side by side."""

from replications.sgd_stability.wu2023.captions.common import Caption, Run
from verifig.pages.page import Page


def side_by_side(page: Page) -> Caption:
    """Largest eigenvalue and trace at either minimum."""
    run = Run(page, "escape")
    used = run.used()
    rate = used["learning_rate"]
    both = (
        f"The largest eigenvalue is {run.of('lmax', algorithm='gd')} at the minimum of gradient descent and {run.of('lmax', algorithm='sgd')} at that of SGD, "
        f"their sum {run.of('tr', algorithm='gd')} and {run.of('tr', algorithm='sgd')}; 2/η is {2 / rate:g}."
    )
    return {
        "alt": f"Left: training loss along the top eigenvector of G at the two minima. Right: eigenvalues of G by rank, with 2/eta. {both}",
        "note": f"One seed, η = {rate:g} for both (√d·η = {rate * used['dimension'] ** 0.5:.3g} for SGD); {used['gd_steps']:,} steps of gradient "
        f"descent, to a training loss of {run.of('loss_at_minimum', algorithm='gd')}, and {used['sgd_steps']:,} of SGD, to {run.of('loss_at_minimum', algorithm='sgd')}. {both}",
    }
