"""Callbacks: objects whose methods are called during ``fit`` and that can stop it.

Pass a list of them to an estimator, ``callbacks=[History(), TimeLimit(60)]``.  During
``fit``, `Callback.on_train_begin` is called before the first epoch,
`Callback.on_epoch_end` after each epoch, and `Callback.on_train_end` at the end, also
after an error.  ``partial_fit`` calls no callbacks.

- Callbacks are called in the order of the list, except `Checkpoint`: at the beginning
  of a run it comes first, so that the other callbacks see the run as it is resumed; at
  the end of an epoch it comes last, so that it saves their current state.
- All of them see every epoch; training stops after an epoch for which any of them
  returns True.
- They are not copied, so that their attributes can be read after the fit.  Functions
  that clone estimators clone the callbacks as well: after a grid search, read those of
  ``best_estimator_``.

To write a callback, derive from `Callback`:

>>> from sknumpy_mlp.callbacks import Callback
>>> class StopAt(Callback):
...     def __init__(self, loss):
...         self.loss = loss
...
...     def on_epoch_end(self, event):
...         return event.loss <= self.loss
>>> from sklearn.datasets import load_iris
>>> from sknumpy_mlp import NumpyMLPClassifier
>>> X, y = load_iris(return_X_y=True)
>>> clf = NumpyMLPClassifier(callbacks=[StopAt(0.5)], random_state=0)
>>> clf.fit(X, y).loss_ <= 0.5
True

State that a run needs when it is resumed from a `Checkpoint` is returned by
`Callback.state_dict` and restored by `Callback.load_state_dict`.  The latter is called
after ``on_train_begin``, which can therefore always start from the beginning:

>>> class LossRange(Callback):
...     def on_train_begin(self, run):
...         self.losses = []
...
...     def load_state_dict(self, state):
...         self.losses = [state["lowest"], state["highest"]]
...
...     def on_epoch_end(self, event):
...         self.losses.append(event.loss)
...
...     def state_dict(self):
...         return {"lowest": min(self.losses), "highest": max(self.losses)}
>>> import os, tempfile
>>> from sknumpy_mlp.callbacks import Checkpoint, TimeLimit
>>> path = os.path.join(tempfile.mkdtemp(), "run.npz")
>>> interrupted = [LossRange(), Checkpoint(path), TimeLimit(1e-9)]
>>> clf = NumpyMLPClassifier(max_iter=1000, random_state=0, callbacks=interrupted)
>>> clf.fit(X, y).n_iter_
1
>>> resumed = [LossRange(), Checkpoint(path, resume=True)]
>>> clf = clf.set_params(callbacks=resumed).fit(X, y)
>>> max(resumed[0].losses) == clf.loss_curve_[0]
True

The tabular estimators train several networks, with callbacks one after the other.
Each is a run of its own, whose number is in ``run.member`` and ``event.member``, and
calls the callbacks that `Callback.for_member` returns for it: by default the same ones
for all networks.  `History` then has the epochs of all networks:

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

A custom callback that accumulates values over all networks resets them with the first:

>>> class Scores(Callback):
...     def on_train_begin(self, run):
...         if not run.member:  # None for a single network, 0 for the first of several
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

from sknumpy_mlp._training.run import EpochEnd, Run
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
