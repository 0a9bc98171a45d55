"""The numerical core: networks, the objective, the loop over epochs, L-BFGS."""
