"""Published numbers that are judged. No torch.

`RESNET_WIDTHS`: Deep Double Descent, Figure 1, mean of five released runs at the final epoch: test error (noisy labels)
and train error by width.
"""

RESNET_WIDTHS = {
    1: (0.5351, 0.5340), 2: (0.3950, 0.3825), 3: (0.3517, 0.3184), 4: (0.3397, 0.2809), 5: (0.3476, 0.2580),
    6: (0.3697, 0.2318), 7: (0.3882, 0.1988), 8: (0.4085, 0.1628), 9: (0.4095, 0.1205), 10: (0.4127, 0.0831),
    11: (0.4084, 0.0514), 12: (0.3966, 0.0317), 14: (0.3855, 0.0127), 16: (0.3675, 0.0069), 20: (0.3549, 0.0030),
    24: (0.3421, 0.0019), 32: (0.3244, 0.0008), 48: (0.3021, 0.0006), 64: (0.2911, 0.0004),
}  # fmt: skip


def published_peak() -> int:
    """Index of the released ResNet's peak among its widths: the largest test error beyond the first minimum."""
    test = [pair[0] for pair in RESNET_WIDTHS.values()]
    first = next(k for k in range(1, len(test) - 1) if test[k] < test[k - 1] and test[k] < test[k + 1])
    return max(range(first, len(test)), key=test.__getitem__)
