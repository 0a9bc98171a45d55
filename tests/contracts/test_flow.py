"""The way down: from `fit` to a step, and from a tabular `fit` to a member's."""

import sys
from itertools import groupby
from typing import ClassVar

import numpy as np
import pytest
from sklearn.datasets import load_iris

from sknumpy_mlp import (
    NumpyMLPClassifier,
    NumpyMLPRegressor,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from sknumpy_mlp._tabular.member import MemberClassifier, MemberRegressor
from sknumpy_mlp.optimizers import SGD

X, y = load_iris(return_X_y=True)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def _modules_on_the_stack():
    """Return the package's modules that are being called, from the outside in."""
    frame, modules = sys._getframe(1), []
    while frame is not None:
        modules.append(frame.f_globals.get("__name__", ""))
        frame = frame.f_back
    ours = [
        module.removeprefix("sknumpy_mlp.")
        for module in reversed(modules)
        if module.startswith("sknumpy_mlp.")
    ]
    return [module for module, _ in groupby(ours)]


class Spy(SGD):
    seen: ClassVar[list] = []

    def step(self, *args, **kwargs):
        super().step(*args, **kwargs)
        self.seen.append(_modules_on_the_stack())


@pytest.mark.parametrize(
    ("Estimator", "home"),
    [(NumpyMLPClassifier, "classifier"), (NumpyMLPRegressor, "regressor")],
)
@pytest.mark.parametrize("early_stopping", [False, True])
def test_from_fit_to_a_step(Estimator, home, early_stopping):
    Spy.seen.clear()
    Estimator(solver=Spy(), max_iter=2, early_stopping=early_stopping).fit(X, y)
    for modules in Spy.seen:
        # A decorator of fit, outside of it, suggests names of arguments.
        assert modules == [
            "_utils.suggestions",
            f"_estimators.{home}",
            "_estimators.base",
            "_estimators.solvers",
            "_training.loop",
            "_training.step",
        ]  # and from there to the optimizer, here one of our own
    assert len(Spy.seen) >= 2


@pytest.mark.parametrize("ensemble", ["kfold", "refit", None])
@pytest.mark.parametrize(
    ("Estimator", "Member", "home"),
    [
        (TabularMLPClassifier, MemberClassifier, "classifier"),
        (TabularMLPRegressor, MemberRegressor, "regressor"),
    ],
)
def test_from_a_tabular_fit_to_a_member_s(
    Estimator, Member, home, ensemble, monkeypatch
):
    seen, train = [], Member.train

    def spy(self, *args):
        seen.append(_modules_on_the_stack())
        train(self, *args)

    monkeypatch.setattr(Member, "train", spy)
    est = Estimator((4,), n_members=2, max_iter=2, ensemble=ensemble, n_jobs=1)
    est.fit(X, np.asarray(y, float) if home == "regressor" else y)
    begin = ["_utils.suggestions", f"_tabular.{home}", "_tabular.base"]
    to_members = [*begin, "_tabular.ensemble"]  # and from there to the member
    # The calibration of a regressor trains two networks that learn the difficulty.
    to_difficulty = [
        *begin,
        "_tabular.regressor",
        "_tabular.conformal",
        "_tabular.difficulty",
    ]
    assert to_members in seen
    assert (to_difficulty in seen) == (home == "regressor" and ensemble == "kfold")
    assert all(modules in (to_members, to_difficulty) for modules in seen)
