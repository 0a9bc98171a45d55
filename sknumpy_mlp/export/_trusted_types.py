"""The types that skops must trust to load an estimator."""

from typing import Any


def trusted_types(estimator: Any) -> list[str]:
    """Return the types that skops must trust to load an estimator.

    skops (``skops.io``) saves estimators without pickle, and so does MLflow's
    scikit-learn flavor by default.  Both create only objects of known types, and of
    types that are declared trusted when a file is loaded (or, with MLflow, saved).  For
    an estimator of this package, these are classes of ``sknumpy_mlp``, and classes of
    objects that you have passed to it, such as a custom loss.

    Call it for an estimator that you have made.  To load a file from another source,
    look at ``skops.io.get_untrusted_types`` of the file before you trust them.  MLflow
    does not ask when it loads a model: it trusts the types that are stored with it.

    Parameters
    ----------
    estimator : object
        The estimator, fitted or not; it may be a pipeline or a search with other
        estimators in it.

    Returns
    -------
    types : list of str
        The full names of the types, sorted.

    Raises
    ------
    ImportError
        If skops is not installed.

    See Also
    --------
    to_onnx : Converts an estimator to a model without Python objects.

    Examples
    --------
    >>> import skops.io
    >>> from sklearn.datasets import load_iris
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.export import trusted_types
    >>> clf = NumpyMLPClassifier(solver="lbfgs", max_iter=900, random_state=0)
    >>> clf = clf.fit(*load_iris(return_X_y=True))
    >>> saved = skops.io.dumps(clf)
    >>> loaded = skops.io.loads(saved, trusted=trusted_types(clf))
    """
    try:
        from skops import io
    except ImportError as error:
        raise ImportError(
            "trusted_types needs the package skops: run pip install skops."
        ) from error
    return sorted(io.get_untrusted_types(data=io.dumps(estimator)))
