"""What papers of the theme share: data sets, random features, closed forms, two-layer networks; how runs are named."""

THEME = "double_descent"  # the first name of every random stream of the theme
