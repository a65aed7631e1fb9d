"""Facts of the data sets: how captions call them, (channels, side) of their images, images by class as published."""

TITLES = {
    "mnist_5k": "MNIST",
    "mnist": "MNIST",
    "fashion_mnist": "Fashion-MNIST",
    "digits": "scikit-learn's digits",
    "cifar10": "CIFAR-10",
}
SHAPES = {"mnist_5k": (1, 28), "digits": (1, 8), "mnist": (1, 28), "fashion_mnist": (1, 28), "cifar10": (3, 32)}
COUNTS = {
    "mnist_5k": [500] * 10,
    "digits": [178, 182, 177, 183, 181, 182, 181, 179, 174, 180],
    "mnist": [6903, 7877, 6990, 7141, 6824, 6313, 6876, 7293, 6825, 6958],
    "fashion_mnist": [7000] * 10,
    "cifar10": [6000] * 10,
}
