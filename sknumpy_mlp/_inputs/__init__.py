"""Input data: tables, targets and sample weights are read, converted and checked.

From the ground up: `frames` recognizes data frames, `cells` handles single values,
`missing` and `dates` find missing values and dates, `column_labels` and `column_kinds`
describe columns, `sources` and `table` read whole tables, `categories` encodes columns
of categories; `arrays`, `targets` and `sample_weights` convert other arguments;
`bad_values` explains why a plain network cannot use ``X``; `custom_parts` checks custom
losses and activations; `data` holds the validated result.
"""
