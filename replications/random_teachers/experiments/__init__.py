"""Training programs of the rule set: each takes a `Run` and returns arrays by name."""

from replications.random_teachers.experiments.connectivity import connectivity
from replications.random_teachers.experiments.distillation import distil
from replications.random_teachers.experiments.exact import identities
from replications.random_teachers.experiments.image_distillation import distil_images
from replications.random_teachers.experiments.landscape import landscape
from replications.random_teachers.experiments.tickets import tickets

__all__ = ["connectivity", "distil", "distil_images", "identities", "landscape", "tickets"]
