"""Published numbers that are judged or compared by formula, each with its source. No torch.

`RISK_TABLE`: authors' stored arrays of "More is Better", Figure 1, synthetic task (`FIGURE1`: n, number of eigenvalues,
exponents of spectrum and target, noise variance, trials): theory test and train error and the experiment's mean by k
and ridge.
`CIFAR_RISKS`: the same, CIFAR-10 panel: mean test MSE of the experiment.
`KERNEL_OPTIMA`: stored optima over the ridge of convolutional-kernel regression (Figure 2): exponents, and by relative
noise the fitting ratio at the optimum (None: the smallest ridge was optimal).
`RESNET_WIDTHS`: Deep Double Descent, Figure 1, mean of five released runs at the final epoch: test error (noisy labels)
and train error by width.
"""

from decimal import Decimal

from replications.double_descent import eigenframework as theory

FIGURE1 = {"n": 256, "task_size": 10000, "exponents": (1.5, 1.5), "noise": 0.5, "trials": 45}  # synthetic task
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
CIFAR_RISKS = {0.1: {10: 0.918, 79: 0.968, 158: 1.019, 316: 0.949, 1258: 0.815, 10000: 0.772}}
KERNEL_OPTIMA = {
    "MNIST": ((1.12, 1.36), {0: None, 1: None, 5: 0.159, 50: 0.796}),
    "CIFAR-10": ((1.17, 1.14), {0: 0.031, 1: 0.176, 5: 0.718, 50: 0.968}),
}
SMALLEST_RIDGE_RATIO = 0.001  # R of MNIST's noise-free optimum, at the smallest stored ridge
RESNET_WIDTHS = {
    1: (0.5351, 0.5340), 2: (0.3950, 0.3825), 3: (0.3517, 0.3184), 4: (0.3397, 0.2809), 5: (0.3476, 0.2580),
    6: (0.3697, 0.2318), 7: (0.3882, 0.1988), 8: (0.4085, 0.1628), 9: (0.4095, 0.1205), 10: (0.4127, 0.0831),
    11: (0.4084, 0.0514), 12: (0.3966, 0.0317), 14: (0.3855, 0.0127), 16: (0.3675, 0.0069), 20: (0.3549, 0.0030),
    24: (0.3421, 0.0019), 32: (0.3244, 0.0008), 48: (0.3021, 0.0006), 64: (0.2911, 0.0004),
}  # fmt: skip


def deviation(found: float, printed: str) -> float:
    """Relative deviation of a number from a printed one beyond the rounding of its last digit; 0 within it."""
    unit = 10.0 ** Decimal(printed).as_tuple().exponent
    return max(0.0, abs(found - float(printed)) - unit / 2) / abs(float(printed))


def figure1_task() -> theory.Task:
    """The synthetic task of Figure 1 in the paper's size."""
    return theory.power_law_task(FIGURE1["task_size"], *FIGURE1["exponents"], FIGURE1["noise"])


def published_peak() -> int:
    """Index of the released ResNet's peak among its widths: the largest test error beyond the first minimum."""
    test = [pair[0] for pair in RESNET_WIDTHS.values()]
    first = next(k for k in range(1, len(test) - 1) if test[k] < test[k - 1] and test[k] < test[k + 1])
    return max(range(first, len(test)), key=test.__getitem__)
