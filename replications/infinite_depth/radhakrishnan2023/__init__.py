"""Rule set radhakrishnan2023."""
