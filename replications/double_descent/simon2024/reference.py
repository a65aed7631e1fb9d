"""Published numbers that are judged or compared by formula, each with its source. No torch.

`RISK_TABLE`: authors' stored arrays of "More is Better", Figure 1, synthetic task (`FIGURE1`: n, number of eigenvalues,
exponents of spectrum and target, noise variance): theory test and train error and the experiment's mean by k
and ridge.
`KERNEL_OPTIMA`: stored optima over the ridge of convolutional-kernel regression (Figure 2): exponents, and by relative
noise the fitting ratio at the optimum (None: the smallest ridge was optimal).
"""

from decimal import Decimal

from replications.double_descent.simon2024 import eigenframework as theory

FIGURE1 = {"n": 256, "task_size": 10000, "exponents": (1.5, 1.5), "noise": 0.5}  # synthetic task
RIDGES = (10 ** (-7 / 3), 0.1, 10 ** (1 / 3))
RISK_TABLE = {
    # k: [(theory test, theory train, experiment test) for each of RIDGES], digits as printed
    10: [("1.6412", "1.516", "1.644"), ("1.6407", "1.516", "1.644"), ("1.6342", "1.518", "1.640")],
    79: [("1.2797", "0.6147", "1.282"), ("1.1940", "0.620", "1.198"), ("1.0439", "0.7813", "1.054")],
    158: [("1.8535", "0.2947", "1.892"), ("1.1941", "0.3553", "1.210"), ("0.9694", "0.6856", "0.977")],
    316: [("2.4249", "0.01509", "2.501"), ("1.0969", "0.1852", "1.100"), ("0.9298", "0.6355", "0.931")],
    630: [("1.3906", "0.00174", "1.413"), ("0.9960", "0.1186", "1.009"), ("0.9095", "0.6101", "0.916")],
    2511: [("1.0536", "6.24e-4", "1.071"), ("0.9116", "0.0828", "0.922"), ("0.8940", "0.5909", "0.901")],
    10000: [("0.9976", "5.07e-4", "1.005"), ("0.8909", "0.0757", "0.896"), ("0.8901", "0.5861", "0.895")],
}
KERNEL_OPTIMA = {
    "MNIST": ((1.12, 1.36), {0: None, 1: None, 5: 0.159, 50: 0.796}),
    "CIFAR-10": ((1.17, 1.14), {0: 0.031, 1: 0.176, 5: 0.718, 50: 0.968}),
}
SMALLEST_RIDGE_RATIO = 0.001  # R of MNIST's noise-free optimum, at the smallest stored ridge


def deviation(found: float, printed: str) -> float:
    """Relative deviation of a number from a printed one beyond the rounding of its last digit; 0 within it."""
    unit = 10.0 ** Decimal(printed).as_tuple().exponent
    return max(0.0, abs(found - float(printed)) - unit / 2) / abs(float(printed))


def figure1_task() -> theory.Task:
    """The synthetic task of Figure 1 in the paper's size."""
    return theory.power_law_task(FIGURE1["task_size"], *FIGURE1["exponents"], FIGURE1["noise"])
