"""TabularMLPClassifier and TabularMLPRegressor, and what both are made of."""
