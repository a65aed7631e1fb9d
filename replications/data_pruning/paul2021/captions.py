"""Sentences of the page that depend on the run: every number is one of its statistics or settings."""

from verifig.pages.page import Page

EPOCHS = (2, 5, 10, 16)  # at which velocities are drawn: in the epoch after


def _gain(page: Page, arm: str, over: str, experiment: str = "pruning") -> str:
    """Mean difference of accuracy in percentage points."""
    return page.number(experiment, "gain", {"arm": arm, "over": over}, percent=True, digits=2).replace(" %", " points")


def _accuracy(page: Page, arm: str, experiment: str = "pruning") -> str:
    return page.number(experiment, "accuracy", {"arm": arm}, percent=True, digits=3)


def settings(page: Page) -> str:
    """The setting of the digits."""
    used = page.settings("pruning", "el2n_50") if "el2n_50" in page.settings("pruning").get("conditions", {}) else page.settings("pruning")  # fmt: skip
    return (
        f"Here {used['train_images']:,} MNIST digits of 14×14 pixels are scored and {5000 - used['train_images']:,} are for testing; perceptrons have one hidden layer of "
        f"{used['width']} neurons. Each seed has {used['runs']} score networks; every subset is trained for {used['steps']:,} steps with batches of {used['batch_size']}, "
        "from first weights that all subsets of a seed share."
    )


def pruning_alt(page: Page) -> str:
    return (
        "Left: test accuracy against the fraction kept. EL2N stays above networks trained on all digits down to a quarter and falls far below random at a tenth; "
        "forgetting scores follow it down to a half and fall off sooner; GraNd at initialisation lies below random everywhere. Right: with half kept, accuracy rises with the epoch of the score, from far below "
        "random at epoch 0 to above all digits from epoch 2 on for EL2N; GraNd begins just below random, is lowest after one epoch and lies above all digits at epoch 8."
    )


def pruning_note(page: Page) -> str:
    return (
        f"Medians and ranges of {page.seeds('pruning', 'el2n_50')} seeds (up to {page.seeds('pruning', 'el2n_25')} at single points). Half kept by EL2N: {_accuracy(page, 'el2n_50')}, "
        f"random {_accuracy(page, 'random_50')}, all digits {_accuracy(page, 'full')}. A quarter: EL2N {_accuracy(page, 'el2n_25')}, from one network only "
        f"{_accuracy(page, 'single_25')}, forgetting {_accuracy(page, 'forgetting_25')}. A tenth: EL2N {_accuracy(page, 'el2n_10')}, random {_accuracy(page, 'random_10')} (means)."
    )


def caution(page: Page) -> str:
    """What must not be carried over."""
    left = page.number("pruning", "mean_el2n", {"epoch": 8}, digits=2)
    return (
        f"A quarter of these digits, kept by EL2N, beats all of them by {_gain(page, 'el2n_25', 'full')}. That is a matter of easy data with nearly no wrong labels: the mean error vector has "
        f"the length {left} after 8 epochs, so that most digits have little left to teach. It must not be carried over to other data. "
        f"Whether all digits are only trained too little: after {page.settings('longer', 'full')['steps']:,} steps the difference between half kept by EL2N and all digits is "
        f"{_gain(page, 'el2n_50', 'full', 'longer')} (mean)."
    )


def initialisation_alt(page: Page) -> str:
    return (
        "Left: GraNd at epoch 0 of single digits rises with the norm of the input, nearly along a curve. Right: what half of the digits gains over a random half, by choice. GraNd at "
        "initialisation, the norm of the input and the lowest EL2N lie below zero, GraNd at the end and EL2N above, a second random half around it."
    )


def initialisation_note(page: Page) -> str:
    return (
        f"Rank correlation of GraNd with the norm at epoch 0: {page.number('pruning', 'rank_grand_norm', {'epoch': 0}, digits=2)}. Over a random half (means): GraNd at initialisation "
        f"{_gain(page, 'grand_50_at_0', 'random_50')}, norm of the input {_gain(page, 'input_norm_50', 'random_50')}, GraNd at the end {_gain(page, 'grand_50_at_15', 'random_50')}, "
        f"EL2N {_gain(page, 'el2n_50', 'random_50')}. Long inputs are digits with much ink, which is no sign of being hard. Bars mark medians."
    )


def agreement_alt(page: Page) -> str:
    return (
        "Left: rank correlations against the epoch of the score. EL2N and GraNd start near zero and agree almost fully from epoch 2 on; GraNd and the norm of the input begin near 1 and fall; EL2N and "
        "forgetting rise from zero. Right: mean EL2N falls from the value of equal probabilities."
    )


def agreement_note(page: Page) -> str:
    first, one = (page.number("pruning", "rank_el2n_grand", {"epoch": epoch}, digits=2) for epoch in (0, 1))
    sets = "" if page.scale == "smoke" else (
        f" Two sets of ten networks agree with {page.number('pruning', 'rank_sets', digits=3)}, two single networks with {page.number('pruning', 'rank_singles', digits=2)} (means, epoch "
        f"{page.settings('pruning')['score_epoch']})."
    )  # fmt: skip
    early = f"{first} at epoch 0" + ("" if page.scale == "smoke" else f" and {one} at epoch 1")
    return f"EL2N and GraNd: {early} (means).{sets}"


def windows_alt(page: Page) -> str:
    return (
        "Left: accuracy of windows of two fifths against where they begin. With clean labels it rises to the highest window; with a tenth of the labels random it rises to the window that "
        "begins at one half and falls far below random at the last. Right: wrong labels are nearly absent below 85 % of the order and nearly fill the last twentieth."
    )


def windows_note(page: Page) -> str:
    return (
        f"Window from 50 to 90 % less that from 60 to 100 % (means): clean {_gain(page, 'window_50', 'window_60')}, with random labels "
        f"{_gain(page, 'window_50', 'window_60', 'noise')}. {page.number('noise', 'wrong_share', percent=True, digits=2)} of the labels are wrong, and "
        f"{page.number('noise', 'wrong_in_top', percent=True, digits=2)} of those among the highest tenth. The paper leaves out "
        f"{page.paper('excluded')['images']} of {page.paper('excluded')['of']:,} images at the best clean window; the digits have too few wrong labels for that."
    )


def velocity_alt(page: Page) -> str:
    return (
        "Two panels, logarithmic vertical axes: kernel velocity against the place of the group in the EL2N order, at four epochs. With clean labels the lowest group is slowest; beyond "
        "it the curves are nearly flat at first and rise later. With random labels the rise is smaller."
    )


def velocity_note(page: Page) -> str:
    def ratios(over: str) -> str:
        told = [
            page.number("dynamics", "velocity_ratio", {"epoch": e, "over": over}, take="median", digits=3)
            for e in EPOCHS[:3]
        ]
        return ", ".join(told)

    return (
        f"Groups of {page.settings('dynamics')['group_size']}. Highest over lowest in epochs 3, 6 and 11: {ratios('bottom')}; highest over middle: {ratios('middle')} (medians of "
        f"{page.seeds('dynamics')} seeds). So what is slow are the easiest examples; above them a rise is seen only later in training."
    )


def barriers_alt(page: Page) -> str:
    return (
        "Error barriers in percentage points against the epoch at which the children part, means and intervals. On the highest-scored digits it is largest when they part at the start and falls towards zero; "
        "on random ones it is smaller; on the lowest it is zero throughout."
    )


def barriers_note(page: Page) -> str:
    top = [
        page.number("dynamics", "barrier", {"spawn": s, "group": "top"}, percent=True, digits=2).replace(
            " %", " points"
        )
        for s in page.settings("dynamics")["spawns"]
    ]
    return (
        f"On the highest {page.settings('dynamics')['barrier_size']:,}: {', '.join(top)} for children that part at epochs "
        f"{', '.join(map(str, page.settings('dynamics')['spawns']))} of {page.settings('dynamics')['parent_epochs']} (means, {page.seeds('dynamics')} seeds). So it is gone on the highest too by then, where the paper has it stay for long; small networks on easy data have small barriers."
    )


def cifar_note(page: Page) -> str:
    return (
        f"Half kept less all images (means): EL2N {_gain(page, 'el2n_50', 'full', 'cifar')}; over random: GraNd at initialisation "
        f"{_gain(page, 'grand_50_at_0', 'random_50', 'cifar')}. Each dot is one network."
    )
