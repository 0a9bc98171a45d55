"""scikit-learn's own tests of its MLP, run against this package.

The installed scikit-learn ships the tests of its multi-layer perceptron.  Here their
source is executed with this package's classes under the names of scikit-learn's, and
its test functions become tests of this module.
"""

import importlib.util
from pathlib import Path

import pytest

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor

# These look at private attributes of scikit-learn's classes, or build a fitted
# estimator by setting them.
NEED_PRIVATE_ATTRIBUTES = {
    "test_fit",
    "test_gradient",
    "test_learning_rate_warmstart",
    "test_adaptive_learning_rate",
    "test_n_iter_no_change",
    "test_n_iter_no_change_inf",
}

IMPORT = "from sklearn.neural_network import MLPClassifier, MLPRegressor\n"

# The suite has warnings of its own, of which it says little; pytest.warns sees them.
pytestmark = pytest.mark.filterwarnings("ignore")


def _load_suite():
    spec = importlib.util.find_spec("sklearn.neural_network.tests.test_mlp")
    if spec is None or spec.origin is None:
        pytest.skip("this scikit-learn came without its tests", allow_module_level=True)
    source = Path(spec.origin).read_text(encoding="utf-8")
    assert source.count(IMPORT) == 1
    namespace = {
        "__name__": __name__,
        "MLPClassifier": NumpyMLPClassifier,
        "MLPRegressor": NumpyMLPRegressor,
    }
    exec(compile(source.replace(IMPORT, "\n"), spec.origin, "exec"), namespace)
    return {
        name: value for name, value in namespace.items() if name.startswith("test_")
    }


_SUITE = _load_suite()
assert _SUITE.keys() >= NEED_PRIVATE_ATTRIBUTES
globals().update(
    {name: test for name, test in _SUITE.items() if name not in NEED_PRIVATE_ATTRIBUTES}
)


@pytest.fixture
def global_random_seed():
    """scikit-learn's conftest varies this seed; it says that any must do."""
    return 42
