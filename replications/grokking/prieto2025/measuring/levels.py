"""Levels at which events are dated."""

FIT = 0.95  # accuracy at which a set counts as learnt (delay ratio)
SOLVED = 0.99
ALIGNED = 0.5  # cosine at which the output layer's gradient counts as aligned (Fig 5)
COLLAPSE = 0.5  # share of collapsed samples that dates the collapse (Fig 2, dotted lines)
