"""Weight decay against the projection: epochs until the test set is learnt."""

import numpy as np

from replications.grokking.prieto2025.measuring.levels import FIT
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, first_crossing, paired


def sweep(experiment: str, series: Series, out: Tables) -> None:
    """EN-28 to EN-30: per seed, epochs to test accuracy `FIT` compared between arms.

    `grok_epoch_ratio`: of one weight decay over another's; `projection_over_best_decay`: of the run with the projection
    over those of the fastest weight decay. A run that never gets there counts as the last epoch, and as never seen.
    """
    epochs = {name: first_crossing(series.points, series[name, "test_accuracy"], FIT) for name in series.settings}
    if "wd6" in epochs and "wd2" in epochs:
        late, never_late, early, never_early = paired(*epochs["wd6"], *epochs["wd2"])
        ratio, never = late / np.maximum(early, 1), never_late | never_early
        out.per_seed(experiment, "grok_epoch_ratio", ratio, {"a": "wd6", "b": "wd2"}, never=never)
    decays = [epochs[name] for name, member in series.settings.items() if member["weight_decay"] > 0]
    if decays and "perp_adamw" in epochs:
        decayed = (np.where(never, np.inf, epoch) for epoch, never in decays)
        epoch, never, *decayed = paired(*epochs["perp_adamw"], *decayed)
        best = np.min(decayed, 0)
        ratio = epoch / np.maximum(np.where(np.isfinite(best), best, series.points[-1]), 1)
        out.per_seed(experiment, "projection_over_best_decay", ratio, never=never)


def transformer(series: Series, out: Tables) -> None:
    """EN-20: epochs to test accuracy 0.9, with the projection over with weight decay, same seed."""
    if "perp_adamw" not in series or "adamw_wd" not in series:
        return
    accuracies = paired(series["perp_adamw", "test_accuracy"], series["adamw_wd", "test_accuracy"])
    (a, never_a), (b, never_b) = (first_crossing(series.points, accuracy, 0.9) for accuracy in accuracies)
    name = {"a": "perp_adamw", "b": "adamw_wd"}
    out.per_seed("transformer", "epoch_ratio", a / np.maximum(b, 1), name, never=never_a | never_b)
