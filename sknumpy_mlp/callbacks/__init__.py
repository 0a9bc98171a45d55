"""Callbacks: objects whose methods are called during ``fit`` and that can stop it.

Pass a list of them to an estimator, ``callbacks=[History(), TimeLimit(60)]``.  During
``fit``, `Callback.on_train_begin` is called before the first epoch,
`Callback.on_epoch_end` after each epoch, and `Callback.on_train_end` at the end, also
after an error.  ``partial_fit`` calls no callbacks.

- Callbacks are called in the order of the list, except `Checkpoint`: at the beginning
  of a run it comes first, so that the other callbacks see the resumed run; at the end
  of an epoch it comes last, so that it saves their current state.
- Every callback is called after each epoch, and training stops if any of them returns
  True.
- Callbacks are not copied, so that their attributes can be read after the fit.
  Functions that clone estimators clone the callbacks as well: after a grid search, read
  the callbacks of ``best_estimator_``.

To write a callback, subclass `Callback`:

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
>>> clf = NumpyMLPClassifier(callbacks=[StopAt(0.5)], random_state=0).fit(X, y)
>>> print(f"loss {clf.loss_:.3f} after {clf.n_iter_} epochs")
loss 0.497 after 77 epochs

A callback with state returns it from `Callback.state_dict`, so that a `Checkpoint`
saves it, and restores it in `Callback.load_state_dict` when the run is resumed.  The
latter is called after ``on_train_begin``, which can therefore reset all state:

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
>>> print(f"{max(resumed[0].losses):.3f}, {clf.loss_curve_[0]:.3f}")
1.222, 1.222

The tabular estimators train several networks, sequentially if there are callbacks.
Each network is trained in a separate run, whose index is ``run.member`` and
``event.member``, and with the callbacks that `Callback.for_member` returns for it, by
default the same for all networks.  `History` then records the epochs of all networks:

>>> import numpy as np
>>> from sknumpy_mlp import TabularMLPRegressor
>>> from sknumpy_mlp.callbacks import History
>>> X = np.random.default_rng(0).normal(size=(40, 2))
>>> history = History()
>>> reg = TabularMLPRegressor(n_members=3, max_iter=2, callbacks=[history])
>>> reg = reg.fit(X, X[:, 0])
>>> history["member"]
[0, 0, 1, 1, 2, 2]
>>> history["epoch"]
[1, 2, 1, 2, 1, 2]

A custom callback that accumulates values over all networks resets them at the first:

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
