"""Groups of columns that are permuted together."""

from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from sknumpy_mlp._utils.intervals import is_bool, is_integer
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp._utils.values import short_repr

# Maximum number of rows from which correlations are computed: their standard error is
# then 0.01 or less.
_MAX_ROWS = 10_000


def feature_groups_of(
    given: Any, names: Sequence[str], numbers: Sequence[int], X: Array
) -> dict[str, IntArray]:
    """Return the columns of each group, and of each column on its own.

    Parameters
    ----------
    given : None, float, list or dict
        The argument of `permutation_importance`.
    names : sequence of str of shape (n_features,)
        The names of the columns.
    numbers : sequence of int of shape (n_numbers,)
        The numeric columns.
    X : ndarray of shape (n_samples, n_numbers)
        The values of the numeric columns, or a monotonic function of them.

    Returns
    -------
    groups : dict of str to ndarray
        The columns of each group by its name, in the order of their first columns.

    Raises
    ------
    ValueError
        If the argument is neither of these, if there is no such column, if a group is
        empty, if a column is in two groups, or if two groups have the same name.
    """
    named: Iterable[tuple[Any, Any]]
    if given is None:
        named = []
    elif isinstance(given, Real) and not is_bool(given):
        named = [(None, group) for group in _correlated(float(given), numbers, X)]
    elif isinstance(given, Mapping):
        named = given.items()
    elif isinstance(given, list | tuple):
        named = [(None, group) for group in given]
    else:
        raise ValueError(
            f"feature_groups={short_repr(given)} must be None, a correlation between 0 "
            "and 1, a list of lists of columns, or a dict of such lists by name."
        )
    groups: list[tuple[str, list[int]]] = []
    rest = dict.fromkeys(range(len(names)))
    for name, members in named:
        columns = _read_group(members, names)
        for i in columns:
            if i not in rest:
                raise ValueError(
                    f"feature_groups has the column {names[i]!r} more than once. Name "
                    "it once."
                )
            del rest[i]
        title = " + ".join(names[i] for i in columns) if name is None else str(name)
        groups.append((title, columns))
    groups += [(names[i], [i]) for i in rest]
    groups.sort(key=lambda group: min(group[1]))
    result = {name: np.array(columns, dtype=np.intp) for name, columns in groups}
    if len(result) < len(groups):
        titles = [name for name, _ in groups]
        twice = sorted({name for name in titles if titles.count(name) > 1})
        raise ValueError(
            f"feature_groups has groups with the names {twice}, which other groups or "
            "columns have as well. Rename them."
        )
    return result


def _read_group(members: Any, names: Sequence[str]) -> list[int]:
    """Return the indices of the columns of a group."""
    if isinstance(members, str | bytes) or not isinstance(members, Iterable):
        raise ValueError(
            f"feature_groups: the group {short_repr(members)} must be a list of "
            "columns."
        )
    index = {name: i for i, name in enumerate(names)}
    columns = []
    for member in members:
        is_index = is_integer(member) and 0 <= member < len(names)
        is_name = isinstance(member, str) and member in index
        if not (is_index or is_name):
            raise ValueError(
                f"feature_groups has the column {short_repr(member)}, which X has not. "
                f"Its columns are {short_repr(list(names))}, or their positions from 0 "
                f"to {len(names) - 1}."
            )
        columns.append(int(member) if is_index else index[member])
    if not columns:
        raise ValueError("feature_groups has an empty group. Leave it out.")
    return columns


def _correlated(threshold: float, numbers: Sequence[int], X: Array) -> list[list[int]]:
    """Return clusters of numeric columns by their rank correlations.

    Clusters are merged while the mean absolute Spearman correlation between the columns
    of two of them is at least the threshold (average linkage).
    """
    if not 0.0 < threshold <= 1.0:
        raise ValueError(
            f"feature_groups={threshold} must be a correlation in the range (0, 1]."
        )
    rows = np.linspace(0, len(X) - 1, min(len(X), _MAX_ROWS)).astype(np.intp)
    ranks = rankdata(X[rows], axis=0)
    ranks -= ranks.mean(axis=0)
    norms = np.sqrt((ranks**2).sum(axis=0))
    varies = np.flatnonzero(norms)
    if len(varies) < 2:
        return []
    ranks = ranks[:, varies] / norms[varies]
    distances = np.clip(1.0 - np.abs(ranks.T @ ranks), 0.0, 1.0)
    np.fill_diagonal(distances, 0.0)
    tree = linkage(squareform(distances, checks=False), method="average")
    # A correlation of exactly 1 is found in spite of rounding errors.
    labels = fcluster(tree, 1.0 - threshold + 1e-9, criterion="distance")
    clusters = (varies[labels == label] for label in np.unique(labels))
    return [
        [int(numbers[k]) for k in cluster] for cluster in clusters if len(cluster) > 1
    ]
