"""Numbers of the papers and their code that statistics are compared with, each with its source.

(Numbers that only figures show are in values.yaml.)
"""

import itertools

import numpy as np

from replications.scaling_laws.besiroglu2024.fitting.law import theta_from

# Hoffmann et al. 2022: parameters in the TeX source of their paper, and as its text rounds them
HOFFMANN = np.array([6.0073404, 6.0179186, 0.5267228, 0.33917084, 0.2849083])
HOFFMANN_ROUNDED = theta_from(406.4, 410.7, 1.69, 0.34, 0.28)
HOFFMANN_EXPONENT = 0.4545  # middle of their interval (0.454, 0.455) for a, approach 3
HOFFMANN_GRID = np.array(
    [
        (a, b, e, alpha, beta)
        for alpha, beta, e, a, b in itertools.product(
            (0, 0.5, 1, 1.5, 2), (0, 0.5, 1, 1.5, 2), (-1, -0.5, 0, 0.5, 1), range(0, 30, 5), range(0, 30, 5)
        )
    ],
    float,
)
ABLATED = (0, 5, 10, 20)  # numbers of highest losses that we leave out
BOOTSTRAP_SEED = 42  # of their notebook
CHINCHILLA_FLOP = 5.88e23

# Besiroglu et al. 2024, table of the refit and outputs of the notebook
REFIT = theta_from(482.01, 2085.43, 1.8169, 0.34781, 0.36585)
