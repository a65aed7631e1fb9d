"""Rule set liu2020."""
