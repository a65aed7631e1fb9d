"""Figures 4 and 10: what the student sees, and the number of outputs."""

import numpy as np

from replications.random_teachers.sarnthein2023.captions.run import Run, by_sign, listed
from replications.random_teachers.sarnthein2023.measuring.conditions import BY_IMAGES, BY_OUTPUTS
from verifig.pages.page import MISSING


def sources(run: Run) -> dict[str, str]:
    """Labels of the conditions that differ in what the student sees."""
    images = {name: run.setting("plain", name, "distinct_images") for name in reversed(BY_IMAGES)}
    return {name: f"{count:,}\nimages" for name, count in images.items() if count != MISSING} | {
        "digits": "other\ndigits",
        "noise": "noise",
        "permuted": "answers\npermuted",
    }


def paper_sources(run: Run) -> dict[str, list[float]]:
    """The paper's gains in points under the linear probe by what the student saw: VGG11, probed on CIFAR10."""
    teacher, student = run.page.paper("table1")["rows"]["CIFAR10"]["vgg11"]
    noise = run.page.paper("fig4_noise")
    return {
        "full": [student - teacher],
        "digits": [run.page.paper("table2")["rows"]["CIFAR10"]["vgg11"] - teacher],
        "noise": [value - noise["teacher"] for value in noise["accuracy"]],
    }


def gains(run: Run) -> str:
    """Gains by what the student saw, and what they mean beside the paper's."""
    return (
        f"Here (`plain`, alpha = {run.alpha('plain', 'full')}), under ridge: {by_source(run)}. {noise(run)} {permuted(run)} "
        f"{images_grow(run)} {transfer(run)} Sources of fewer images are repeated, so that all students take the same number of "
        "steps."
    )


def by_source(run: Run) -> str:
    """Gain under ridge by what the student saw."""
    names = {name: label.replace("\n", " ") for name, label in sources(run).items()}
    return listed([f"{run.gain('plain', name, 'ridge')} points ({label})" for name, label in names.items()])


def noise(run: Run) -> str:
    """Where noise leaves the student, against the paper's far below the teacher."""
    ridge, linear = (run.sign("plain", f"{probe}_gain", condition="noise") for probe in ("ridge", "linear"))
    told = by_sign(
        ridge,
        "Noise helps a little: the paper's fall far below the teacher is not seen.",
        "Noise leaves the student where its teacher is: the paper's fall far below the teacher is not seen.",
        "Noise leaves the student below its teacher, as in the paper.",
    )
    if linear is not None and linear != ridge:
        told += f" Under the linear probe noise changes it by {run.gain('plain', 'noise', 'linear')} points."
    return told


def permuted(run: Run) -> str:
    """Whether answers that belong to other images help."""
    return by_sign(
        run.sign("plain", "ridge_gain", condition="permuted"),
        "Answers that belong to other images help too, which they should not.",
        "Answers that belong to other images do not help.",
        "Answers that belong to other images harm.",
    )


def images_grow(run: Run) -> str:
    """Slope of the linear probe per factor of ten in distinct images, beside the paper's."""
    slope = run.points("plain", "linear_per_decade")
    paper = run.page.paper("fig4")
    rise = (paper["accuracy"][1] - paper["accuracy"][0]) / np.log10(paper["images"][1] / paper["images"][0])
    return f"A factor of ten in images is worth {slope} points of linear accuracy (the paper's points: {rise:.1f})."


def transfer(run: Run) -> str:
    """What other digits are worth beside the images themselves, which the paper finds equal."""
    digits, images = (run.gain("plain", name, "linear") for name in ("digits", "full"))
    return f"Other digits are worth {digits} points of linear accuracy, MNIST itself {images}; in the paper both are equal."


def by_data_alt(run: Run) -> str:
    """What is drawn, and the gains under ridge."""
    return (
        "Left: bars of gains over the teacher by what the student saw, three probes each. Right: gain by the number of "
        f"distinct images, beside the paper's. Under ridge: {by_source(run)}."
    )


def by_data_note(run: Run) -> str:
    """What is drawn."""
    return (
        f"Bars and lines: means, black bars and bands: 95 % intervals over {run.seeds('plain')} seeds. 'Answers permuted' is a "
        "control: the teacher's answers belong to other images. Diamonds: the paper's VGG11 on CIFAR10 under the linear probe, "
        "among 'other digits' distilled on TinyImageNet."
    )


def by_outputs(run: Run) -> str:
    """Gain by number of outputs."""
    sizes = {name: run.setting("plain", name, "output_size") for name in BY_OUTPUTS}
    parts = [f"{run.gain('plain', name, 'linear')} points with {size} outputs" for name, size in sizes.items()]
    return f"Under the linear probe the gain is {listed(parts)}."


def by_outputs_alt(run: Run) -> str:
    """What is drawn, and the gains."""
    return f"Gain over the teacher by number of outputs under three probes. {by_outputs(run)}"


def by_outputs_note(run: Run) -> str:
    """What is drawn, the gains, and what they cannot tell."""
    return (
        f"{by_outputs(run)} The bottleneck has "
        f"{run.page.settings('plain')['bottleneck']} units (dotted); sizes as far apart as these cannot tell a jump at it from a slope."
    )


def noise_next_to_teacher(run: Run) -> str:
    """Whether local students at raised rates depend on what they see."""
    pair = {"a": "local", "b": "local_noise"}
    linear, ridge = (run.points("kick", f"{probe}_difference", **pair) for probe in ("linear", "ridge"))
    told = by_sign(
        run.sign("kick", "linear_difference", **pair),
        "so images matter there too",
        "so what they see hardly matters there",
        "so noise does better there",
    )
    return (
        f"In `kick`, local students that saw images minus those that saw noise: {linear} points under the linear probe, {ridge} "
        f"under ridge; {told.rstrip('.')}."
    )


def untested(run: Run) -> str:
    """List items on what may matter and was not varied, and on the data of local students."""
    return (
        f"- **eps of Adam** ({run.page.settings('plain')['eps']:g}) may matter near the teacher, where gradients can be as small; "
        "it was not varied. Single precision rounds the paper's alpha = 1e-10 to a copy for almost all weights; our local students "
        f"start at alpha = {run.alpha('plain', 'local')}.\n"
        f"- **Data next to the teacher**: {noise_next_to_teacher(run)}"
    )
