"""ResNets for 32 x 32 images as the paper's code builds them: three stages, shortcuts by 1 x 1 convolutions."""

import torch
from torch import Tensor, nn

STAGES = 3
BLOCK_LAYERS = 2


class Block(nn.Module):
    """Two 3 x 3 convolutions with batch normalisation; a 1 x 1 convolution on the shortcut where sizes change."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            convolution = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.shortcut = nn.Sequential(convolution, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.norm2(self.conv2(torch.relu(self.norm1(self.conv1(x)))))
        return torch.relu(hidden + self.shortcut(x))


class ResNet(nn.Module):
    """ResNet of `depth` = 6n + 2 layers with `width`, 2 `width` and 4 `width` channels.

    Raises:
        ValueError: another depth.
    """

    def __init__(self, depth: int, width: int = 16, classes: int = 10):
        super().__init__()
        blocks, rest = divmod(depth - 2, STAGES * BLOCK_LAYERS)
        if rest or blocks < 1:
            raise ValueError(f"depth = {depth} is not 6n + 2")
        self.stem = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        layers, inputs = [], width
        for stage in range(STAGES):
            outputs = width * 2**stage
            for repeat in range(blocks):
                layers.append(Block(inputs, outputs, 2 if stage and not repeat else 1))
                inputs = outputs
        self.blocks = nn.Sequential(*layers)
        self.head = nn.Linear(inputs, classes)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.blocks(torch.relu(self.norm(self.stem(x))))
        return self.head(hidden.mean((2, 3)))


def kind(name: str, shape: tuple[int, ...]) -> str:
    """What a layer is called in tables: stem, head, "16 to 32", "shortcut 16 to 32" (channels in and out)."""
    if name.startswith(("stem", "head")):
        return name.split(".")[0]
    across = f"{shape[1]} to {shape[0]}"
    return f"shortcut {across}" if "shortcut" in name else across
