"""What must hold exactly: the consistency bound, the two classifiers against plain formulas, and what scikit-learn's default tolerance does."""

import warnings
from collections.abc import Mapping

import numpy as np
import torch
from scipy.special import ndtr
from torch import Tensor

from replications.linear_evaluation.science import THEME
from replications.linear_evaluation.science.consistency import gamma, regrets, tight
from replications.linear_evaluation.science.logistic import logistic
from replications.linear_evaluation.science.mixture import Mixture
from replications.linear_evaluation.science.naive_bayes import naive_bayes
from verifig.training.ensemble import generator
from verifig.training.run import Run

SHOWN = 150  # pairs with a regret that are kept for a figure, for each number of classes


def identities(run: Run) -> dict[str, np.ndarray]:
    """Numbers by name; `slack`, `slack_doubled` [classes], `default_tolerance`, `tight_tolerance`, `newton` [seeds] errors."""
    settings, result = run.settings, {}
    parts = {"consistency": consistency, "classifiers": classifiers, "mixtures": mixtures, "tolerance": tolerance}
    for done, (name, part) in enumerate(parts.items(), 1):
        result |= run.once(name, lambda part=part: part(settings))
        run.progress(done, len(parts), "parts")
    return result


def consistency(settings: Mapping) -> dict[str, np.ndarray]:
    """Least r - Gamma(t) over random probabilities and scores, by number of classes; with twice t; the error where both are equal.

    `shown` [pairs, 3] are K, t and r of some. Probabilities are symmetric Dirichlet draws, even or spiky; scores are their logarithms with normal noise of several sizes.
    """
    slack, doubled, shown = [], [], []
    for classes in settings["classes_list"]:
        rng = np.random.default_rng(generator(THEME, "consistency", classes).initial_seed())
        count = settings["pairs"] // len(settings["classes_list"])
        spread = 10.0 ** rng.uniform(-1, 1, (count, 1))
        p = rng.gamma(spread, size=(count, classes)) + 1e-12
        p /= p.sum(1, keepdims=True)
        zero_one, logarithmic = regrets(
            p, np.log(p) + 10.0 ** rng.uniform(-2, 1, (count, 1)) * rng.normal(size=p.shape)
        )
        slack.append((logarithmic - gamma(zero_one)).min())
        doubled.append((logarithmic - gamma(np.minimum(2 * zero_one, 1))).min())
        pairs = np.stack([np.full(count, classes), zero_one, logarithmic], 1)
        shown.append(pairs[zero_one > 0][:SHOWN])
    found = [regrets(*tight(t, classes)) for t in np.linspace(0.05, 1, 20) for classes in settings["classes_list"]]
    return {
        "slack": np.array(slack),
        "slack_doubled": np.array(doubled),
        "tight_error": np.max([abs(r - gamma(t)) for t, r in found]),
        "shown": np.concatenate(shown),
    }


def classifiers(settings: Mapping) -> dict[str, np.ndarray]:
    """Errors of naive Bayes and logistic regression against plain formulas, on a small data set of three classes."""
    stream, classes = generator(THEME, "classifiers"), 3
    x, y = Mixture(12, classes).draw(1, 40, stream)
    weights, biases = naive_bayes(x, y, classes)
    scores = x[0] @ weights[0] + biases[0]
    fitted, free = logistic(x, y, classes)
    order = torch.randperm(len(y[0]), generator=stream)
    again, _ = logistic(x[:, order], y[:, order], classes)
    spread = x.amax(1) - x.amin(1)
    least, wide = x.amin(1, keepdim=True), spread[:, None]
    return {
        "discriminant_error": np.array(_relative(_centred(scores), _discriminant(x[0], y[0], classes))),
        "gradient": np.array(_gradient(x[0], y[0], fitted[0], free[0])),
        "permuted": np.array(_relative(again, fitted)),
        "scaled_bayes": np.array(_scaled(x, y, classes, least, wide)),
        "scaled_logistic": np.array(
            _relative(logistic((x - least) / wide, y, classes)[0] / wide.transpose(1, 2), fitted)
        ),
    }


def _centred(scores: Tensor) -> Tensor:
    return scores - scores.mean(1, keepdim=True)


def _relative(found: Tensor, wanted: Tensor) -> float:
    return float((found - wanted).abs().max() / wanted.abs().max())


def _discriminant(x: Tensor, y: Tensor, classes: int) -> Tensor:
    """Scores of linear discriminant analysis with the pooled covariance's diagonal in place of the covariance, centred over classes."""
    means = torch.stack([x[y == k].mean(0) for k in range(classes)])
    noise = x - means[y]
    inverse = torch.linalg.inv(torch.diag(torch.diag(noise.T @ noise / len(x)) + 1e-9))
    shares = torch.bincount(y).double() / len(x)
    apart = x[:, None] - means
    return _centred(shares.log() - torch.einsum("ikj,jl,ikl->ik", apart, inverse, apart) / 2)


def _gradient(x: Tensor, y: Tensor, weights: Tensor, biases: Tensor) -> float:
    """Norm of the objective's gradient by automatic differentiation, over that at zero."""
    norms = []
    for scale in (1.0, 0.0):
        w, b = ((scale * part).clone().requires_grad_() for part in (weights, biases))
        loss = torch.nn.functional.cross_entropy(x @ w + b, y, reduction="sum") + w.square().sum() / 2
        parts = torch.autograd.grad(loss, (w, b))
        norms.append(sum(float(part.square().sum()) for part in parts) ** 0.5)
    return norms[0] / norms[1]


def _scaled(x: Tensor, y: Tensor, classes: int, least: Tensor, wide: Tensor) -> float:
    """How much naive Bayes changes under MinMax scaling, in scores, with a floor of 0."""
    weights, biases = naive_bayes(x, y, classes, 0.0)
    moved, shifted = naive_bayes((x - least) / wide, y, classes, 0.0)
    return _relative(_centred((x - least)[0] / wide[0] @ moved[0] + shifted), _centred(x[0] @ weights[0] + biases))


def mixtures(settings: Mapping) -> dict[str, np.ndarray]:
    """The exact error against points drawn, in standard errors; the Bayes rule's against its formula; the mean rule's with exact means."""
    mixture, stream = Mixture(6), generator(THEME, "points")
    rule = naive_bayes(*mixture.draw(1, 12, stream), 2)
    exact, (x, y) = float(mixture.error(*rule)), mixture.draw(1, settings["points"], stream)
    wrong = ((x[0] @ rule[0][0] + rule[1]).argmax(1) != y[0]).double().mean()
    error = (exact * (1 - exact) / settings["points"]) ** 0.5
    bayes = [
        abs(float(Mixture(n).error(*Mixture(n).true_rule())) / ndtr(-((2 + 2 * n) ** 0.5) / 2) - 1)
        for n in (2, 4, 10, 20)
    ]
    return {
        "exact_error": np.array(abs(float(wrong) - exact) / error),
        "bayes_error": np.max(bayes),
        "bayes_three_40": np.array(Mixture(40, 3).bayes_error()),
        "bayes_three_100": np.array(Mixture(100, 3).bayes_error()),
    }


def tolerance(settings: Mapping) -> dict[str, np.ndarray]:
    """Errors of scikit-learn's logistic regression in the simulation, stopped by default and late, and of Newton's method [seeds]."""
    from sklearn.linear_model import LogisticRegression

    mixture, rows = Mixture(settings["dimension"]), []
    for seed in range(settings["seeds"]):
        x, y = mixture.draw(1, settings["samples"], generator(THEME, "tolerance", seed))
        row = [float(mixture.error(*logistic(x, y, 2)))]
        for limit in (1e-4, 1e-8):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of too few iterations: that is what is measured
                fit = LogisticRegression(tol=limit, max_iter=1000).fit(x[0].numpy(), y[0].numpy())
            weights = torch.from_numpy(np.stack([0 * fit.coef_[0], fit.coef_[0]], 1))[None]
            row.append(float(mixture.error(weights, torch.tensor([[0.0, fit.intercept_[0]]], dtype=torch.float64))))
        rows.append(row)
    return dict(zip(("newton", "default_tolerance", "tight_tolerance"), np.array(rows).T, strict=True))
