"""Figures of the convolutional networks, which are trained at paper scale only: elsewhere the paper's values alone."""

ONLY_PAPER = "Trained at paper scale only: drawn are the paper's values, no run of ours."


def tables(scale: str) -> dict[str, str]:
    """Tables 1 to 3."""
    if scale != "paper":
        return {
            "alt": "The paper's accuracies of teachers, students and raw inputs by data set, under the linear probe and nearest neighbours.",
            "note": f"{ONLY_PAPER} Lines join a teacher and its student; triangles: students distilled on TinyImageNet.",
        }
    return {
        "alt": "VGG11 and ResNet18: linear probe over epochs, gain by alpha, and students by data set beside the paper's values.",
        "note": (
            "Open diamonds: the paper. Circles: distilled on the data set itself, triangles: on TinyImageNet. Means with "
            "95 % intervals over seeds."
        ),
    }


def ablations(scale: str) -> dict[str, str]:
    """Table 5."""
    if scale != "paper":
        return {
            "alt": "The paper's accuracies of teacher and student by architecture, on CIFAR10 under the linear probe.",
            "note": f"{ONLY_PAPER} They are those of Table 5; Figures 11 and 12 have no printed numbers.",
        }
    return {
        "alt": "Teacher and student accuracies by norm layer, head variant, number of outputs and architecture.",
        "note": "Open squares and diamonds: the paper, teacher and student. Means with 95 % intervals over seeds.",
    }
