"""Inspection: which columns predictions depend on, and how."""

from sknumpy_mlp.inspection._display import ImportanceDisplay
from sknumpy_mlp.inspection._permutation import permutation_importance

__all__ = ["ImportanceDisplay", "permutation_importance"]
