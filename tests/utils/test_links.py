"""Addresses of the reference pages."""

import pytest
from sklearn.base import BaseEstimator

import sknumpy_mlp
from sknumpy_mlp._utils.links import DOCUMENTATION, DocLinkMixin, page_of

PUBLIC = [getattr(sknumpy_mlp, name) for name in sknumpy_mlp.__all__]
ESTIMATORS = [
    each
    for each in PUBLIC
    if isinstance(each, type) and issubclass(each, BaseEstimator)
]


def test_the_page_of_a_class_is_that_of_the_generated_reference():
    page = f"{DOCUMENTATION}generated/sknumpy_mlp.NumpyMLPClassifier.html"
    assert page_of("NumpyMLPClassifier") == page


def test_all_estimators_are_found():
    assert len(ESTIMATORS) == 5


@pytest.mark.parametrize("Estimator", ESTIMATORS)
def test_estimators_use_the_mixin_before_scikit_learn_s(Estimator):
    bases = Estimator.__mro__
    assert bases.index(DocLinkMixin) < bases.index(BaseEstimator)
    template = Estimator()._doc_link_template
    page = template.format(estimator_name=Estimator.__name__)
    assert page == page_of(Estimator.__name__)
