"""From a raw table to numbers."""

from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sknumpy_mlp._estimators.parameters import (
    CATEGORICAL_FEATURES_CHECKS,
    Check,
    Choice,
    Number,
    SuggestingMixin,
    check_parameters,
)
from sknumpy_mlp._inputs.categories import (
    Categories,
    exceptions_among_numbers,
    kinds_of,
)
from sknumpy_mlp._inputs.checks import all_or_nothing
from sknumpy_mlp._inputs.table import (
    Column,
    Table,
    columns_error,
    label_strings,
    refuse_unusable,
    shortened,
)
from sknumpy_mlp._utils.intervals import Interval
from sknumpy_mlp._utils.links import DocLinkMixin
from sknumpy_mlp._utils.saved import Saved
from sknumpy_mlp._utils.suggestions import suggests_parameters
from sknumpy_mlp._utils.typing import Array, DtypeName, IntArray
from sknumpy_mlp._utils.values import shown
from sknumpy_mlp._utils.warnings import warn

# So many values that are all unknown, or nearly all distinct, are no chance.
_MANY = 20

# A larger share of distinct values is a category for nearly every row.
_NEARLY_ALL = 0.9

# So many exceptions are shown in a warning.
_MOST_SHOWN = 5

# What pandas, polars and Arrow call types of categories.
_TYPES_OF_CATEGORIES = ("category", "Categorical", "Enum", "dictionary")


class TabularPreprocessor(
    Saved,
    TransformerMixin,  # type: ignore[misc]
    DocLinkMixin,
    SuggestingMixin,
    BaseEstimator,  # type: ignore[misc]
):
    r"""Turn a raw table into numbers of about unit size, without missing ones.

    Takes pandas and polars frames, Arrow tables, arrays and lists, with numbers,
    booleans, categories and strings, missing values anywhere.  The columns of the
    result are, in this order,

    1. each column of numbers, robustly scaled and smoothly clipped:

       .. math:: u = (x - \operatorname{median}) / (q_{75} - q_{25}), \qquad
                 u / \sqrt{1 + (u / c)^2}

       Where the quartiles are equal, the divisor is half the range; a constant column
       becomes zero.  Missing numbers become the median, which is zero;
    2. for each column of few categories, a column for each of them, or a single one
       with -1 and 1 for two; and for each column of numbers with missing ones an
       indicator of where they were; all scaled and clipped likewise;
    3. for each column of many categories their codes, whole numbers from 1, for an
       embedding (:class:`sknumpy_mlp.embeddings.CategoryEmbedding`).

    A category that `fit` has not seen, and a missing one, is zero in all columns
    before scaling, or code 0.  A category of another kind than `fit` has seen, such as
    a string in a column of booleans, is an error.

    Parameters
    ----------
    categorical_features : 'from_dtype' or array-like, default='from_dtype'
        Which columns are categories.  'from_dtype': those of categories, strings and
        booleans; columns of objects if they hold anything but numbers (which may be
        ints, floats, ``Decimal`` and fractions side by side).  Otherwise
        a mask, indices, or names of columns of a frame; columns that cannot be numbers
        must be among them.
    max_onehot : int, default=8
        Columns with up to so many categories get a column for each of them.
    clip : float, default=3.0
        The bound c that no scaled number reaches.
    dtype : {'float32', 'float64'}, default='float32'
        The type of the result.

    Attributes
    ----------
    is_categorical_ : ndarray of shape (n_features,) of bool
        Which columns are categories.
    categories_ : dict of int to list
        For each column of categories, its categories in the order of their codes, as
        strings, booleans, ints and floats; others, such as intervals, as strings.
        In a column of strings and numbers, a string that reads as a number is that
        number.
    constant_features_ : list of str
        Columns that are the same in all rows of the data of `fit`, be it missing in
        all: they carry nothing, whatever their values at prediction will be.
    n_numbers_ : int
        Number of columns of the first kind.
    cardinalities_ : tuple of int
        For each column of the third kind, the number of its codes with code 0.
    n_features_in_ : int
        Number of columns of the table.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if `fit` saw a frame with names that are strings.

    Raises
    ------
    ValueError
        From `fit` and `transform`, for dates, infinite numbers, columns with other
        names, or in another order, than in `fit`, values that are no numbers in a
        column of numbers, and categories of another kind than in `fit`.
    TypeError
        For sparse tables, for frames whose rows are not computed yet or whose library
        is not known, and for values, such as lists, that no string can stand for.

    Warns
    -----
    UserWarning
        From `fit`, for a column of strings that are numbers but for a few, and for one
        with a category for nearly every row.

    References
    ----------
    D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong Pre-Tuned
    MLPs and Boosted Trees on Tabular Data", NeurIPS 2024, arXiv:2407.04491.  Missing
    numbers, which it does not take, are ours.

    Examples
    --------
    >>> from sknumpy_mlp import TabularPreprocessor
    >>> rows = [["red", 1.0], ["blue", 2.0], [None, None], ["red", 400.0]]
    >>> preprocessor = TabularPreprocessor().fit(rows)
    >>> preprocessor.get_feature_names_out()
    array(['x1', 'x0_red', 'missingindicator_x1'], dtype=object)
    >>> preprocessor.transform(rows).round(2)
    array([[-0.01,  0.4 ,  0.  ],
           [ 0.  , -1.11,  0.  ],
           [ 0.  , -0.4 ,  2.4 ],
           [ 1.66,  0.4 ,  0.  ]], dtype=float32)
    """

    categories_: dict[int, list[Any]]
    # Made from the categories, which are what is saved.
    _categories: dict[int, Categories]
    _labels: list[str] | None

    @suggests_parameters
    def __init__(
        self,
        *,
        categorical_features: Any = "from_dtype",
        max_onehot: int = 8,
        clip: float = 3.0,
        dtype: DtypeName = "float32",
    ) -> None:
        self.categorical_features = categorical_features
        self.max_onehot = max_onehot
        self.clip = clip
        self.dtype = dtype

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the columns' kinds, categories and scales.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            The table.
        y : None
            Ignored.

        Returns
        -------
        self : TabularPreprocessor
            The fitted preprocessor.
        """
        with all_or_nothing(self):
            self._fit(X)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Array:
        """Fit to a table and transform it.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            The table.
        y : None
            Ignored.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features_out)
            The transformed table.
        """
        with all_or_nothing(self):
            return self._scale(*self._fit(X))

    def transform(self, X: Any) -> Array:
        """Transform a table.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            The table, with the columns that `fit` has seen.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features_out)
            The transformed table.
        """
        check_is_fitted(self)
        table = Table(X)
        validate_data(self, table.data, reset=False, skip_check_array=True)
        return self.transform_table(table)

    def transform_table(self, table: Table) -> Array:
        """Transform a table whose columns are known to be those of `fit`.

        Parameters
        ----------
        table : Table
            The table.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features_out)
            The transformed table.
        """
        self.check_labels(table)
        refuse_unusable(table)
        return self._scale(*self._encode(table))

    def check_labels(self, table: Table) -> None:
        """Refuse a table with other columns, or in another order, than in `fit`.

        scikit-learn's checks, which come first, see to names that are strings.

        Parameters
        ----------
        table : Table
            The table.

        Raises
        ------
        ValueError
            If its columns have other names.
        """
        is_string, was_string = (
            table.has_string_labels,
            hasattr(self, "feature_names_in_"),
        )
        if is_string and was_string:
            return
        given, expected = _label_strings(table), self._labels
        if was_string:
            expected = list(map(repr, self.feature_names_in_))
        if given == expected:
            return
        default = [str(i) for i in range(self.n_features_in_)]
        unnamed = (None, default)
        if given in unnamed and expected in unnamed:
            return
        if given in unnamed or expected in unnamed:
            if is_string or was_string:  # scikit-learn has warned
                return
            if given is None or set(given) != set(expected or default):
                warn(
                    f"X has the columns {shortened(given or default)}, but was fitted "
                    f"with {shortened(expected or default)}. Columns are taken in the "
                    "order they have."
                )
                return
        raise columns_error(expected or default, given or default)

    def encode(self, table: Table, i: int) -> tuple[list[Any], IntArray]:
        """Return the values of a column of categories, and their codes.

        Parameters
        ----------
        table : Table
            The table.
        i : int
            The column.

        Returns
        -------
        values : list
            The values, None for missing ones.
        codes : ndarray of shape (n_samples,)
            Their codes: from 1 in the order of ``categories_[i]``, 0 for missing and
            unknown ones.

        Raises
        ------
        ValueError
            If a value is unknown, and no category is of its kind.
        """
        values, categories = table.categories(i), self._categories[i]
        codes = categories.encode(values)
        if codes.all() or not categories.values:
            return values, codes
        column = table.columns[i]
        strange = categories.first_of_another_kind(values, codes)
        if strange is not None:
            raise ValueError(
                f"X: column {column.name!r} ({column.dtype}) has the value "
                f"{shown(strange)} of type {type(strange).__name__}, but in fit its "
                f"categories were of the kind {' or '.join(categories.kinds)}, such as "
                f"{shown(categories.values[:3])}. Convert the column to the type that "
                "it had in fit, or fit again."
            )
        n_present = len(values) - values.count(None)
        if n_present >= _MANY and not codes.any():
            warn(
                f"None of the {n_present} values of column {column.name!r} "
                f"({column.dtype}) was seen by fit, which saw "
                f"{categories.values[:3]} and the like. They are taken for unknown; "
                "is it another column than before?"
            )
        return values, codes

    def column_slices(self) -> list[slice]:
        """Return where the result has each column of the table, indicators aside.

        Returns
        -------
        slices : list of slice
            Of numbers, then of categories with columns of their own, then of those with
            codes.
        """
        onehot = [len(self._columns_of(self.categories_[i])) for i in self._onehot]
        slices, at = [], 0
        for width in [1] * self.n_numbers_ + onehot:
            slices.append(slice(at, at + width))
            at += width
        at += len(self._indicated)
        slices += [slice(i, i + 1) for i in range(at, at + len(self._coded))]
        return [where for where in slices if where.start < where.stop]

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Return the names of the result's columns.

        Parameters
        ----------
        input_features : array-like of str of shape (n_features,), default=None
            Names of the table's columns; None for those that `fit` has seen, or x0,
            x1, ...

        Returns
        -------
        names : ndarray of str of shape (n_features_out,)
            The name of a column of numbers or codes is kept; a category adds its own
            to its column's, and an indicator a prefix.  Where that gives a name twice,
            the second gets an underscore at its end.
        """
        check_is_fitted(self)
        names = _check_feature_names(self, input_features)
        onehot = [
            f"{names[i]}_{category}"
            for i in self._onehot
            for category in self._columns_of(self.categories_[i])
        ]
        missing = [f"missingindicator_{names[i]}" for i in self._indicated]
        numbers = [names[i] for i in self._numbers]
        codes = [names[i] for i in self._coded]
        unique: dict[str, None] = {}
        for name in numbers + onehot + missing + codes:
            # The "b_c" of "a" and the "c" of "a_b" would both be "a_b_c".
            while name in unique:
                name += "_"
            unique[name] = None
        return np.asarray(list(unique), dtype=object)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        state.pop("_categories", None)  # what is looked up is made anew
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if not hasattr(self, "categories_"):
            return
        if not hasattr(self, "_kinds"):  # of before the first release
            self._labels = None
            self._kinds = {
                i: sorted(kinds_of(seen)) for i, seen in self.categories_.items()
            }
        self._categories = {
            i: Categories(seen, self._kinds[i]) for i, seen in self.categories_.items()
        }

    # --------------------------------------------------------------------- machinery

    _checks: ClassVar[dict[str, tuple[Check, ...]]] = {
        "categorical_features": CATEGORICAL_FEATURES_CHECKS,
        "max_onehot": (Number(Integral, Interval(0)),),
        "clip": (Number(Real, Interval(0, closed="neither")),),
        "dtype": (Choice(("float32", "float64")),),
    }

    def _fit(self, X: Any) -> tuple[Array, Array, Array]:
        check_parameters(self, self._checks)
        table = Table(X)
        validate_data(self, table.data, reset=True, skip_check_array=True)
        self._labels = None if table.has_string_labels else _label_strings(table)
        refuse_unusable(table)
        self.is_categorical_ = self._find_categories(table)
        self._numbers: list[int] = np.flatnonzero(~self.is_categorical_).tolist()
        codes = self._learn_categories(table)
        self._onehot = [
            i for i, seen in self.categories_.items() if len(seen) <= self.max_onehot
        ]
        onehot = set(self._onehot)
        self._coded = [i for i in self.categories_ if i not in onehot]
        self.cardinalities_ = tuple(len(self.categories_[i]) + 1 for i in self._coded)
        self.n_numbers_ = len(self._numbers)
        numbers = table.numbers(self._numbers)
        is_missing = np.isnan(numbers)
        some = is_missing.any(axis=0) & ~is_missing.all(axis=0)
        self._indicated = np.array(self._numbers, dtype=np.intp)[some].tolist()
        numbers, flags, codes_out = self._encode(table, numbers, codes)
        self._center, self._factor = _robust_scale(numbers)
        self._flag_center, self._flag_factor = _robust_scale(flags)
        is_constant = (self._factor == 0.0) & ~some
        constant = np.array(self._numbers, dtype=np.intp)[is_constant].tolist()
        constant += [
            i
            for i, seen in self.categories_.items()
            if len(seen) + (not codes[i].all()) < 2
        ]
        self.constant_features_ = [table.columns[i].name for i in constant]
        return numbers, flags, codes_out

    def _learn_categories(self, table: Table) -> dict[int, IntArray]:
        """Learn the categories of each column; return the codes of its values."""
        self._categories = {}
        codes = {}
        for i in np.flatnonzero(self.is_categorical_).tolist():
            values = table.categories(i)
            categories = self._categories[i] = Categories.learn(values)
            codes[i] = categories.encode(values)
            if isinstance(self.categorical_features, str):  # nobody has chosen it
                _warn_of_numbers(table, i, categories, codes[i])
            _warn_of_many(table.columns[i], categories, int(np.count_nonzero(codes[i])))
        self.categories_ = {i: each.values for i, each in self._categories.items()}
        self._kinds = {i: list(each.kinds) for i, each in self._categories.items()}
        return codes

    def _find_categories(self, table: Table) -> NDArray[np.bool_]:
        """Return the mask of columns of categories."""
        given = self.categorical_features
        kinds = np.array(table.kinds)
        if isinstance(given, str) and given == "from_dtype":
            return np.isin(kinds, ("category", "boolean"))
        mask = np.zeros(table.shape[1], dtype=bool)
        chosen = np.atleast_1d(np.asarray([] if given is None else given))
        problem = None
        if chosen.size == 0:
            pass
        elif chosen.dtype.kind == "b":
            if chosen.shape == mask.shape:
                mask |= chosen
            else:
                problem = f"a mask must have {mask.size} items"
        elif chosen.dtype.kind in "iu":
            if chosen.min() >= 0 and chosen.max() < mask.size:
                mask[chosen] = True
            else:
                problem = f"indices must be in the range [0, {mask.size})"
        elif hasattr(self, "feature_names_in_"):
            index = {name: i for i, name in enumerate(self.feature_names_in_.tolist())}
            unknown = [name for name in chosen.tolist() if name not in index]
            if unknown:
                problem = f"X has no columns {unknown}"
            mask[[index[name] for name in chosen.tolist() if name in index]] = True
        else:
            problem = "names need a data frame whose columns have names"
        if problem:
            raise ValueError(
                f"categorical_features={given!r}: {problem}. Pass 'from_dtype', a "
                "mask, indices or names of columns."
            )
        left = [
            table.columns[i].name for i in np.flatnonzero((kinds == "category") & ~mask)
        ]
        if left:
            raise ValueError(
                f"categorical_features={given!r} leaves out {left}, whose values are "
                "no numbers. Add them, encode them as numbers, or pass 'from_dtype'."
            )
        return mask

    def _encode(
        self,
        table: Table,
        numbers: Array | None = None,
        codes_of: dict[int, IntArray] | None = None,
    ) -> tuple[Array, Array, Array]:
        """Return numbers (missing as NaN), flags and codes, all unscaled."""
        if numbers is None:
            numbers = table.numbers(self._numbers)
        if codes_of is None:
            codes_of = {i: self.encode(table, i)[1] for i in self.categories_}
        flags = np.zeros((len(table), self._n_flags))
        at = 0
        for i in self._onehot:
            seen = self.categories_[i]
            codes = codes_of[i]
            columns = self._columns_of(seen)
            if len(seen) == 2:
                flags[:, at] = np.array([0.0, -1.0, 1.0])[codes]
            else:
                flags[:, at : at + len(columns)] = codes[:, np.newaxis] == np.arange(
                    1, len(seen) + 1
                )
            at += len(columns)
        positions = np.searchsorted(self._numbers, self._indicated)
        flags[:, at:] = np.isnan(numbers[:, positions])
        codes_out = np.zeros((len(table), len(self._coded)))
        for k, i in enumerate(self._coded):
            codes_out[:, k] = codes_of[i]
        return numbers, flags, codes_out

    @property
    def _n_flags(self) -> int:
        onehot = sum(len(self._columns_of(self.categories_[i])) for i in self._onehot)
        return onehot + len(self._indicated)

    @staticmethod
    def _columns_of(seen: list[Any]) -> list[Any]:
        """Return the categories that get a column: of two, the second."""
        return seen[1:] if len(seen) == 2 else seen

    def _scale(self, numbers: Array, flags: Array, codes: Array) -> Array:
        """Scale and clip, into one array."""
        n_numbers, n_flags = numbers.shape[1], flags.shape[1]
        n_columns = n_numbers + n_flags + codes.shape[1]
        out = np.empty((len(numbers), n_columns), dtype=self.dtype)
        for block, center, factor, start in (
            (numbers, self._center, self._factor, 0),
            (flags, self._flag_center, self._flag_factor, n_numbers),
        ):
            # In float64: a year or an identity number has no digits to spare.  What is
            # too large for the square has long reached the bound.
            with np.errstate(over="ignore"):
                u = (block - center) * factor
            u[np.isnan(u)] = 0.0
            np.clip(u, -1e100, 1e100, out=u)
            u /= np.sqrt(1.0 + (u / self.clip) ** 2)
            out[:, start : start + block.shape[1]] = u
        out[:, n_numbers + n_flags :] = codes
        return out

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _check_feature_names(preprocessor: Any, given: Any) -> list[str]:
    names = getattr(preprocessor, "feature_names_in_", None)
    if given is None:
        if names is not None:
            return [str(name) for name in names]
        return [f"x{i}" for i in range(preprocessor.n_features_in_)]
    given = np.atleast_1d(np.asarray(given, dtype=object))
    if names is not None and not np.array_equal(names, given):
        raise ValueError(
            "input_features is not equal to feature_names_in_: got "
            f"{given.tolist()}, but fit has seen {names.tolist()}. Pass these, or None."
        )
    if len(given) != preprocessor.n_features_in_:
        raise ValueError(
            "input_features should have length equal to number of features "
            f"({preprocessor.n_features_in_}), got {len(given)}"
        )
    return [str(name) for name in given]


def _warn_of_numbers(
    table: Table, i: int, categories: Categories, codes: IntArray
) -> None:
    """Warn of a column of strings that may be meant as numbers."""
    column = table.columns[i]
    if column.dtype.startswith(_TYPES_OF_CATEGORIES):
        return
    exceptions = exceptions_among_numbers(categories, codes)
    if exceptions is None:
        return
    others = ", ".join(map(shown, exceptions[:_MOST_SHOWN]))
    if len(exceptions) > _MOST_SHOWN:
        others += f" and {len(exceptions) - _MOST_SHOWN} more"
    to_numbers = "convert it to floats, with NaN for all else"
    to_categories = "name all columns of categories in categorical_features"
    if table.labels is not None:
        name = repr(table.labels[i])
        to_numbers = (
            f"convert it, for example with pandas.to_numeric(X[{name}], "
            "errors='coerce'), which makes all else missing"
        )
        to_categories = f"give it such a type, as X[{name}].astype('category') has it"
    warn(
        f"Column {column.name!r} ({column.dtype}) is taken for categories, since it "
        f"holds strings, but they read as numbers{' except ' if others else ''}"
        f"{others}. If it is a column of numbers, {to_numbers}. If it is one of "
        f"categories, {to_categories}."
    )


def _warn_of_many(column: Column, categories: Categories, n_present: int) -> None:
    """Warn of a column that tells rows apart."""
    n_seen = len(categories.values)
    if n_present >= _MANY and n_seen > _NEARLY_ALL * n_present:
        warn(
            f"Column {column.name!r} ({column.dtype}) has {n_seen} categories in "
            f"{n_present} rows, such as {shown(categories.values[:3])}: a category "
            "for nearly every row says nothing of other rows. Leave the column "
            "out, or make numbers or fewer categories of it."
        )


def _label_strings(table: Table) -> list[str] | None:
    """Return names of columns as they are written; None for an array."""
    return None if table.labels is None else label_strings(table.labels)


def _groups_of_columns(values: Array) -> Iterator[tuple[IntArray, Array]]:
    """Yield columns together that have as many numbers, and these numbers.

    They come in any order.  To work on many columns at once is much faster.
    """
    n_known = len(values) - np.isnan(values).sum(axis=0)
    order = np.argsort(n_known, kind="stable")
    sizes, starts = np.unique(n_known[order], return_index=True)
    for n, columns in zip(sizes, np.split(order, starts[1:]), strict=False):
        some = values[:, columns]
        if 0 < n < len(values):
            # NaN is sorted to the end.
            is_one = len(columns) == 1
            some = some[~np.isnan(some[:, 0])] if is_one else np.sort(some, axis=0)[:n]
        if n > 0:
            yield columns, some


def _robust_scale(values: Array) -> tuple[Array, Array]:
    """Return each column's median and the factor that makes its spread one.

    Columns without a number, or with a single one, have the factor zero.
    """
    n_columns = values.shape[1]
    center, factor = np.zeros(n_columns), np.zeros(n_columns)
    for columns, known in _groups_of_columns(values):
        largest = np.abs(known).max(axis=0)
        largest[largest == 0.0] = 1.0
        unit = known / largest  # differences of the largest numbers would overflow
        low, center[columns], high = np.quantile(unit, [0.25, 0.5, 0.75], axis=0)
        spread = high - low
        half_range = 0.5 * (unit.max(axis=0) - unit.min(axis=0))
        spread = np.where(spread > 0.0, spread, half_range)
        with np.errstate(divide="ignore", over="ignore"):
            factor[columns] = np.where(spread > 0.0, 1.0 / spread / largest, 0.0)
        center[columns] *= largest
    factor[~np.isfinite(factor)] = 0.0
    return center, factor
