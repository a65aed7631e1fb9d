"""Paper sagun2017: the spectrum of the Hessian of trained networks, its bulk and its outliers."""
