"""Rule set lu2023."""
