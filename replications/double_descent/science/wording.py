"""How the papers' captions are worded."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from replications.double_descent.science.datasets import TITLES
from replications.double_descent.science.drawing import count
from replications.double_descent.science.statistics import class_count, input_count, parameter_threshold
from verifig.ground.numbers import text


def listed(items: Iterable) -> str:
    """`1, 3 and 6`."""
    words = [str(item) for item in items]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def steps_text(steps: float) -> str:
    """`10,000 steps` or `infinitely many steps`."""
    return "infinitely many steps" if np.isinf(steps) else f"{count(steps)} steps"


def peak_of(frame: pd.DataFrame, x: str, y: str, form: str = "median") -> tuple[float, float]:
    """Place and height of the largest value, `form` over seeds."""
    curve = frame.groupby(x)[y].agg(form)
    return float(curve.idxmax()), float(curve.max())


def images(settings: Mapping) -> str:
    """`a subset of MNIST, classes 0 and 6`."""
    part = "a subset of " if settings["dataset"] == "mnist_5k" else ""
    classes = f"classes {listed(settings['classes'])}" if settings["classes"] else "all classes"
    return f"{part}{TITLES[settings['dataset']]}, {classes}"


def two_layer_task(settings: Mapping) -> str:
    """Data and networks of a two-layer experiment, and where they have as many parameters as equations."""
    classes = class_count(settings)
    return (
        f"{classes} classes of {TITLES[settings['dataset']]}, {input_count(settings)} pixels, n = {settings['n']:,}, "
        f"{100 * settings['label_noise']:g} % label noise, ReLU networks with biases, full batch. As many parameters as "
        f"equations (n times the number of classes) at H = {text(parameter_threshold(settings))}."
    )
