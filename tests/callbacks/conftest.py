"""Data, helper functions and callbacks that several test modules use."""

import numpy as np

from sknumpy_mlp._training.run import EpochEnd, Run, TrainingState
from sknumpy_mlp.callbacks import Callback
from tests.conftest import digits

X, y = digits(300)

SETTINGS = {
    "hidden_layer_sizes": 12,
    "max_iter": 12,
    "batch_size": 64,
    "random_state": 0,
}

CURVES = (
    "loss_curve_",
    "learning_rate_curve_",
    "validation_loss_curve_",
    "validation_scores_",
    "best_validation_score_",
    "best_loss_",
    "loss_",
    "n_iter_",
    "t_",
)


def make_event(epoch, loss=0.0, params=None, **values):
    params = np.full(2, float(epoch)) if params is None else params
    return EpochEnd(epoch, loss, 0.1, float(epoch), params, **values)


def make_run(**values):
    defaults = {"max_epochs": 10, "has_validation": True}
    return Run(
        np.zeros(2), TrainingState(), np.random.RandomState(0), **(defaults | values)
    )


def assert_same(resumed, whole):
    np.testing.assert_array_equal(resumed._params, whole._params)
    for name in CURVES:
        assert getattr(resumed, name) == getattr(whole, name), name


class Spy(Callback):
    """Logs its calls."""

    def __init__(self, log=None, name=""):
        self.log = [] if log is None else log
        self.name = name

    def on_train_begin(self, run):
        self.log.append((self.name, "begin", run.max_epochs, run.n_epochs))

    def on_epoch_end(self, event):
        self.log.append((self.name, event.epoch))

    def on_train_end(self, run):
        self.log.append((self.name, "end", run.status, run.n_epochs))


class StopAt(Callback):
    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, event):
        return event.epoch == self.epoch


class FailAt(StopAt):
    error = RuntimeError("power cut")

    def on_epoch_end(self, event):
        if event.epoch == self.epoch:
            raise self.error


class InterruptAt(FailAt):
    error = KeyboardInterrupt()
