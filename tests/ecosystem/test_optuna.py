"""With Optuna, the extra ``optuna``, in an environment that has it."""

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score, train_test_split

from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp.activations import LeakyReLU
from sknumpy_mlp.callbacks import Callback
from tests.conftest import digits, unconverged

optuna = pytest.importorskip("optuna")

pytestmark = unconverged


X_TRAIN, X_VAL, Y_TRAIN, Y_VAL = train_test_split(
    *digits(600), test_size=0.4, random_state=0
)


@pytest.fixture(autouse=True)
def _quiet():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(before)


def test_a_study_over_a_cross_validation():
    """Numbers, layers and objects that a trial suggests."""

    def make(trial):
        n_layers = trial.suggest_int("n_layers", 1, 2)
        slope = trial.suggest_float("slope", 0.0, 0.3)
        return NumpyMLPClassifier(
            [trial.suggest_int(f"width_{i}", 2, 20) for i in range(n_layers)],
            activation=LeakyReLU(slope),
            alpha=trial.suggest_float("alpha", 1e-3, 10.0, log=True),
            solver="lbfgs",
            max_iter=20,
            random_state=0,
        )

    def objective(trial):
        return cross_val_score(make(trial), X_TRAIN, Y_TRAIN, cv=2).mean()

    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=0)
    )
    study.optimize(objective, n_trials=8)
    values = [trial.value for trial in study.trials]
    assert study.best_value == max(values) > min(values)
    best = make(study.best_trial)
    assert cross_val_score(best, X_TRAIN, Y_TRAIN, cv=2).mean() == study.best_value
    assert best.fit(X_TRAIN, Y_TRAIN).score(X_VAL, Y_VAL) > 0.7


class Pruning(Callback):
    """Reports the score of each epoch to a trial, and ends the fit if that asks to.

    Parameters
    ----------
    trial : optuna.Trial
        The trial.
    """

    def __init__(self, trial):
        self.trial = trial
        self.pruned = False

    def on_epoch_end(self, event):
        self.trial.report(event.validation_score, event.epoch)
        self.pruned = self.trial.should_prune()
        return self.pruned


def test_pruning_by_a_callback():
    """Of two that learn and two that do not, only those are trained to the end."""
    n_iter = {}

    def objective(trial):
        rate = trial.suggest_float("learning_rate_init", 1e-9, 1.0, log=True)
        pruning = Pruning(trial)
        clf = NumpyMLPClassifier(
            20,
            learning_rate_init=rate,
            max_iter=30,
            random_state=0,
            callbacks=[pruning],
        ).fit(X_TRAIN, Y_TRAIN, X_val=X_VAL, y_val=Y_VAL)
        n_iter[trial.number] = clf.n_iter_
        assert (
            list(
                trial.study.get_trials(deepcopy=False)[
                    trial.number
                ].intermediate_values.values()
            )
            == clf.validation_scores_
        )
        if pruning.pruned:
            raise optuna.TrialPruned
        return clf.validation_scores_[-1]

    study = optuna.create_study(
        direction="maximize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=1, n_warmup_steps=4),
    )
    for rate in (0.003, 1e-9, 0.02, 1e-8):
        study.enqueue_trial({"learning_rate_init": rate})
    study.optimize(objective, n_trials=4)
    states = [trial.state.name for trial in study.trials]
    assert states == ["COMPLETE", "PRUNED", "COMPLETE", "PRUNED"]
    assert n_iter[0] == n_iter[2] == 30
    assert max(n_iter[1], n_iter[3]) < 10
    assert study.best_value > 0.8
    assert study.best_params["learning_rate_init"] == 0.02


def test_a_trial_s_error_is_the_estimator_s():
    def objective(trial):
        clf = NumpyMLPClassifier(alpha=trial.suggest_float("alpha", -2.0, -1.0))
        return clf.fit(X_TRAIN, Y_TRAIN).score(X_VAL, Y_VAL)

    study = optuna.create_study()
    with pytest.raises(ValueError, match="'alpha' parameter of NumpyMLPClassifier"):
        study.optimize(objective, n_trials=1)
    assert [trial.state.name for trial in study.trials] == ["FAIL"]
    study.optimize(objective, n_trials=1, catch=[ValueError])
    assert not np.isfinite(study.trials[-1].values or [np.nan]).any()
