"""What papers of the theme share: tasks on pairs of numbers, networks with squared hidden units, measures of periodicity."""

THEME = "grokking"  # the first name of every random stream of the theme
