"""Rule set zheng2023."""
