"""Outputs for validation rows, without a bias from early stopping."""

import json

import numpy as np
import pytest
from sklearn.model_selection import KFold

from sknumpy_mlp import TabularMLPRegressor
from sknumpy_mlp._tabular.cross_fitting import CrossFittedOutputs
from sknumpy_mlp.callbacks import Callback, Checkpoint

FIRST = np.array([True, False, True, False])


def _after(losses, weight=None, outputs=None):
    """Return the outputs after epochs with these losses; epoch k outputs k."""
    kept = CrossFittedOutputs(FIRST, weight)
    for epoch, loss in enumerate(losses):
        kept.see(np.full((4, 1), float(epoch)), np.array(loss))
    return kept.replace_in(np.full((4, 1), -1.0)).ravel()


def test_each_half_gets_the_best_epoch_of_the_other():
    losses = [[1.0, 3.0, 1.0, 3.0], [2.0, 2.0, 0.5, 0.5], [0.1, 5.0, 0.2, 0.0]]
    # The rows of the first half are best in the last epoch, those of the second one in
    # the one before.
    np.testing.assert_array_equal(_after(losses), [1.0, 2.0, 1.0, 2.0])


def test_weights_count():
    losses = [[1.0, 3.0, 1.0, 3.0], [9.0, 0.0, 0.0, 9.0]]
    assert _after(losses)[0] == 0.0 + (9.0 / 2 < 3.0)
    np.testing.assert_array_equal(
        _after(losses, np.array([1.0, 9.0, 9.0, 1.0])), [1.0, 1.0, 1.0, 1.0]
    )
    # A half without weight selects no epoch.
    np.testing.assert_array_equal(
        _after(losses, np.array([1.0, 0.0, 1.0, 0.0])), [-1.0, 0.0, -1.0, 0.0]
    )


def test_epochs_without_a_loss_are_passed_over():
    nan = np.nan
    np.testing.assert_array_equal(_after([[nan] * 4]), [-1.0] * 4)
    np.testing.assert_array_equal(_after([[nan] * 4, [1.0] * 4]), [1.0] * 4)


def test_the_state_is_complete():
    whole, resumed = CrossFittedOutputs(FIRST, None), CrossFittedOutputs(FIRST, None)
    whole.see(np.zeros((4, 1)), np.array([1.0, 2.0, 1.0, 2.0]))
    state = whole.state_dict()
    json.dumps({k: v for k, v in state.items() if not isinstance(v, np.ndarray)})
    resumed.on_train_begin(None)
    resumed.load_state_dict(state)
    for kept in (whole, resumed):
        kept.see(np.ones((4, 1)), np.array([2.0, 1.0, 2.0, 1.0]))
        np.testing.assert_array_equal(
            kept.replace_in(np.zeros((4, 1))).ravel(), [1.0, 0.0, 1.0, 0.0]
        )


class _Interrupt(Callback):
    def on_epoch_end(self, event):
        if event.member == 1 and event.epoch == 3:
            raise RuntimeError("interrupted")


def test_a_resumed_fit_has_the_same_out_of_fold_predictions(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = rng.normal(size=60)

    def fit(*callbacks):
        reg = TabularMLPRegressor(
            (8,), cv=KFold(3), max_iter=20, random_state=0, callbacks=[*callbacks]
        )
        return reg.fit(X, y)

    whole = fit()
    path = tmp_path / "checkpoint.npz"
    with pytest.raises(RuntimeError, match="interrupted"):
        fit(Checkpoint(path), _Interrupt())
    resumed = fit(Checkpoint(path, resume=True))
    np.testing.assert_array_equal(resumed.oof_predictions_, whole.oof_predictions_)
    # They differ from the predictions of the best epochs.
    at_best = [
        whole._target.predict(member.raw(whole._read(X)[i : i + 20])).ravel()
        for i, member in zip(range(0, 60, 20), whole.estimators_, strict=True)
    ]
    assert not np.allclose(np.concatenate(at_best), whole.oof_predictions_)


@pytest.mark.parametrize("scoring", ["r2", None])
def test_other_scores_select_the_same_epoch_for_all_rows(scoring):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = rng.normal(size=60)
    reg = TabularMLPRegressor(
        (8,), cv=KFold(3), max_iter=6, random_state=0, scoring=scoring
    ).fit(X, y)
    at_best = reg._target.predict(reg.estimators_[0].raw(reg._read(X)[:20])).ravel()
    np.testing.assert_allclose(at_best, reg.oof_predictions_[:20])
