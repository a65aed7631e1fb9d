"""What a fit of the law says of runs still to come: where the next one lies, and how many would settle a coefficient."""

import math

import numpy as np

from replications.scaling_laws.besiroglu2024.fitting import law
from replications.scaling_laws.besiroglu2024.fitting.own import FEWEST_ROWS, NAMES, ScalingLaw
from verifig.ground.errors import InputError


def prediction_interval(
    found: ScalingLaw, N: np.ndarray, D: np.ndarray, level: float = 0.95, seed: int = 0
) -> np.ndarray:
    """Where the loss of one further run is expected, [2, points]: low and high at N parameters and D tokens.

    Percentiles over the bootstrap fits, to each of which a residual of the fit is added, drawn with replacement: the
    uncertainty of the law and the scatter of single runs. It knows nothing of a law of another form.

    Raises:
        InputError: a fit without resamples, or a level that is not between 0 and 1.
    """
    if len(found.bootstrap) < 20:
        raise InputError(f"a prediction interval needs at least 20 bootstrap fits, this one has {len(found.bootstrap)}")
    if not 0 < level < 1:
        raise InputError(f"level {level:g} must lie between 0 and 1")
    N, D = np.broadcast_arrays(np.atleast_1d(np.asarray(N, float)), np.atleast_1d(np.asarray(D, float)))
    predicted = law.log_loss(found.bootstrap, N, D)
    drawn = np.random.default_rng(seed).choice(found.residuals, predicted.shape)
    tail = (1 - level) / 2
    return np.exp(np.quantile(predicted + drawn, [tail, 1 - tail], axis=0))


def runs_needed(found: ScalingLaw, of: str, width: float, level: float = 0.95) -> int:
    """How many runs, spread as these are, give a coefficient an interval of this width: errors fall as 1/sqrt(runs).

    At least as many as a fit takes.

    Args:
        of: `A`, `B`, `E`, `alpha`, `beta` or `a`, the exponent of the optimal N. width: from low to high, in its units.

    Raises:
        InputError: an unknown coefficient, a width that is not above 0, or one that these runs do not determine at all.
    """
    if of not in NAMES:
        raise InputError(f"of must be one of {', '.join(NAMES)}, not {of!r}")
    if not width > 0:
        raise InputError(f"width {width:g} must be above 0")
    if len(found.bootstrap) < 20:
        raise InputError(f"the width needs at least 20 bootstrap fits, this one has {len(found.bootstrap)}")
    if of in found.undetermined:
        raise InputError(f"{of} is not determined by these runs: more of the same kind may not help")
    tail = (1 - level) / 2
    values = (
        law.compute_exponent(found.bootstrap) if of == "a" else law.coefficients(found.bootstrap)[:, NAMES.index(of)]
    )
    low, high = np.quantile(values, [tail, 1 - tail])
    return max(FEWEST_ROWS, math.ceil(found.rows * ((high - low) / width) ** 2))
