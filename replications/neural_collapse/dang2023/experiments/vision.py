"""Convolutional backbones from torchvision, imported only when one is asked for."""

from torch import nn

from verifig.training import vision
from verifig.training.channels import channels_last


def convolutional(name: str) -> tuple[nn.Module, int]:
    """A CIFAR-style convolutional backbone for 32 x 32 images and its number of features, pooled and flattened.

    ResNet18 has a 3 x 3 first convolution of stride 1 and no max-pooling; VGG16 (with batch normalisation) its
    convolutional part, which leaves one pixel.
    """
    models = vision.torchvision().models
    if name == "vgg16":
        return channels_last(nn.Sequential(models.vgg16_bn(weights=None).features, nn.Flatten())), 512
    network = models.resnet18(weights=None)
    network.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    network.maxpool, network.fc = nn.Identity(), nn.Identity()
    return channels_last(network), 512
