"""What papers on attention and margins share: the support vector machines that attention converges to."""

THEME = "attention_svm"
