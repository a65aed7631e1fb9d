"""Rule set xu2024."""
