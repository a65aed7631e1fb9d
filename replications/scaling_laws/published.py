"""Numbers of the papers and their code that statistics are compared with, each with its source.

(Numbers that only figures show are in paper.yaml.)
"""

import itertools

import numpy as np

from replications.scaling_laws.fitting.law import theta_from

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

# Choshen et al. 2025: ARE in percent as printed in the authors' figure files, share of training 0.1, 0.2, ... 1
# (error on the target's last checkpoint, first 10B tokens dropped), by family and number of smallest models
ARE_FINAL = {
    "opt": {
        3: (40.47, 18.77, 18.39, 17.38, 15.83, 11.91, 9.97, 7.35, 5.63, 4.19),
        4: (55.51, 10.58, 16.20, 15.68, 14.17, 12.25, 10.69, 8.82, 7.86, 6.95),
    },
    "gpt3": {
        3: (48.28, 44.27, 40.87, 37.30, 35.29, 32.02, 29.39, 26.94, 25.05, 23.36),
        4: (0.18, 2.88, 0.38, 1.58, 3.69, 5.71, 7.68, 9.33, 9.13, 5.73),
        7: (16.74, 14.04, 12.16, 10.29, 8.59, 7.04, 5.67, 4.44, 3.31, 2.69),
    },
}
