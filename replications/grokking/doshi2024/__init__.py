"""Rule set doshi2024."""
