"""Rule set bai2023."""
