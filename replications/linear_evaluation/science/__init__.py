"""What papers of the theme share: naive Bayes and logistic regression as batched solvers, the Gaussian mixture, sample sizes, a consistency bound."""

THEME = "linear_evaluation"
