"""Rule set paul2021."""
