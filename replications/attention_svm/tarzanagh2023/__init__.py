"""Rule set tarzanagh2023."""
