"""Rule set tian2025."""
