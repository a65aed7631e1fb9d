"""The paper's depth study on CIFAR-10 as digitised from the figure in its repository: what statistics are made of.

Test accuracies in %, sparsity 0.9, at pixel level within about 0.03 points (0.1 where markers overlap); the number of runs
behind them is unknown. Other sparsities are in values.yaml, for the figure alone.
"""

DEPTHS = (20, 32, 44, 56, 110)
ACCURACY = {
    "dense": (92.38, 93.07, 93.32, 93.15, 93.34),
    "erk": (87.80, 89.70, 90.65, 90.57, 91.93),
    "snip": (87.52, 89.37, 90.08, 90.78, 91.37),
    "uniform": (86.29, 88.60, 89.48, 90.40, 91.35),
    "uniform_plus": (86.72, 88.29, 89.61, 89.98, 91.5),
}
