"""The numerical core: networks, the objective, the training loop and L-BFGS."""
