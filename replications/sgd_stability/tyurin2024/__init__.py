"""From logistic regression to the perceptron algorithm: gradient descent with large step sizes (Tyurin, 2024)."""
