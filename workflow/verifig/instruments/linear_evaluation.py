"""Naive Bayes and logistic regression on fixed features, and how many samples each needs (Zheng et al. 2023): what its theme shares."""

from replications.linear_evaluation.science.logistic import logistic
from replications.linear_evaluation.science.naive_bayes import naive_bayes
from replications.linear_evaluation.science.sample_sizes import bayes_vs_logistic

__all__ = ["bayes_vs_logistic", "logistic", "naive_bayes"]
