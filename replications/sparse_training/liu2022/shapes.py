"""Shapes of the maskable weights of the networks, as numbers alone (no torch), from input to output."""

INPUTS, CLASSES = 196, 10  # of the digits
STAGES, BLOCK_LAYERS = 3, 2


def perceptron(width: int, hidden_layers: int) -> dict[str, tuple[int, int]]:
    """Layers (fan-in, fan-out) of a multilayer perceptron on the digits."""
    sizes = [INPUTS, *[width] * hidden_layers, CLASSES]
    return {f"w{layer}": (sizes[layer - 1], sizes[layer]) for layer in range(1, len(sizes))}


def resnet(depth: int, width: int) -> dict[str, tuple[int, ...]]:
    """Layers (out, in, height, width) of a ResNet of depth 6n + 2 on colour images (see `experiments/resnets.py`)."""
    result: dict[str, tuple[int, ...]] = {"stem": (width, 3, 3, 3)}
    inputs = width
    for stage in range(STAGES):
        outputs = width * 2**stage
        for block in range((depth - 2) // (STAGES * BLOCK_LAYERS)):
            name = f"{stage}.{block}"
            result |= {f"{name}.conv1": (outputs, inputs, 3, 3), f"{name}.conv2": (outputs, outputs, 3, 3)}
            if inputs != outputs:
                result[f"{name}.shortcut"] = (outputs, inputs, 1, 1)
            inputs = outputs
    return result | {"head": (CLASSES, inputs)}
