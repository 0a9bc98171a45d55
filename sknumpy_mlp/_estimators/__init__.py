"""NumpyMLPClassifier and NumpyMLPRegressor, and what both are made of."""
