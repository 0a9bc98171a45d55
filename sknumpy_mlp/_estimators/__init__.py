"""The plain estimators: targets, configuration, solvers and validation."""
