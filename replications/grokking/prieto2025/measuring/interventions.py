"""Collapse brought about: initial weights scaled up, the correct class taken out of the loss."""

from verifig.measuring.series import Series
from verifig.measuring.tables import Tables


def mnist(series: Series, out: Tables) -> None:
    """EN-19: what still moves after epoch 300 or 500, and the collapsed share."""
    experiment = "mnist200"
    if series.points[-1] < 1000:
        return
    late = series.points >= 500
    for condition in series.settings:
        name = {"condition": condition}
        test = series[condition, "test_accuracy"]
        out.per_seed(experiment, "test_range_after_500", test[:, late].max(1) - test[:, late].min(1), name)
        out.per_seed(experiment, "min_collapsed_after_500", series[condition, "collapsed"][:, late].min(1), name)
        out.per_seed(experiment, "min_zero_loss_after_500", series[condition, "zero_loss"][:, late].min(1), name)
        out.per_seed(experiment, "collapsed", series.at(condition, "collapsed", 1000), name | {"epoch": 1000})
        out.per_seed(experiment, "test_gain_after_300", test[:, -1] - series.at(condition, "test_accuracy", 300), name)


def zeroed(series: Series, out: Tables) -> None:
    """EN-21: test accuracy at the intervention, and its change from there to the end."""
    epoch = series.settings["zeroed"]["zero_correct_logits_at"] if "zeroed" in series else None
    if epoch is None:
        return
    for condition in series.settings:
        name, before = {"condition": condition}, series.at(condition, "test_accuracy", epoch)
        out.per_seed("zeroed113", "test_at_zeroing", before, name)
        out.per_seed("zeroed113", "test_change_after_zeroing", series.last(condition, "test_accuracy") - before, name)
