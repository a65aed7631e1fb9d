"""A fit of the law to anybody's runs: the best parameters, which of them the table determines, and how well it fits."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from replications.scaling_laws.besiroglu2024.fitting import law, solver
from replications.scaling_laws.besiroglu2024.fitting.inference import keep_all_but_highest, resamples
from replications.scaling_laws.science.runs import Runs
from verifig.ground.errors import InputError

GRID = np.array(
    [
        (a, b, e, alpha, beta)
        for alpha in (0.2, 0.5, 1.0)
        for beta in (0.2, 0.5, 1.0)
        for e in (-1.0, 0.5)
        for a in (0.0, 5.0, 10.0, 15.0)
        for b in (0.0, 5.0, 10.0, 15.0)
    ]
)
FEWEST_ROWS = 8
NAMES = ("A", "B", "E", "alpha", "beta", "a")
MOVES_TOGETHER = 0.99  # correlation of ln N and ln D from which the table is one-dimensional
# a parameter counts as determined if its relative error (a factor for A, B, E) stays below one half
LARGEST_ERROR = 0.5
NEAR = 1.1  # minima within this factor of the best objective are starting places of the resamples
PLACES = 4  # at most so many of them
LITTLE = 0.5  # share of the variation of ln L below which a fit is not worth a policy


@dataclass(frozen=True)
class ScalingLaw:
    """A fitted law: theta [5] (see `law`), its objective, bootstrap fits [resamples, 5] (possibly none), the runs used.

    Args:
        rivals: theta [k, 5] of all minima that the table cannot tell from the best one (the best included).
    """

    theta: np.ndarray
    objective: float
    bootstrap: np.ndarray
    runs: Runs
    rivals: np.ndarray

    @property
    def rows(self) -> int:
        return len(self.runs.L)

    @property
    def coefficients(self) -> dict[str, float]:
        """A, B, E, alpha, beta and the compute exponent a of N."""
        return dict(zip(NAMES, _named(self.theta[None])[0].tolist(), strict=True))

    @functools.cached_property
    def standard_errors(self) -> dict[str, float]:
        """Bootstrap standard errors by coefficient; NaN without resamples."""
        if len(self.bootstrap) < 2:
            return dict.fromkeys(NAMES, float("nan"))
        with np.errstate(over="ignore", invalid="ignore"):
            return dict(zip(NAMES, _named(self.bootstrap).std(0, ddof=1).tolist(), strict=True))

    def predict(self, N: np.ndarray, D: np.ndarray) -> np.ndarray:
        """Loss at N parameters and D tokens."""
        return law.loss(self.theta, N, D)

    @functools.cached_property
    def residuals(self) -> np.ndarray:
        """ln L - ln L(N, D) [rows]."""
        return np.log(self.runs.L) - law.log_loss(self.theta, self.runs.N, self.runs.D)

    @property
    def spread(self) -> float:
        """Robust standard deviation of the residuals: their median absolute size times 1.4826."""
        return float(1.4826 * np.median(np.abs(self.residuals)))

    @property
    def explained(self) -> float:
        """Share of the absolute variation of ln L around its median that the law explains (1: all)."""
        logs = np.log(self.runs.L)
        return float(1 - np.abs(self.residuals).sum() / np.abs(logs - np.median(logs)).sum())

    @property
    def correlation(self) -> float:
        """Correlation of ln N and ln D over the runs: near 1 on a ladder of sizes trained in proportion."""
        return float(np.corrcoef(np.log(self.runs.N), np.log(self.runs.D))[0, 1])

    @functools.cached_property
    def condition(self) -> float:
        """Condition number of the Gauss-Newton Hessian at the fit, columns scaled to length 1, logs centred."""
        jacobian = _jacobian(self.theta, self.runs)
        size = np.linalg.norm(jacobian, axis=0)
        return float(np.linalg.cond(jacobian / np.where(size > 0, size, 1)) ** 2) if (size > 0).all() else float("inf")

    @functools.cached_property
    def relative_errors(self) -> dict[str, float]:
        """How badly each coefficient is determined: the largest of its error by linearisation, by bootstrap, by rivals.

        Logarithmic for A, B and E, relative for the exponents; infinite where the table says nothing.
        """
        found = [_linear_errors(self.theta, self.runs, self.spread)]
        best = _log_named(self.theta[None])[0]
        for others in (self.bootstrap, self.rivals):
            if len(others) > 1:
                low, high = np.nanquantile(_log_named(others), [0.16, 0.84] if others is self.bootstrap else [0, 1], 0)
                found.append((high - low) / 2)
        worst = np.max(np.nan_to_num(np.stack(found), nan=np.inf), axis=0)
        scale = np.concatenate([np.ones(3), np.maximum(np.abs(best[3:]), 1e-12)])
        return dict(zip(NAMES, (worst / scale).tolist(), strict=True))

    @property
    def undetermined(self) -> list[str]:
        """Coefficients that the table does not determine."""
        return [name for name, error in self.relative_errors.items() if not error <= LARGEST_ERROR]

    @property
    def no_policy(self) -> str | None:
        """Why no optimal policy can be given, or None."""
        if abs(self.correlation) > MOVES_TOGETHER:
            return f"N and D move together (correlation of their logarithms {self.correlation:.4f}): what each does alone cannot be told"
        alpha, beta = self.theta[3:]
        if alpha <= 0 or beta <= 0:
            name, what = ("alpha", "N") if alpha <= 0 else ("beta", "D")
            return f"{name} is not positive: the loss does not fall with {what}"
        if self.explained < LITTLE:
            return f"the law explains only {self.explained:.0%} of the variation of the loss"
        # A and B may be loose where the optimum is not: their errors go along with those of the exponents
        if lost := [name for name in self.undetermined if name in ("alpha", "beta", "a")]:
            return f"{_listed(lost)} {'are' if len(lost) > 1 else 'is'} not determined by these runs"
        if not self._policy_error <= LARGEST_ERROR:
            return "the optimum is not determined by these runs, not even among them"
        return None

    @property
    def _policy_error(self) -> float:
        """Half the central 68 % range of ln N_opt at the runs' middle compute, over resamples and rivals."""
        middle = float(np.exp(np.median(np.log(6 * self.runs.N * self.runs.D))))
        widths = [0.0]
        for others in (self.bootstrap, self.rivals):
            usable = others[(others[:, 3:] > 0).all(1)]
            if len(usable) > 1:
                low, high = np.quantile(np.log(law.policy(usable, middle)[0]), [0.16, 0.84])
                widths.append((high - low) / 2)
        return max(widths)

    def policy(self, compute: float) -> tuple[float, float]:
        """Loss-minimising (N, D) for `compute` FLOP.

        Raises:
            InputError: the table determines none (see `no_policy`).
        """
        if self.no_policy:
            raise InputError(f"no optimal policy: {self.no_policy}")
        N, D = law.policy(self.theta, compute)
        return float(N), float(D)

    def policy_interval(self, compute: float, level: float = 0.8) -> np.ndarray:
        """Bootstrap percentile limits [2, 2]: (low, high) by (N, D)."""
        usable = self.bootstrap[(self.bootstrap[:, 3:] > 0).all(1)]
        pair = np.stack(law.policy(usable, compute), axis=1)
        return np.quantile(pair, [(1 - level) / 2, (1 + level) / 2], axis=0)


def fit_scaling_law(
    runs: Runs,
    delta: float = law.DELTA,
    drop_highest: int = 0,
    bootstraps: int = 1000,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> ScalingLaw:
    """Fit L(N, D) = E + A/N^alpha + B/D^beta by a sum of Huber losses of the log loss.

    Args:
        runs: see `runs.read` (files) and `runs.of_frame` (tables in memory).
        delta: width of the quadratic part, in log loss (Hoffmann et al.: 1e-3).
        drop_highest: leave out this many of the highest losses.
        bootstraps: resamples for standard errors (0: none); seed: of the resamples.
        on_progress: called with (fits done, fits in all).

    Raises:
        InputError: too few rows or sizes, or a loss that does not vary.
    """
    runs = _kept(runs, drop_highest)
    first = solver.minimise(runs.N, runs.D, runs.L, GRID, delta=delta, steps=40)
    best = np.argsort(first.objective, kind="stable")[:16]
    last = solver.minimise(runs.N, runs.D, runs.L, first.theta[best], delta=delta)
    order = np.argsort(last.objective, kind="stable")
    theta, objective = last.theta[order[0]], float(last.objective[order[0]])
    near = last.theta[order][last.objective[order] <= NEAR * objective + 1e-300]
    places = _different(near)[:PLACES]
    rivals = last.theta[last.objective <= objective * np.exp(stats.chi2.ppf(0.95, 1) / (2 * len(runs.L))) + 1e-300]
    boot = np.empty((0, 5))
    if bootstraps:
        counts = resamples(len(runs.L), bootstraps, seed)
        boot = _bootstrap(runs, places, counts, delta, on_progress)
    return ScalingLaw(theta, objective, boot, runs, rivals)


def _bootstrap(runs: Runs, places: np.ndarray, counts: np.ndarray, delta: float, on_progress) -> np.ndarray:
    """Best fit of every resample [resamples, 5] over the starting places [k, 5]."""
    found = solver.minimise(
        runs.N,
        runs.D,
        runs.L,
        np.repeat(places, len(counts), 0),
        np.tile(counts, (len(places), 1)),
        delta,
        on_chunk=on_progress,
    )
    winner = found.objective.reshape(len(places), len(counts)).argmin(0)
    return found.theta.reshape(len(places), len(counts), 5)[winner, np.arange(len(counts))]


def _different(thetas: np.ndarray) -> np.ndarray:
    """Those that differ from all before them by more than rounding."""
    kept: list[np.ndarray] = []
    for theta in thetas:
        if all(np.abs(theta - other).max() > 1e-3 * max(1.0, np.abs(other).max()) for other in kept):
            kept.append(theta)
    return np.array(kept)


def _kept(runs: Runs, drop_highest: int) -> Runs:
    """The runs to fit, or a sentence that says why there is nothing to fit."""
    total = len(runs.L)
    kept = keep_all_but_highest(runs.L, drop_highest) if drop_highest < total else np.zeros(total, bool)
    if kept.sum() < FEWEST_ROWS:
        raise InputError(f"{kept.sum()} rows to fit, at least {FEWEST_ROWS} are needed")
    chosen = [column[kept] for column in (runs.N, runs.D, runs.L, runs.line)]
    for name, values in zip(runs.names[:2], chosen[:2], strict=True):
        if len(np.unique(values)) < 3:
            raise InputError(f"column {name!r} has {len(np.unique(values))} distinct values, at least 3 are needed")
    if len(np.unique(chosen[2])) == 1:
        raise InputError(f"the loss does not vary: every row of column {runs.names[2]!r} is {chosen[2][0]:g}")
    return Runs(*chosen, runs.names, runs.notes)


def _named(theta: np.ndarray) -> np.ndarray:
    """theta [k, 5] -> (A, B, E, alpha, beta, a) [k, 6]."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return np.concatenate([law.coefficients(theta), law.compute_exponent(theta)[:, None]], axis=1)


def _log_named(theta: np.ndarray) -> np.ndarray:
    """theta [k, 5] -> (ln A, ln B, ln E, alpha, beta, a) [k, 6]."""
    return np.concatenate([theta, _named(theta)[:, 5:]], axis=1)


def _jacobian(theta: np.ndarray, runs: Runs) -> np.ndarray:
    """Derivatives of ln L(N, D) by theta [rows, 5], for logs centred over the runs."""
    n, d = np.log(runs.N), np.log(runs.D)
    parts = law.terms(theta, n, d)
    share = np.exp(parts - np.logaddexp.reduce(parts, axis=-1, keepdims=True))
    one, two, three = share.T
    return np.stack([one, two, three, -one * (n - n.mean()), -two * (d - d.mean())], axis=1)


def _linear_errors(theta: np.ndarray, runs: Runs, spread: float) -> np.ndarray:
    """Standard errors [6] of (a, b, e, alpha, beta, compute exponent) from the linearised law; infinite without hold."""
    jacobian = _jacobian(theta, runs)
    size = np.linalg.norm(jacobian, axis=0)
    if not (size > 0).all():
        return np.full(6, np.inf)
    _, values, right = np.linalg.svd(jacobian / size, full_matrices=False)
    if values[-1] < 1e-12 * values[0]:
        return np.full(6, np.inf)
    root = (right.T / values) / size[:, None]  # theta covariance = spread^2 root root'
    # back from centred logs: a = a_centred + alpha mean(ln N), and so for b
    root[0] += root[3] * np.log(runs.N).mean()
    root[1] += root[4] * np.log(runs.D).mean()
    alpha, beta = theta[3:]
    exponent = (alpha * root[4] - beta * root[3]) / (alpha + beta) ** 2
    return spread * np.linalg.norm(np.vstack([root, exponent]), axis=1)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
