"""What users pass: tables, targets and weights, read and checked."""
