"""Links to the online documentation, for the HTML representation of estimators."""

#: URL of the documentation, the same as in pyproject.toml.
DOCUMENTATION = "https://sknumpy-mlp.github.io/sknumpy_mlp/"


def page_of(name: str) -> str:
    """Return the URL of the reference page of a public class."""
    return f"{DOCUMENTATION}generated/sknumpy_mlp.{name}.html"


class DocLinkMixin:
    """Mixin that links the HTML representation of an estimator to its reference page.

    It must precede scikit-learn's ``BaseEstimator``, which reads these attributes, in
    the list of base classes.  The page is that of the class in the top-level package.
    User-defined subclasses have no link, since scikit-learn compares the package names.
    """

    _doc_link_module = "sknumpy_mlp"
    _doc_link_template = page_of("{estimator_name}")
