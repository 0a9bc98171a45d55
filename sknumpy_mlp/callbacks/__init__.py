"""Callbacks: what looks at each epoch of a fit and may end it.

Pass a list of them to an estimator, ``callbacks=[History(), TimeLimit(60)]``.  They
are called in the order of the list, but for `Checkpoint`: it comes before the others
when a run begins, and after them when an epoch is over, of which it keeps what they
remember.  They are called as given, never copied, so that they can be asked
afterwards; `Callback.on_train_begin` makes each ready for another fit.  (What clones
estimators clones their callbacks as well: after a grid search, ask those of its
``best_estimator_``.)  They run in ``fit``; ``partial_fit`` calls none, since whoever
calls it drives the loop.

To write one, derive from `Callback`:

>>> from sknumpy_mlp.callbacks import Callback
>>> class StopAt(Callback):
...     def __init__(self, loss):
...         self.loss = loss
...
...     def on_epoch_end(self, event):
...         return event.loss <= self.loss
>>> from sklearn.datasets import load_iris
>>> from sknumpy_mlp import NumpyMLPClassifier
>>> clf = NumpyMLPClassifier(callbacks=[StopAt(0.5)], random_state=0)
>>> clf.fit(*load_iris(return_X_y=True)).loss_ <= 0.5
True

The tabular estimators train several networks, one after the other if there are
callbacks.  Each is a run of its own, whose number is in ``run.member`` and
``event.member``, and calls the callbacks that `Callback.for_member` returns for it: by
default the one that was given, which sees them all.  `History` then has the epochs of
all networks:

>>> import numpy as np
>>> from sknumpy_mlp import TabularMLPRegressor
>>> from sknumpy_mlp.callbacks import History
>>> X = np.random.default_rng(0).normal(size=(40, 2))
>>> history = History()
>>> reg = TabularMLPRegressor(n_members=3, max_iter=2, callbacks=[history])
>>> reg = reg.fit(X, X[:, 0])
>>> history["member"]
[0, 0, 1, 1, 2, 2]
>>> history["loss"] == sum((network.loss_curve_ for network in reg.estimators_), [])
True

A callback of your own that keeps something begins anew with the first network:

>>> class Scores(Callback):
...     def on_train_begin(self, run):
...         if not run.member:  # None of a single network, 0 of the first of several
...             self.best = {}
...
...     def on_epoch_end(self, event):
...         before = self.best.get(event.member, event.validation_loss)
...         self.best[event.member] = min(before, event.validation_loss)
>>> scores = Scores()
>>> reg = reg.set_params(callbacks=[scores]).fit(X, X[:, 0])
>>> sorted(scores.best)
[0, 1, 2]
"""

from sknumpy_mlp._training.loop import EpochEnd, Run
from sknumpy_mlp.callbacks._base import Callback
from sknumpy_mlp.callbacks._checkpoint import Checkpoint
from sknumpy_mlp.callbacks._early_stopping import EarlyStopping
from sknumpy_mlp.callbacks._history import History
from sknumpy_mlp.callbacks._progress import Progress
from sknumpy_mlp.callbacks._time_limit import TimeLimit

__all__ = [
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "EpochEnd",
    "History",
    "Progress",
    "Run",
    "TimeLimit",
]
