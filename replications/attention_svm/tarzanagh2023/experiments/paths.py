"""Two data sets of the plane: where W carries each query on the way, and where the support vector machines put it."""

import numpy as np

from replications.attention_svm.science.svm import correlation, separations
from replications.attention_svm.tarzanagh2023.experiments.local import machine, nuclear_machines, points_of, train
from replications.attention_svm.tarzanagh2023.experiments.problems import draw
from verifig.training.run import Run


def paths(run: Run) -> dict[str, np.ndarray]:
    """Every member trained.

    Arrays: `points` [P], `path` [members, P, n, d] of W z_i, `image` [members, 2, n, d] of W z_i with the W of the
    Frobenius and of the nuclear machine of the selected tokens (not a number where there is none), `correlation`
    [members, P, 2] of W with each.
    """
    members, points = run.members, points_of(run.settings)
    records = train(run, members, points)
    found = {"path": [], "image": [], "correlation": []}
    for member, matrix, probability in zip(members, records["matrix"], records["probability"], strict=True):
        problem = draw(member)
        tokens, queries = problem.tokens.numpy(), problem.queries.numpy()
        rows = separations(tokens, queries, probability[-1, :, : member["tokens"]].argmax(-1))
        machines = np.stack([machine(rows).matrix, nuclear_machines(rows[None])[0][0]])
        found["path"].append((matrix @ queries.T).swapaxes(-1, -2))
        found["image"].append((machines @ queries.T).swapaxes(-1, -2))
        found["correlation"].append(correlation(matrix[:, None], machines))
    return {"points": np.array(points)} | {name: np.stack(values) for name, values in found.items()}
