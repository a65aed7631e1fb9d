"""Packages of the wheel: the schemas lie beside the library in a checkout, and inside it when installed."""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages("workflow", include=["verifig", "verifig.*"]),
        "verifig.schemas",
        *find_packages(include=["replications", "replications.*"]),
    ],
    package_dir={
        "verifig": "workflow/verifig",
        "verifig.schemas": "workflow/schemas",
        "replications": "replications",
    },
)
