"""torchvision, imported in one place and only when a convolutional backbone is asked for."""

from types import ModuleType

import torch
from torch import nn


def torchvision_models() -> ModuleType:
    """`torchvision.models`, also on a CPU build of torch.

    The wheel's compiled operators need CUDA; without them the import fails because the detection operators (unused
    here) have no schema. Declaring the two schemas first lets everything else load.
    """
    try:
        from torchvision import models
    except RuntimeError:
        for name in ("nms", "qnms"):
            torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float threshold) -> Tensor")
        from torchvision import models
    return models


def convolutional(name: str) -> tuple[nn.Module, int]:
    """A CIFAR-style convolutional backbone for 32 x 32 images and its number of features, pooled and flattened.

    ResNet18 has a 3 x 3 first convolution of stride 1 and no max-pooling; VGG16 (with batch normalisation) its
    convolutional part, which leaves one pixel.
    """
    models = torchvision_models()
    if name == "vgg16":
        return nn.Sequential(models.vgg16_bn(weights=None).features, nn.Flatten()), 512
    network = models.resnet18(weights=None)
    network.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    network.maxpool, network.fc = nn.Identity(), nn.Identity()
    return network, 512
