"""Records of conditions with fewer classes and layers than others, which are padded with NaN."""

import numpy as np
import pytest
from made_up import artifact

from replications.neural_collapse.dang2023.measuring.geometry import by_condition

COMMON = {"width": 9, "bias": True, "weight_decay": 0.01, "feature_decay": 0.04, "seeds": 2}
CONDITIONS = {"deep": {"sizes": [5, 5], "depth": 5}, "shallow": {"sizes": [7, 7, 7], "depth": 1}}
SHAPES = {"classifier": (5, 3, 3), "feature": (5, 3, 3), "output": (3, 3), "bias": (3,), "accuracy": ()}


@pytest.mark.parametrize(("name", "rows"), [("deep", slice(0, 2)), ("shallow", slice(2, 4))])
def test_a_condition_has_its_own_layers_and_classes_alone(name, rows):
    """More layers than classes in one condition, fewer in the other: 2 seeds and 4 log points."""
    stream = np.random.default_rng(6)
    arrays = {field: stream.random((4, 4, *shape)) for field, shape in SHAPES.items()}
    made = artifact(arrays | {"iterations": np.array([0, 2, 5, 9])}, CONDITIONS, **COMMON)
    found, depth, classes = by_condition(made)[name], CONDITIONS[name]["depth"], len(CONDITIONS[name]["sizes"])
    for field in ("classifier", "feature"):
        np.testing.assert_array_equal(found[field], arrays[field][rows, :, :depth, :classes, :classes])
    np.testing.assert_array_equal(found["output"], arrays["output"][rows, :, :classes, :classes])
    np.testing.assert_array_equal(found["bias"], arrays["bias"][rows, :, :classes])
    np.testing.assert_array_equal(found["accuracy"], arrays["accuracy"][rows])
