"""The preprocessor of the tabular estimators, which encodes and scales tables."""

from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sknumpy_mlp._estimators.parameters import (
    CATEGORICAL_FEATURES_CHECKS,
    Boolean,
    Check,
    Choice,
    Number,
    SuggestingMixin,
    check_parameters,
)
from sknumpy_mlp._estimators.rollback import rollback_on_error
from sknumpy_mlp._inputs.categories import Categories
from sknumpy_mlp._inputs.table import Table, check_labels, refuse_unusable
from sknumpy_mlp._tabular.categorical_columns import (
    CategoryCodes,
    categorical_mask,
    encode_categories,
    learn_categories,
)
from sknumpy_mlp._tabular.date_columns import (
    DATES_CHECKS,
    DateEncoding,
    Dates,
    columns_of_parts,
    expand_dates,
    learn_dates,
)
from sknumpy_mlp._tabular.feature_names import check_input_features, names_out
from sknumpy_mlp._tabular.number_codes import encode_numbers, learn_number_codes
from sknumpy_mlp._tabular.onehot import onehot, onehot_categories
from sknumpy_mlp._tabular.scaling import robust_scale, scale_and_clip, scales_of_numbers
from sknumpy_mlp._utils.intervals import Interval
from sknumpy_mlp._utils.links import DocLinkMixin
from sknumpy_mlp._utils.saved import VersionedStateMixin
from sknumpy_mlp._utils.suggestions import suggests_parameters
from sknumpy_mlp._utils.typing import Array, DtypeName, IntArray


class TabularPreprocessor(
    VersionedStateMixin,
    TransformerMixin,  # type: ignore[misc]
    DocLinkMixin,
    SuggestingMixin,
    BaseEstimator,  # type: ignore[misc]
):
    r"""Encode categories, impute missing values and scale numbers of a table.

    Supports pandas and polars data frames, Arrow tables, arrays and lists, with
    numbers, booleans, categories, strings and dates, and missing values in any column.
    The columns of the result are, in this order,

    1. each numeric column, scaled or mapped to normal scores, and smoothly clipped:

       .. math:: u = (x - \operatorname{median}) / (q_{75} - q_{25}), \qquad
                 u / \sqrt{1 + (u / c)^2}

       If the quartiles are equal, the divisor is half the range; a constant column
       becomes zero.  In irregular columns (``normal_scores``), u is the normal score:
       the quantile of the standard normal distribution at the rank of x, minus that of
       the median.  Missing values are imputed by the median, which becomes zero;
    2. for each column of few categories, a one-hot encoding (for two categories, a
       single column with -1 and 1), and for each numeric column with missing values, a
       missing indicator; all are scaled and clipped in the same way;
    3. for each column of many categories, an ordinal encoding by integers from 1, for
       an embedding (:class:`sknumpy_mlp.embeddings.CategoryEmbedding`);
    4. for each numeric column whose values are codes (``number_codes``), an ordinal
       encoding of its frequent values.

    Dates become columns of numbers first, with names such as ``when_days``: the days
    since the earliest date in `fit` and, if they vary in `fit`, the day of the month,
    and the sine and cosine of month, weekday and hour as angles: m/12, w/7 and h/24 of
    a circle, from 0 for January, Monday and midnight of local time.  Durations become
    days, times of day hours since midnight, and a period is the date of its start.

    Unknown and missing categories are 0 in one-hot columns, before scaling, and in
    ordinal encodings.  A category of another kind than those seen in `fit`, such as a
    string in a column of booleans, is an error.

    Parameters
    ----------
    categorical_features : 'from_dtype', array-like or None, default='from_dtype'
        The categorical columns.  'from_dtype' selects columns of categories, strings
        and booleans, and columns of objects unless all values are numbers (ints,
        floats, ``Decimal`` and fractions).  Otherwise, pass a mask, indices, or names
        of columns of a data frame, which must include all columns that are neither
        numbers nor dates; None if there are none.  Set it if numbers in a column are
        codes of categories.
    max_onehot : int, default=8
        Maximum number of categories of a one-hot encoded column.  0 encodes all
        categorical columns ordinally; a large number encodes all of them one-hot.
    normal_scores : bool or 'auto', default='auto'
        Whether numeric columns of more than two values are mapped to normal scores,
        which depend on the order of the values only.  'auto' maps irregular ones: of at
        least 100 known values, half are the same, more than 5% are farther from the
        median than three interquartile ranges, or they form clusters, so that their
        Kolmogorov distance from a normal and a uniform distribution exceeds 0.21.
    number_codes : bool, default=False
        Whether numeric columns of codes are also encoded ordinally: their values, if in
        ten or more rows, have independent effects on the mean target.  Needs ``y``.
    clip : float, default=3.0
        The bound c of the smooth clipping.  Increase it to clip outliers less.
    dates : {'encode', 'error'}, default='encode'
        What is done with columns of dates, durations and times of day.  'encode' makes
        several columns of numbers of a date, 'error' raises an error.
    dtype : {'float32', 'float64'}, default='float32'
        The data type of the result.  'float64' is more precise, with twice the memory.

    Attributes
    ----------
    is_categorical_ : ndarray of shape (n_features,) of bool
        The mask of the categorical columns.
    categories_ : dict of int to list
        The categories of each categorical column in the order of their codes, as
        strings, booleans, ints and floats; others, such as intervals, as strings.
        In columns with numbers, strings that can be parsed as numbers are numbers.
    constant_features_ : list of str
        Columns that are constant, or missing in all rows, in the data of `fit`.  They
        have no influence on the result, even if they vary in the data of `transform`.
    normal_scores_ : dict of int to ndarray of shape (2, n_points)
        For each column that is mapped to normal scores, up to 256 of its values and
        their scores, between which the map is linear.
    number_codes_ : dict of int to ndarray of shape (n_values,)
        For each numeric column whose values are codes, these values in ascending order.
    date_encodings_ : dict of int to DateEncoding
        For each column of dates its ``kind``, the time ``zone``, the ``start`` that
        days are counted from, in microseconds since 1970, and the names of its
        ``parts``: the first one has the index of the column in `normal_scores_` and
        `number_codes_`, further ones those after the last column.
    n_numbers_ : int
        The number of columns of numbers, including those of dates.
    cardinalities_ : tuple of int
        The number of codes of each ordinal encoding, code 0 included.
    n_features_in_ : int
        The number of columns of the table.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, if ``X`` in `fit` was a data frame with string labels.

    Raises
    ------
    ValueError
        From `fit` and `transform`, for infinite numbers, columns with other names or in
        another order than in `fit`, values in a numeric column that are not numbers,
        and categories or dates of another kind than in `fit`; for dates, if
        ``dates='error'``.
    TypeError
        For sparse tables, lazy frames, frames of unsupported libraries, and values,
        such as lists, that are neither numbers nor categories.

    Warns
    -----
    UserWarning
        From `fit`, for a column of strings most of which can be parsed as numbers, and
        for one with a category for nearly every row.

    References
    ----------
    D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong Pre-Tuned
    MLPs and Boosted Trees on Tabular Data", NeurIPS 2024, arXiv:2407.04491.  The
    imputation of missing numbers and the normal scores are additions.

    B. L. van der Waerden, "Order tests for the two-sample problem and their power",
    Indagationes Mathematicae 14, 1952.

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
    date_encodings_: dict[int, DateEncoding]
    normal_scores_: dict[int, Array]
    number_codes_: dict[int, Array]
    # Derived from `categories_`, and not saved.
    _categories: dict[int, Categories]
    _labels: list[str] | None

    @suggests_parameters
    def __init__(
        self,
        *,
        categorical_features: Any = "from_dtype",
        max_onehot: int = 8,
        normal_scores: Literal["auto"] | bool = "auto",
        number_codes: bool = False,
        clip: float = 3.0,
        dates: Dates = "encode",
        dtype: DtypeName = "float32",
    ) -> None:
        self.categorical_features = categorical_features
        self.max_onehot = max_onehot
        self.normal_scores = normal_scores
        self.number_codes = number_codes
        self.clip = clip
        self.dates = dates
        self.dtype = dtype

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the types, categories and scales of the columns.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            The table.
        y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
            The target, for ``number_codes``; otherwise ignored.

        Returns
        -------
        self : TabularPreprocessor
            The fitted preprocessor.
        """
        with rollback_on_error(self):
            self._fit(X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Array:
        """Fit to a table and transform it.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            The table.
        y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
            The target, for ``number_codes``; otherwise ignored.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features_out)
            The transformed table.
        """
        with rollback_on_error(self):
            return self._encode(*self._fit(X, y))

    def transform(self, X: Any) -> Array:
        """Transform a table.

        Parameters
        ----------
        X : frame or array-like of shape (n_samples, n_features)
            The table, with the columns seen in `fit`.

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
        """Transform a table whose columns scikit-learn has validated.

        Parameters
        ----------
        table : Table
            The table.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features_out)
            The transformed table.
        """
        return self._encode(self._expand(table))

    def encoded_columns(self) -> list[IntArray]:
        """Return the columns of the result that encode each column of the table.

        Returns
        -------
        columns : list of ndarray
            For each column of the table, in order, the indices of its encodings:
            numbers, one-hot columns, the missing indicator, and codes.
        """
        sources = [*self._numbers, *np.repeat(self._onehot, self._onehot_widths())]
        sources += [*self._indicated, *self._coded, *self.number_codes_]
        which = columns_of_parts(self.date_encodings_, self.n_features_in_)[sources]
        counts = np.bincount(which, minlength=self.n_features_in_)
        return np.split(np.argsort(which, kind="stable"), np.cumsum(counts)[:-1])

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Return the names of the result's columns.

        Parameters
        ----------
        input_features : array-like of str of shape (n_features,), default=None
            Names of the table's columns; None for the names in `fit`, or x0, x1, ...

        Returns
        -------
        names : ndarray of str of shape (n_features_out,)
            Numeric and ordinally encoded columns keep their names, dates append the
            part, one-hot columns the category, ordinal encodings of numbers "_code",
            and indicators have a prefix.  A repeated name gets an underscore.
        """
        check_is_fitted(self)
        return names_out(self, check_input_features(self, input_features))

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        state.pop("_categories", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if hasattr(self, "categories_"):
            # Preprocessors that were saved before there were encodings of dates.
            self.date_encodings_ = state.get("date_encodings_", {})
            self._categories = {
                i: Categories(seen, self._kinds[i])
                for i, seen in self.categories_.items()
            }

    # --------------------------------------------------------------- implementation

    _checks: ClassVar[dict[str, tuple[Check, ...]]] = {
        "categorical_features": CATEGORICAL_FEATURES_CHECKS,
        "max_onehot": (Number(Integral, Interval(0)),),
        "normal_scores": (Choice(("auto",)), Boolean()),
        "number_codes": (Boolean(),),
        "clip": (Number(Real, Interval(0, closed="neither")),),
        "dates": DATES_CHECKS,
        "dtype": (Choice(("float32", "float64")),),
    }

    def _fit(self, X: Any, y: Any) -> tuple[Table, CategoryCodes]:
        """Learn the columns; return the table, and the codes of its categories."""
        check_parameters(self, self._checks)
        given = Table(X)
        validate_data(self, given.data, reset=True, skip_check_array=True)
        self._labels = None if given.has_string_labels else given.label_strings
        self.date_encodings_ = learn_dates(given, self.dates)
        table = expand_dates(given, self.date_encodings_)
        refuse_unusable(table)
        self.is_categorical_ = categorical_mask(self.categorical_features, given)
        which = np.flatnonzero(self.is_categorical_).tolist()
        self._numbers: list[int] = np.delete(np.arange(table.shape[1]), which).tolist()
        self._categories, codes = learn_categories(
            table, which, chosen_by_dtype=isinstance(self.categorical_features, str)
        )
        self.categories_ = {i: each.values for i, each in self._categories.items()}
        self._kinds = {i: list(each.kinds) for i, each in self._categories.items()}
        sizes = {i: len(seen) for i, seen in self.categories_.items()}
        self._onehot = [i for i, size in sizes.items() if size <= self.max_onehot]
        self._coded = [i for i, size in sizes.items() if size > self.max_onehot]
        target = y if self.number_codes else None
        plain = np.array(given.kinds) != "date"  # new dates have new values
        plain_numbers = np.flatnonzero(plain & ~self.is_categorical_).tolist()
        self.number_codes_ = learn_number_codes(table, plain_numbers, target)
        n_codes = [sizes[i] for i in self._coded]
        n_codes += map(len, self.number_codes_.values())
        self.cardinalities_ = tuple(n + 1 for n in n_codes)
        self.n_numbers_ = len(self._numbers)
        self._learn_scales(table, codes)
        constant = np.array(self._numbers, dtype=np.intp)[self._factor == 0.0].tolist()
        constant = sorted(set(constant) - set(self._indicated))
        constant += [i for i, n in sizes.items() if n + (not codes[i].all()) < 2]
        self.constant_features_ = [table.columns[i].name for i in constant]
        return table, codes

    def _learn_scales(self, table: Table, codes: CategoryCodes) -> None:
        """Learn the scales of numbers, one-hot columns and missing indicators."""
        scales = scales_of_numbers(
            table, self._numbers, self.normal_scores, self.n_features_in_
        )
        self._center, self._factor = scales.center, scales.factor
        self.normal_scores_ = scales.normal_scores
        self._indicated = scales.indicated
        onehots = (onehot(codes[i], len(self.categories_[i])) for i in self._onehot)
        flags = [*map(np.array, map(robust_scale, onehots)), scales.indicator_scales]
        self._flag_center, self._flag_factor = np.concatenate(flags, axis=1)

    def _expand(self, table: Table) -> Table:
        """Check a table's columns, and return it with numbers in place of dates."""
        check_labels(table, self)
        table = expand_dates(table, self.date_encodings_)
        refuse_unusable(table)
        return table

    def _encode(self, table: Table, codes_of: CategoryCodes | None = None) -> Array:
        """Encode and scale in blocks of columns, since blocks are in float64."""
        flags_at, n_flags = self.n_numbers_, len(self._flag_center)
        codes_at = flags_at + n_flags
        width = codes_at + len(self.cardinalities_)
        out = np.empty((len(table), width), dtype=self.dtype)
        flags, at = out[:, flags_at:codes_at], sum(self._onehot_widths())
        ordinal = [*self._coded, *self.number_codes_]
        ordinal_at = dict(zip(ordinal, range(codes_at, width), strict=True))
        positions = np.searchsorted(self._numbers, self._indicated)
        scores = [self.normal_scores_.get(i) for i in self._numbers]
        for where, numbers in table.number_blocks(self._numbers):
            scale = self._center[where], self._factor[where]
            out[:, where] = scale_and_clip(numbers, *scale, self.clip, scores[where])
            start, stop = np.searchsorted(positions, (where.start, where.stop))
            indicated = positions[start:stop] - where.start
            at = self._write_flags(flags, at, np.isnan(numbers[:, indicated]))
            for i in self.number_codes_.keys() & self._numbers[where]:
                column = numbers[:, self._numbers[where].index(i)]
                codes = encode_numbers(column, self.number_codes_[i])
                out[:, ordinal_at[i]] = codes
        codes_of = codes_of or encode_categories(table, self._categories)
        at = 0
        for i in self._onehot:
            one = onehot(codes_of[i], len(self.categories_[i]))
            at = self._write_flags(flags, at, one)
        for i in self._coded:
            out[:, ordinal_at[i]] = codes_of[i]
        return out

    def _write_flags(self, out: Array, at: int, flags: NDArray[Any]) -> int:
        """Write scaled flags from a column on; return the next column."""
        stop: int = at + flags.shape[1]
        if stop > at:
            scale = self._flag_center[at:stop], self._flag_factor[at:stop]
            out[:, at:stop] = scale_and_clip(flags, *scale, self.clip)
        return stop

    def _onehot_widths(self) -> list[int]:
        """Return the number of columns of each one-hot encoding."""
        return [len(onehot_categories(self.categories_[i])) for i in self._onehot]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        return tags
