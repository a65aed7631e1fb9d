"""Scaling laws: estimating them (Choshen et al., Besiroglu et al.) and explaining them (Bahri et al.)."""
