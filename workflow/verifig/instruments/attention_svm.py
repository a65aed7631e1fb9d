"""The SVM that attention's weights come to (Tarzanagh et al. 2023): what its theme shares."""

from replications.attention_svm.science.multi_token import generalised_svm
from replications.attention_svm.science.svm import attention_svm, correlation, rank

__all__ = ["attention_svm", "correlation", "generalised_svm", "rank"]
