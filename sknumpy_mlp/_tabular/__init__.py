"""The tabular estimators: preprocessing, ensembles and calibration."""
