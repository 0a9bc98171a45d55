"""Conversion and validation of input data: tables, targets and sample weights.

From the bottom up: `frames` recognizes data frames, `cells` handles single values,
`missing` and `dates` find missing values and dates, `column_labels` and `column_kinds`
describe columns, `time_zones` and `date_values` read columns of dates, `sources`,
`table` and `expanded_table` whole tables, and `categories` encodes columns of
categories.  `arrays`, `targets` and `sample_weights` convert other
arguments.  `features` reads ``X`` for the plain estimators, and `bad_values` explains
why they cannot use it.  `data` contains the validated result.
"""
