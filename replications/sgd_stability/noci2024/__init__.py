"""Paper noci2024: sharpness and learning rates across widths, under maximal-update and neural-tangent parametrisation."""
