"""Probes, regimes and conditions by the names that experiments give them."""

PROBES = ("linear", "ridge", "neighbours")  # also the order of the last axis of the records of convolutional networks
REGIMES = ("plain", "kick", "wide_kick")
INDEPENDENT = {
    "plain": "full",
    "kick": "independent",
    "wide_kick": "independent",
}  # students that start far from the teacher
BY_IMAGES = ("images_100", "images_1000", "full")
BY_OUTPUTS = ("outputs_4", "outputs_64", "full")
CONVOLUTIONAL = ("cifar10", "datasets", "samples", "ablations")  # experiments that distil convolutional networks
