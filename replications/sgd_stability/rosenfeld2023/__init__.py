"""Paper rosenfeld2023: outliers with opposing signals and the valley that they make."""
