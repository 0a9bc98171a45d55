"""With shap, the extra ``shap``, in an environment that has it.

What the user guide says of Shapley values is tested here as well, with the guide's own
code.
"""

import functools
import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.datasets import load_iris

from sknumpy_mlp import NumpyMLPRegressor, TabularMLPRegressor
from sknumpy_mlp.inspection import permutation_importance
from tests.conftest import (
    TABULAR,
    all_estimators,
    plain_estimators,
    tabular_estimators,
    unconverged,
)

pytest.importorskip("shap")

import matplotlib.pyplot as plt
import pandas as pd
import shap

pytestmark = [
    unconverged,
    # matplotlib 3.8 calls a later pyparsing by its old names, also from shap's plots.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

GUIDE = Path(__file__).parents[2] / "docs" / "guide.md"
EXACT = {"rtol": 0, "atol": 1e-10}

X, y = load_iris(return_X_y=True)
rng = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "size": rng.uniform(0.0, 1.0, 160),
        "floor": pd.Categorical(rng.integers(0, 4, 160)),
        "town": rng.choice(["Ulm", "Bonn", "Trier"], 160),
        "heating": pd.Categorical(rng.choice(["gas", "oil"], 160)),
    }
)
RENT = 10 * TABLE["size"] + 5 * (TABLE["town"] == "Bonn")
BAND = np.select([RENT > 9, RENT > 6], ["high", "mid"], "low")
TABLE.loc[3, "size"] = TABLE.loc[4, "town"] = TABLE.loc[5, "heating"] = None
BACKGROUND, EXPLAINED = TABLE[100:130], TABLE[:20]


@functools.cache
def _fitted(Estimator):
    if Estimator not in TABULAR:
        return Estimator(hidden_layer_sizes=(8,), max_iter=50, random_state=0).fit(X, y)
    est = Estimator(hidden_layer_sizes=(16,), max_iter=40, n_members=2, random_state=0)
    return est.fit(TABLE, BAND if is_classifier(est) else RENT)


def _predict(est):
    return est.predict_proba if is_classifier(est) else est.predict


def _kernel_explanation(est, X=EXPLAINED, background=BACKGROUND):
    explainer = shap.KernelExplainer(_predict(est), background)
    return explainer(X, l1_reg=False, silent=True)


def _assert_adds_up(explanation, predicted):
    total = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(total, predicted, **EXACT)


def _shapley_values(predict, background, row):
    """Return the Shapley values of a row, a frame, by their definition."""
    names = list(background.columns)
    repeated = row.loc[row.index.repeat(len(background))].set_index(background.index)

    @functools.cache
    def value(known):
        parts = [(repeated if each in known else background)[each] for each in names]
        return predict(pd.concat(parts, axis=1)).mean(axis=0)

    orders = list(itertools.permutations(names))
    total = dict.fromkeys(names, 0.0)
    for order in orders:
        for i, name in enumerate(order):
            before, after = frozenset(order[:i]), frozenset(order[: i + 1])
            total[name] += value(after) - value(before)
    return np.array([total[name] / len(orders) for name in names])


# ----------------------------------------------------------------------------- arrays


EXPLAINERS = {
    "Explainer": shap.Explainer,
    "Exact": shap.explainers.Exact,
    "Permutation": shap.explainers.Permutation,
    "Kernel": shap.KernelExplainer,
}


@pytest.mark.parametrize("name", EXPLAINERS)
def test_of_a_linear_network(name):
    """They are known: the weight times the distance from the background's mean."""
    est = NumpyMLPRegressor(hidden_layer_sizes=(), solver="lbfgs").fit(X, y)
    background = X[::5]
    masker = background if name == "Kernel" else shap.maskers.Independent(background)
    explanation = EXPLAINERS[name](est.predict, masker)(X[:10], silent=True)
    expected = est.coefs_[0][:, 0] * (X[:10] - background.mean(axis=0))
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(explanation.values, expected, **EXACT)
    _assert_adds_up(explanation, est.predict(X[:10]))


@plain_estimators
def test_values_of_arrays_add_up(Estimator):
    est = _fitted(Estimator)
    explanation = shap.Explainer(_predict(est), X[::5])(X[::30])
    assert explanation.values.shape[:2] == X[::30].shape
    assert np.abs(explanation.values).max() > 0.1
    _assert_adds_up(explanation, _predict(est)(X[::30]))


# ------------------------------------------------------------------------- raw tables


@tabular_estimators
def test_raw_tables_by_the_definition(Estimator):
    """With strings, categories and, in the last three of the rows, missing values."""
    est, rows = _fitted(Estimator), TABLE[2:6]
    assert rows.isna().to_numpy().sum() == 3
    explanation = _kernel_explanation(est, rows)
    for i in range(len(rows)):
        expected = _shapley_values(_predict(est), BACKGROUND, rows[i : i + 1])
        np.testing.assert_allclose(explanation.values[i], expected, **EXACT)
    _assert_adds_up(explanation, _predict(est)(rows))


@tabular_estimators
def test_the_columns_that_matter_have_the_largest_values(Estimator):
    est = _fitted(Estimator)
    explanation = _kernel_explanation(est)
    _assert_adds_up(explanation, _predict(est)(EXPLAINED))
    mean = np.abs(explanation.values).mean(axis=0)
    mean = mean.reshape(len(mean), -1).mean(axis=1)  # over the classes, if any
    ranking = [explanation.feature_names[j] for j in np.argsort(-mean)]
    assert ranking[:2] == ["size", "town"]
    _, second, third, _ = np.sort(mean)[::-1]
    assert second > 2 * third
    target = BAND if is_classifier(est) else RENT
    importance = permutation_importance(est, TABLE, target, random_state=0)
    order = np.argsort(-importance.importances_mean)
    assert [importance.feature_names[j] for j in order[:2]] == ranking[:2]


def test_each_class_has_values():
    """Probabilities sum to one, whatever is known of a row."""
    est = _fitted(TABULAR[0])
    explanation = _kernel_explanation(est)
    assert explanation.values.shape == (*EXPLAINED.shape, len(est.classes_))
    np.testing.assert_allclose(explanation.values.sum(axis=2), 0.0, **EXACT)
    high = explanation[..., list(est.classes_).index("high")]
    is_bonn = (EXPLAINED["town"] == "Bonn").to_numpy()
    assert high[:, "town"].values[is_bonn].min() > 0.05
    assert high[:, "town"].values[~is_bonn].max() < 0.05


def test_tables_of_numbers_have_the_same_values_with_every_explainer():
    """Missing values do not spread to the other rows that shap makes up."""
    table = TABLE[["size"]].assign(rooms=np.arange(160.0) % 5, floor=TABLE["floor"])
    table["floor"] = table["floor"].astype(float)
    est = TabularMLPRegressor(hidden_layer_sizes=(8,), max_iter=10, n_members=2)
    est.fit(table, RENT)
    kernel = _kernel_explanation(est, table[:6], table[100:130])
    exact = shap.Explainer(est.predict, table[100:130])(table[:6])
    _assert_adds_up(exact, est.predict(table[:6]))
    np.testing.assert_allclose(exact.values, kernel.values, **EXACT)


def test_strings_need_the_kernel_explainer():
    with pytest.raises(TypeError):
        shap.Explainer(_fitted(TABULAR[1]).predict, BACKGROUND)(EXPLAINED)


@all_estimators
def test_estimators_stay_as_they_are(Estimator):
    """Though shap removes the feature names, of a copy."""
    table = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    est = Estimator(hidden_layer_sizes=(2,), max_iter=2, random_state=0)
    est.fit(table, y)
    before = _predict(est)(table)
    explanation = _kernel_explanation(est, table[:2], table[::5])
    assert explanation.feature_names == list(est.feature_names_in_) == list(table)
    np.testing.assert_array_equal(_predict(est)(table), before)


# -------------------------------------------------------------------- plots, the guide


@pytest.fixture
def _figures():
    yield
    plt.close("all")


@pytest.mark.usefixtures("_figures")
@pytest.mark.parametrize("draw", [shap.plots.bar, shap.plots.beeswarm])
@tabular_estimators
def test_plots(draw, Estimator):
    explanation = _kernel_explanation(_fitted(Estimator))
    draw(explanation[..., 0] if Estimator is TABULAR[0] else explanation, show=False)
    labels = {label.get_text() for label in plt.gca().get_yticklabels()}
    assert set(TABLE.columns) <= labels


@pytest.mark.usefixtures("_figures")
def test_the_code_of_the_guide():
    """Word for word, with a smaller table under the names of its session."""
    text = GUIDE.read_text(encoding="utf-8")
    (section,) = re.findall(
        r"^### Shapley values\n(.*?)^#", text, re.DOTALL | re.MULTILINE
    )
    (block,) = re.findall(r"^```python\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    est = _fitted(TABULAR[1])
    session = {"regressor": est, "flats_train": TABLE[20:], "flats_test": EXPLAINED}
    exec(block, session)
    assert session["explanation"].values.shape == EXPLAINED.shape
    _assert_adds_up(session["explanation"], est.predict(EXPLAINED))
    assert plt.get_fignums()
