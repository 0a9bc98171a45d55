"""Derivatives of predictions with respect to the inputs."""

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from sknumpy_mlp._estimators.base import _BaseMLP
from sknumpy_mlp._estimators.classifier import NumpyMLPClassifier
from sknumpy_mlp._estimators.overflow import refuse_overflow
from sknumpy_mlp._estimators.regressor import NumpyMLPRegressor
from sknumpy_mlp._inputs.table import Table
from sknumpy_mlp._tabular.base import _BaseTabularMLP
from sknumpy_mlp._tabular.classifier import TabularMLPClassifier
from sknumpy_mlp._tabular.member import MemberClassifier, MemberRegressor
from sknumpy_mlp._tabular.networks import refuse_wrapper
from sknumpy_mlp._tabular.preprocessor import TabularPreprocessor
from sknumpy_mlp._tabular.regressor import TabularMLPRegressor
from sknumpy_mlp._tabular.scaling import scale_and_clip_slopes
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.export._supported import refuse_classes

_SUPPORTED = (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)


def input_gradient(estimator: Any, X: Any) -> Array:
    r"""Compute the derivatives of predictions with respect to the inputs.

    A derivative is a local slope: the change of a prediction for a small change of one
    feature, per unit of the feature.  For a network that classifies images, the
    absolute values of the derivatives of a class are its saliency map [1]_.

    The derivatives are exact.  They follow from the backward pass of the network, and
    from the derivatives of all steps before and after it: the scaling of the columns of
    a table, the link of the loss, the scale of the target, calibration, and the mean of
    the networks of an ensemble.

    Parameters
    ----------
    estimator : estimator of this package
        A fitted :class:`.NumpyMLPClassifier`, :class:`.NumpyMLPRegressor`,
        :class:`.TabularMLPClassifier` or :class:`.TabularMLPRegressor`.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
        The samples, as for `predict`; the result has as many numbers for each output,
        even if ``X`` is sparse.

    Returns
    -------
    gradient : ndarray of shape (n_samples, [n_outputs,] n_features)
        For classifiers, the derivatives of each column of `predict_proba`, so that
        n_outputs is the number of classes or labels.  For regressors, those of
        `predict`, without the middle axis if there is one output; with several
        quantiles, each of them is an output.  The data type is that of the predictions.

        For tabular estimators, features are the columns of the table, in their own
        units.  Categorical columns, dates and missing values have no derivatives: they
        are NaN.  Constant columns have no influence, and derivatives of zero.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If it is not one of the above, for example a ``Pipeline``: its features are not
        those of its last step.
    ValueError
        If ``X`` is not valid input, or if derivatives are too large for their data
        type; for custom losses that define `predict`, whose derivatives are unknown.

    Notes
    -----
    Where a function has a bend, one value is chosen: for activations such as relu, the
    derivative that training uses; in a column that is mapped to normal scores, the mean
    of the slopes on both sides; where sorted quantiles are equal, that of any of them.
    Where the prediction of a network is clipped to the range of the target, its
    derivative is zero.  The rounding of probabilities to numbers strictly between 0 and
    1 is not taken into account.

    A column of a table whose numbers are codes (``TabularPreprocessor.number_codes_``)
    is also encoded as a category.  The derivative is that of its numeric encoding.

    References
    ----------
    .. [1] K. Simonyan, A. Vedaldi and A. Zisserman, "Deep Inside Convolutional
       Networks: Visualising Image Classification Models and Saliency Maps", ICLR
       Workshop 2014, arXiv:1312.6034.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp import NumpyMLPRegressor
    >>> from sknumpy_mlp.inspection import input_gradient
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> y = np.sin(X[:, 0]) - X[:, 1]
    >>> reg = NumpyMLPRegressor(activation="tanh", solver="lbfgs", random_state=0)
    >>> at = [[0.0, 0.0, 0.0], [np.pi / 2, 0.0, 0.0]]
    >>> input_gradient(reg.fit(X, y), at).round(1) + 0.0  # cos(x), -1 and 0
    array([[ 1., -1.,  0.],
           [ 0., -1.,  0.]])
    """
    _check_estimator(estimator)
    # As in predictions: refuse_overflow checks the results.
    with np.errstate(all="ignore"):
        of = _of_table if isinstance(estimator, _BaseTabularMLP) else _of_array
        return of(estimator, X)


def _check_estimator(estimator: Any) -> None:
    """Raise an error unless it is a fitted estimator of a supported class."""
    if type(estimator) in _SUPPORTED:
        check_is_fitted(estimator)
        return
    name = type(estimator).__name__
    if isinstance(estimator, MemberClassifier | MemberRegressor):
        raise TypeError(
            f"{name} is one of the networks of a tabular estimator. Pass that one to "
            "input_gradient, as a whole."
        )
    refuse_classes(estimator, _SUPPORTED, whose="your")
    refuse_wrapper(estimator, "input_gradient")
    raise TypeError(
        f"{name} is not an estimator of this package. Pass a fitted "
        f"{', '.join(each.__name__ for each in _SUPPORTED[:-1])} or "
        f"{_SUPPORTED[-1].__name__} to input_gradient."
    )


def _of_array(estimator: _BaseMLP, X: Any) -> Array:
    """Return the derivatives of a plain estimator's predictions."""
    params, target = estimator._params, estimator._target
    X = estimator._read_input(X, params.dtype)
    raw, jacobian = estimator._network.input_jacobian(params, X)
    refuse_overflow(target.predict(raw.copy()))
    jacobian = target.predict_jacobian(raw, jacobian)
    return refuse_overflow(target.public_jacobian(jacobian), "derivatives")


def _of_table(estimator: Any, X: Any) -> Array:
    """Return the derivatives of a tabular estimator's predictions."""
    table = Table(X)
    validate_data(estimator, table.data, reset=False, skip_check_array=True)
    preprocessor = estimator.preprocessor_
    jacobian = _of_encoded(estimator, preprocessor.transform_table(table))
    slopes = _encoding_slopes(preprocessor, preprocessor._expand(table))
    if jacobian.ndim > slopes.ndim:
        slopes = slopes[:, np.newaxis]
    is_missing = np.isnan(slopes)
    jacobian = jacobian * np.where(is_missing, 0.0, slopes)
    refuse_overflow(jacobian, "derivatives")
    result = np.full((*jacobian.shape[:-1], table.shape[1]), np.nan)
    jacobian = np.where(is_missing, np.nan, jacobian)
    for k, i in enumerate(preprocessor._numbers):
        # The numbers that encode a date do not vary on their own.
        if i < table.shape[1] and i not in preprocessor.date_encodings_:
            result[..., i] = jacobian[..., k]
    return result


def _of_encoded(estimator: Any, encoded: Array) -> Array:
    """Return the derivatives with respect to the encoded numbers of a table.

    The steps are those of a prediction, `_predict_preprocessed`.
    """
    members, n_numbers = estimator.estimators_, estimator.preprocessor_.n_numbers_
    weights = np.array([member.weight for member in members])
    mean, jacobian = np.zeros(1), np.zeros(1)
    for weight, member in zip(weights / weights.sum(), members, strict=True):
        raw, own = member._network.input_jacobian(member._params, encoded)
        own = estimator._member_jacobian(raw, own[:, :, :n_numbers])
        jacobian = jacobian + weight * own
        mean = mean + weight * estimator._member_outputs(raw)
    refuse_overflow(estimator._predict_from(mean))
    jacobian = estimator._jacobian_from(mean, jacobian)
    public: Array = estimator._target.public_jacobian(jacobian)
    return public


def _encoding_slopes(preprocessor: TabularPreprocessor, table: Table) -> Array:
    """Return the derivatives of the encodings of numbers; NaN for missing values.

    The steps are those of `TabularPreprocessor._encode`.
    """
    numbers = preprocessor._numbers
    scores = [preprocessor.normal_scores_.get(i) for i in numbers]
    slopes = np.empty((len(table), len(numbers)))
    for where, values in table.number_blocks(numbers):
        scale = preprocessor._center[where], preprocessor._factor[where]
        slopes[:, where] = scale_and_clip_slopes(
            values, *scale, preprocessor.clip, scores[where]
        )
    return slopes
