"""The paper's convolutional encoders and projection head (Appendix E.1; layouts of the released code)."""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from verifig.training.channels import channels_last
from verifig.training.ensemble import generator

VGG = {
    "vgg11": (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"),
    "vgg13": (64, 64, "M", 128, 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"),
    "vgg16": (64, 64, "M", 128, 128, "M", *[256] * 3, "M", *[512] * 3, "M", *[512] * 3, "M"),
    "vgg19": (64, 64, "M", 128, 128, "M", *[256] * 4, "M", *[512] * 4, "M", *[512] * 4, "M"),
}
RESNET = {
    # stem width, blocks by stage, bottleneck blocks (expansion 4)
    "resnet18": (64, (2, 2, 2, 2), False),
    "resnet34": (64, (3, 4, 6, 3), False),
    "resnet50": (64, (3, 4, 6, 3), True),
    "resnet20": (16, (3, 3, 3), False),
    "resnet56": (16, (9, 9, 9), False),
}
HEAD_WIDTH, BOTTLENECK = 2048, 256
NORMS: dict[str, Callable[[int], nn.Module]] = {
    "none": lambda channels: nn.Identity(),
    "batch": nn.BatchNorm2d,
    "instance": lambda channels: nn.InstanceNorm2d(channels, affine=True),
    "group": lambda channels: nn.GroupNorm(math.gcd(8, channels), channels),
    "layer": lambda channels: nn.GroupNorm(1, channels),
}


def encoder(name: str, norm: str = "none", width_factor: float = 1.0) -> nn.Module:
    """An encoder from images [N, 3, 32, 32] to flat embeddings; `features` holds their size.

    Args:
        name: a key of `VGG` or `RESNET`.
        norm: a key of `NORMS`; the paper has none in VGG and batch norm in ResNet.
        width_factor: scales all widths (1 is the paper's).
    """

    def scaled(width: int) -> int:
        return max(1, round(width * width_factor))

    if name in VGG:
        return channels_last(_vgg(VGG[name], norm, scaled))
    stem, blocks, bottleneck = RESNET[name]
    return channels_last(_resnet(scaled(stem), blocks, bottleneck, norm))


def _vgg(layout: tuple, norm: str, scaled: Callable[[int], int]) -> nn.Module:
    layers, channels = [], 3
    for entry in layout:
        if entry == "M":
            layers.append(nn.MaxPool2d(2))
            continue
        layers += [nn.Conv2d(channels, scaled(entry), 3, padding=1), NORMS[norm](scaled(entry)), nn.ReLU()]
        channels = scaled(entry)
    model = nn.Sequential(*layers, nn.Flatten())
    model.features = channels
    return model


class _Block(nn.Module):
    """Residual block: two 3x3 convolutions, or 1x1, 3x3, 1x1 with a fourfold wider output."""

    def __init__(self, channels: int, width: int, stride: int, bottleneck: bool, norm: str):
        super().__init__()
        out = 4 * width if bottleneck else width
        kernels = ((1, 1), (3, stride), (1, 1)) if bottleneck else ((3, stride), (3, 1))
        widths = (channels, width, width, out) if bottleneck else (channels, width, out)
        layers: list[nn.Module] = []
        for i, (kernel, step) in enumerate(kernels):
            layers += [nn.Conv2d(widths[i], widths[i + 1], kernel, step, kernel // 2, bias=False)]
            layers += [NORMS[norm](widths[i + 1]), nn.ReLU()]
        self.body = nn.Sequential(*layers[:-1])
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels != out:
            self.shortcut = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), NORMS[norm](out))

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.relu(self.body(inputs) + self.shortcut(inputs))


class _Average(nn.Module):
    """Global average pooling."""

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs.mean((2, 3))


def _resnet(stem: int, blocks: tuple[int, ...], bottleneck: bool, norm: str) -> nn.Module:
    """CIFAR stem (3x3, stride 1, no max-pooling), stages of doubling width, global average pooling."""
    layers: list[nn.Module] = [nn.Conv2d(3, stem, 3, padding=1, bias=False), NORMS[norm](stem), nn.ReLU()]
    channels = stem
    for stage, count in enumerate(blocks):
        width = stem * 2**stage
        for number in range(count):
            layers.append(_Block(channels, width, 2 if stage and number == 0 else 1, bottleneck, norm))
            channels = 4 * width if bottleneck else width
    model = nn.Sequential(*layers, _Average())
    model.features = channels
    return model


def parameter_count(name: str) -> int:
    """Number of an encoder's parameters, with its norm layers as in the paper."""
    with torch.device("meta"):
        model = encoder(name, "none" if name in VGG else "batch")
    return sum(parameter.numel() for parameter in model.parameters())


class Student(nn.Module):
    """Encoder and head. `bottleneck` gives the unit vectors z, `logits` their products with V.

    Args:
        settings: `architecture`, `encoder_norm`, `width_factor`, `output_size`, `weight_norm`, `feature_norm`.
    """

    def __init__(self, settings: Mapping):
        super().__init__()
        factor = settings["width_factor"]
        self.encoder = encoder(settings["architecture"], settings["encoder_norm"], factor)
        width, bottleneck = (max(1, round(size * factor)) for size in (HEAD_WIDTH, BOTTLENECK))
        self.head = nn.Sequential(
            nn.Linear(self.encoder.features, width),
            nn.GELU(),
            nn.Linear(width, width),
            nn.GELU(),
            nn.Linear(width, bottleneck),
        )
        self.v = nn.Linear(bottleneck, settings["output_size"], bias=False)
        self.weight_norm, self.feature_norm = settings["weight_norm"], settings["feature_norm"]

    def bottleneck(self, images: Tensor) -> Tensor:
        """Bottleneck output [N, bottleneck], of length 1 unless `feature_norm` is off."""
        hidden = self.head(self.encoder(images))
        return nn.functional.normalize(hidden, dim=1) if self.feature_norm else hidden

    def logits(self, unit: Tensor) -> Tensor:
        """Logits [N, m]; with weight normalisation each row of V counts with length 1."""
        weight = nn.functional.normalize(self.v.weight, dim=1) if self.weight_norm else self.v.weight
        return nn.functional.linear(unit, weight)

    def forward(self, images: Tensor) -> Tensor:
        return self.logits(self.bottleneck(images))


def initialise(model: nn.Module, purpose: str, seed: int) -> None:
    """Fresh parameters: convolutions N(0, 2 / fan_out), linear layers N(0, 0.02^2), biases 0, norm layers (1, 0)."""
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            stream = generator("random_teachers", purpose, name, seed)
            fan_out = module.weight[0, 0].numel() * module.weight.shape[0]
            spread = (2 / fan_out) ** 0.5 if isinstance(module, nn.Conv2d) else 0.02
            with torch.no_grad():
                module.weight.copy_(torch.randn(module.weight.shape, generator=stream) * spread)
                if module.bias is not None:
                    module.bias.zero_()
