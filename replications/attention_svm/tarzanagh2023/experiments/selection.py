"""Which tokens attention selects: the best of every input, or not."""

import numpy as np

from replications.attention_svm.tarzanagh2023.experiments.local import train
from replications.attention_svm.tarzanagh2023.experiments.problems import draw
from verifig.training.run import Run


def selection(run: Run) -> dict[str, np.ndarray]:
    """Every member trained.

    Arrays: `optimal` [members, n] (1 where the likeliest token in the end has the best score; NaN beyond a member's
    inputs), `probability` [members] of the likeliest token, mean over inputs.
    """
    records = train(run, run.members, [run.settings["steps"]])
    optimal = np.full((len(run.members), max(member["inputs"] for member in run.members)), np.nan)
    likeliest = np.zeros(len(run.members))
    for k, member in enumerate(run.members):
        probability = records["probability"][k, 0, : member["inputs"], : member["tokens"]]
        optimal[k, : member["inputs"]] = probability.argmax(-1) == draw(member).scores.argmax(-1).numpy()
        likeliest[k] = probability.max(-1).mean()
    return {"optimal": optimal, "probability": likeliest}
