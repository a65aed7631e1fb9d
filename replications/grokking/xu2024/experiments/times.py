"""When steps of gradient descent are taken one by one and when several as one.

The outputs stay so small that the logistic loss has slope 1/2 throughout; only activations change the gradient, and after
t steps they change over a number of steps of order t. So from step 1/growth on, growth * t steps are taken with one
gradient. With growth 0 every step is taken alone.
"""

from collections.abc import Sequence


def times(steps: int, growth: float) -> list[int]:
    """Numbers of steps done after each update: 0, 1, 2, ..., later max(1, growth t) apart, and `steps` at the end."""
    result = [0]
    while result[-1] < steps:
        result.append(min(steps, result[-1] + max(1, int(growth * result[-1]))))
    return result


def positions(taken: Sequence[int], wanted: Sequence[int]) -> list[int]:
    """For each wanted number of steps, up to the last, the first update after which at least as many are done."""
    return sorted({next(k for k, t in enumerate(taken) if t >= point) for point in wanted if point <= taken[-1]})
