"""The single networks of an ensemble."""

import inspect
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes

from sknumpy_mlp import NumpyMLPClassifier, NumpyMLPRegressor
from sknumpy_mlp._estimators.classification_target import ClassificationTarget
from sknumpy_mlp._estimators.regression_target import RegressionTarget
from sknumpy_mlp._estimators.task import FitContext
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._tabular.architecture import MemberConfig
from sknumpy_mlp._tabular.member import MemberClassifier, MemberRegressor
from sknumpy_mlp.callbacks import Callback, History
from sknumpy_mlp.losses import LogLoss
from sknumpy_mlp.schedules import FlatCosine
from tests.conftest import unconverged
from tests.tabular.conftest import regressor


def test_a_member_can_be_cloned_and_looked_into():
    X, y = load_diabetes(return_X_y=True)
    reg = regressor(max_iter=2).fit(X, y)
    member = reg.estimators_[0]
    table = reg.preprocessor_.transform(X)
    # What the units are, not what their activation, a layer of its own, is given.
    assert -1.0 < member.hidden_activations(table, layer=0).min() < 0.0
    assert clone(member).fit(table, y).n_iter_ > 0


def make_config(y, loss, *, n_numbers=2, cardinalities=(4,), **fields):
    kind = ClassificationTarget if isinstance(y[0], str) else RegressionTarget
    target = kind.fit(np.asarray(y), loss)
    return MemberConfig(target, len(y), n_numbers, cardinalities, **fields)


N_ROWS = 60
rng = np.random.default_rng(0)
TABLE = np.column_stack(
    [rng.normal(size=(N_ROWS, 2)), rng.integers(0, 4, N_ROWS)]
).astype(np.float32)
VALUES = TABLE[:, 0].astype(float)
NAMES = np.where(VALUES > 0, "high", "low")
KINDS = {
    "classifier": (MemberClassifier, NumpyMLPClassifier, NAMES, "log_loss"),
    "regressor": (MemberRegressor, NumpyMLPRegressor, VALUES, "squared_error"),
}
kinds = pytest.mark.parametrize("kind", KINDS)


def make_member(kind, **params):
    Member, _, y, loss = KINDS[kind]
    defaults = {"hidden_layer_sizes": 5, "max_iter": 3, "random_state": 0, "tol": 0.0}
    return Member(make_config(list(y), loss), **(defaults | params))


def train(member, kind, *, held_out=slice(0, 15), **context):
    y = KINDS[kind][2]
    encoded = member.member_config.target.encode(y, np.float64, "y")
    data = Data(TABLE, encoded, None, y)
    rows = np.arange(N_ROWS)
    context = FitContext(expects_convergence=False, **context)
    member.train(data.take(rows[15:]), data.take(rows[held_out]), context)
    return member


@kinds
def test_its_parameters_are_those_of_the_estimator_and_its_configuration(kind):
    Member, Estimator, *_ = KINDS[kind]
    params = make_member(kind).get_params(deep=False)
    assert params.keys() == Estimator().get_params(deep=False).keys() | {
        "member_config"
    }
    signature = inspect.signature(Member).parameters
    assert next(iter(signature)) == "member_config"
    assert signature["member_config"].default is inspect.Parameter.empty
    for name, parameter in inspect.signature(Estimator).parameters.items():
        assert signature[name].default == parameter.default
        assert signature[name].kind is inspect.Parameter.KEYWORD_ONLY


def test_it_is_not_made_without_a_configuration():
    for Member in (MemberClassifier, MemberRegressor):
        with pytest.raises(TypeError, match="member_config"):
            Member()


@kinds
def test_clones_share_the_configuration_s_content(kind):
    member = make_member(kind, alpha=0.5, callbacks=[History()])
    copy = clone(member)
    assert copy.alpha == 0.5
    assert copy.member_config.cardinalities == (4,)
    assert not hasattr(copy, "_params")
    trained = train(copy, kind)
    np.testing.assert_array_equal(
        trained.raw(TABLE), train(make_member(kind, alpha=0.5), kind).raw(TABLE)
    )


@kinds
def test_its_name_is_short(kind):
    text = repr(make_member(kind))
    assert "member_config=MemberConfig(...)" in text
    assert "hidden_layer_sizes=5" in text
    assert len(text) < 200


@kinds
@pytest.mark.parametrize("is_trained", [False, True])
def test_it_can_be_pickled(kind, is_trained):
    member = make_member(kind)
    if is_trained:
        train(member, kind)
    again = pickle.loads(pickle.dumps(member))
    config, before = again.member_config, member.member_config
    assert type(config.target) is type(before.target)
    assert (config.n_rows, config.n_numbers, config.cardinalities) == (
        before.n_rows,
        before.n_numbers,
        before.cardinalities,
    )
    trained = again if is_trained else train(again, kind)
    expected = member if is_trained else train(member, kind)
    np.testing.assert_array_equal(trained.raw(TABLE), expected.raw(TABLE))


@kinds
def test_it_learns_in_float32_and_keeps_float64(kind):
    seen = set()

    class Dtype(Callback):
        def on_epoch_end(self, event):
            seen.add(event.params.dtype)

    member = train(make_member(kind), kind, callbacks=[Dtype()])
    assert seen == {np.dtype(np.float32)}
    assert member._params.dtype == np.float64
    assert member.raw(TABLE).dtype == np.float64


@kinds
def test_its_target_is_that_of_all_rows(kind):
    """The rows that it trains on may lack a class, or have another scale."""
    member = make_member(kind)
    few = np.flatnonzero(VALUES > 0)
    y = KINDS[kind][2]
    encoded = member.member_config.target.encode(y, np.float64, "y")
    data = Data(TABLE, encoded, None, y).take(few)
    member.train(data, None, FitContext(expects_convergence=False))
    whole = member.member_config.target
    np.testing.assert_array_equal(
        member._target.encode(y, np.float64, "y"), whole.encode(y, np.float64, "y")
    )
    if kind == "classifier":
        assert member.classes_.tolist() == ["high", "low"]
        assert member.predict_proba(TABLE).shape == (N_ROWS, 2)


@kinds
def test_early_stopping_is_by_the_rows_that_are_handed_over(kind):
    member = train(make_member(kind, early_stopping=True, max_iter=30), kind)
    assert len(member.validation_scores_) == member.n_iter_
    assert member.best_validation_score_ == max(member.validation_scores_)
    assert member.score(TABLE[:15], KINDS[kind][2][:15]) == pytest.approx(
        member.best_validation_score_, abs=1e-5
    )


def test_weight_decay_fades_in_its_schedule():
    config = make_member("regressor", weight_decay=0.1)._make_config()
    assert config.regularization.decay_schedule == FlatCosine()
    assert config.regularization.weight_decay == 0.1


def test_a_clone_of_a_refitted_member_learns_the_same():
    """What ends its training is among its callbacks."""
    X, y = load_diabetes(return_X_y=True)
    reg = regressor(ensemble="refit", max_iter=12).fit(X, y)
    (member,) = reg.estimators_
    again = clone(member).fit(reg.preprocessor_.transform(X), y)
    assert again.n_iter_ == member.n_iter_ == reg.n_iter_
    np.testing.assert_array_equal(again._params, member._params)


@unconverged
@kinds
def test_a_clone_may_have_another_loss(kind):
    loss = {
        "classifier": LogLoss(label_smoothing=0.2),
        "regressor": "absolute_error",
    }[kind]
    y = KINDS[kind][2]
    member = make_member(kind).fit(TABLE, y)
    other = clone(member).set_params(loss=loss).fit(TABLE, y)
    assert other.loss_ != member.loss_
    assert type(other._loss) is not type(member._loss) or other._loss != member._loss
