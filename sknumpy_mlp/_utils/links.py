"""Where the documentation lies, for the links in what notebooks show of estimators."""

#: The address of the documentation; that in pyproject.toml is the same.
DOCUMENTATION = "https://sknumpy-mlp.github.io/sknumpy_mlp/"


def page_of(name: str) -> str:
    """Return the address of the page of a class."""
    return f"{DOCUMENTATION}generated/sknumpy_mlp.{name}.html"


class DocLinkMixin:
    """Links an estimator's HTML representation to its page.

    To go before scikit-learn's ``BaseEstimator``, which reads these attributes.  All
    estimators are public at the top of the package, in whatever module they live.  A
    subclass of a user's own gets no link: scikit-learn compares the packages.
    """

    _doc_link_module = "sknumpy_mlp"
    _doc_link_template = page_of("{estimator_name}")
