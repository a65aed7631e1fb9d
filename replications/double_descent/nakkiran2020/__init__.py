"""Deep double descent: where bigger models and more data hurt (Nakkiran et al., ICLR 2020)."""
