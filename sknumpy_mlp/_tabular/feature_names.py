"""Feature names, as scikit-learn's transformers take and return them."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._tabular.date_columns import expanded_names
from sknumpy_mlp._tabular.onehot import onehot_categories


def check_input_features(transformer: Any, input_features: Any) -> list[str]:
    """Return the names of the input features, after scikit-learn's checks.

    Parameters
    ----------
    transformer : transformer
        The fitted transformer.
    input_features : array-like of str or None
        The names that the user passes to `get_feature_names_out`.

    Raises
    ------
    ValueError
        If other names, or another number of names, are passed.
    """
    feature_names_in = getattr(transformer, "feature_names_in_", None)
    n_features_in = transformer.n_features_in_
    if input_features is None:
        if feature_names_in is not None:
            return list(map(str, feature_names_in))
        return [f"x{i}" for i in range(n_features_in)]
    given = np.atleast_1d(np.asarray(input_features, dtype=object))
    if feature_names_in is not None and not np.array_equal(feature_names_in, given):
        raise ValueError(
            "input_features is not equal to feature_names_in_: got "
            f"{given.tolist()}, but fit has seen {feature_names_in.tolist()}. Pass "
            "these, or None."
        )
    if len(given) != n_features_in:
        raise ValueError(
            "input_features should have length equal to number of features "
            f"({n_features_in}), got {len(given)}"
        )
    return list(map(str, given))


def names_out(preprocessor: Any, names: Sequence[str]) -> NDArray[Any]:
    """Return the names of the columns that a preprocessor makes of a table.

    Parameters
    ----------
    preprocessor : TabularPreprocessor
        The fitted preprocessor.
    names : sequence of str of shape (n_features,)
        The names of the table's columns.
    """
    numbers = expanded_names(names, preprocessor.date_encodings_)
    found = [numbers[i] for i in preprocessor._numbers]
    found += [
        f"{names[i]}_{category}"
        for i in preprocessor._onehot
        for category in onehot_categories(preprocessor.categories_[i])
    ]
    found += [f"missingindicator_{names[i]}" for i in preprocessor._indicated]
    found += [names[i] for i in preprocessor._coded]
    found += [f"{numbers[i]}_code" for i in preprocessor.number_codes_]
    return unique_names(found)


def unique_names(names: Iterable[str]) -> NDArray[Any]:
    """Return names as an array, with underscores appended where one is repeated.

    The category "b_c" of column "a" and the category "c" of column "a_b" would both be
    named "a_b_c".
    """
    unique: dict[str, None] = {}
    for name in names:
        while name in unique:
            name += "_"
        unique[name] = None
    return np.asarray(list(unique), dtype=object)
