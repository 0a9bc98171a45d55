"""The multi-layer perceptron in sixty lines computes the estimator's numbers."""

import importlib.util
import runpy
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris

from sknumpy_mlp import NumpyMLPClassifier
from tests.conftest import params_of, unconverged

PATH = Path(__file__).parents[2] / "examples" / "sixty_lines.py"
SPEC = importlib.util.spec_from_file_location("sixty_lines", PATH)
sixty_lines = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(sixty_lines)

X, y = load_iris(return_X_y=True)


def test_sixty_lines():
    assert len(PATH.read_text(encoding="utf-8").splitlines()) <= 60


@unconverged
@pytest.mark.parametrize("hidden", [(20,), (), (30, 20)])
@pytest.mark.parametrize(
    ("alpha", "rate", "seed"), [(1e-4, 1e-3, 0), (0.5, 1e-2, 1)], ids=["default", "set"]
)
def test_same_loss_curve_and_parameters(hidden, alpha, rate, seed):
    W, b, loss_curve = sixty_lines.fit(
        X, y, (4, *hidden, 3), 20, alpha=alpha, learning_rate=rate, seed=seed
    )
    clf = NumpyMLPClassifier(
        hidden,
        alpha=alpha,
        batch_size=32,
        learning_rate_init=rate,
        max_iter=20,
        random_state=seed,
    ).fit(X, y)
    same = {"rtol": 0, "atol": 1e-10}
    np.testing.assert_allclose(loss_curve, clf.loss_curve_, **same)
    flat = np.concatenate([array.ravel() for array in W + b])
    np.testing.assert_allclose(flat, params_of(clf), **same)


def test_the_run_on_iris(capsys):
    runpy.run_path(str(PATH), run_name="__main__")
    assert capsys.readouterr().out.endswith("training accuracy: 0.98\n")
