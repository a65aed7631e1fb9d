"""Settings that do not go together."""

import pytest
from test_instruments2026_capture import members

from replications.grokking.instruments2026 import checks
from verifig.ground.errors import InputError


@pytest.mark.parametrize(("fraction", "size"), [(0.02, 0), (1.0, 49)])
def test_a_share_that_leaves_no_pair_on_a_side_is_refused(fraction, size):
    with pytest.raises(InputError, match=f"leaves {size} to train on and {49 - size} to test on"):
        checks.watched(members("decay", train_fraction=fraction))


@pytest.mark.parametrize("fraction", [1 / 49 + 1e-9, 48 / 49 + 1e-9])
def test_a_single_pair_on_a_side_is_enough(fraction):
    checks.watched(members("decay", train_fraction=fraction))
