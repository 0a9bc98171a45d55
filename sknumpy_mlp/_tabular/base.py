"""What both tabular estimators share: preprocess, train members, judge, combine."""

import itertools
import math
import operator
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from joblib import cpu_count
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from sknumpy_mlp._estimators.parameters import (
    CATEGORICAL_FEATURES_CHECKS,
    PARAMETER_CHECKS,
    Check,
    Choice,
    Instance,
    Number,
    Predicate,
    SuggestingMixin,
    check_combinations,
    check_parameters,
    layer_sizes,
)
from sknumpy_mlp._estimators.threads import n_blas_threads
from sknumpy_mlp._inputs.checks import (
    all_or_nothing,
    check_sample_weight,
    naming,
    one_or_several_columns,
    read_target,
    refuse_overflow,
    weigh,
)
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._inputs.table import Table, refuse_dates
from sknumpy_mlp._tabular.ensemble import StopAfter, n_side_by_side, train_members
from sknumpy_mlp._tabular.member import Blueprint, Recipe
from sknumpy_mlp._tabular.preprocessor import TabularPreprocessor
from sknumpy_mlp._tabular.progress import Board, make_board
from sknumpy_mlp._tabular.splits import Assignment, assign
from sknumpy_mlp._utils.intervals import Interval
from sknumpy_mlp._utils.links import DocLinkMixin
from sknumpy_mlp._utils.saved import Saved
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp._utils.warnings import warn
from sknumpy_mlp.callbacks._sklearn import (
    CallbackSupportMixin,
    EnsembleBridge,
    begin_ensemble,
)
from sknumpy_mlp.losses import Loss
from sknumpy_mlp.optimizers import OPTIMIZERS, Optimizer

# Parameters that members are given as they are.
_SHARED = (
    "hidden_layer_sizes",
    "activation",
    "loss",
    "class_weight",
    "solver",
    "alpha",
    "learning_rate",
    "learning_rate_init",
    "max_iter",
    "n_iter_no_change",
    "beta_1",
    "beta_2",
    "epsilon",
    "init",
    "dropout",
    "weight_decay",
    "max_norm",
    "max_grad_norm",
    "scoring",
)

TABULAR_CHECKS: dict[str, tuple[Check, ...]] = {
    name: PARAMETER_CHECKS[name]
    for name in (*_SHARED, "batch_size", "random_state", "verbose", "callbacks")
    if name in PARAMETER_CHECKS
} | {
    "solver": (Choice(tuple(OPTIMIZERS)), Instance(Optimizer)),
    "validation_fraction": (Number(Real, Interval(0, 1, "neither")),),
    "categorical_features": CATEGORICAL_FEATURES_CHECKS,
    "ensemble": (Choice(("kfold", "seeds", "refit", None)),),
    "n_members": (Number(Integral, Interval(1)),),
    "max_time": (Choice((None,)), Number(Real, Interval(0, closed="neither"))),
    "n_jobs": (
        Choice((None,)),
        Predicate(
            lambda value: (
                isinstance(value, Integral)
                and not isinstance(value, bool)
                and value != 0
            ),
            "an int other than 0",
        ),
    ),
}

# Processes take seconds to begin: so many multiplications of one core, forward alone,
# take about ten.
_WORTH_PROCESSES = 5e10

# Share of ``max_time`` that is kept for what comes after the training.
_RESERVE = 0.02

# The bound on scaled numbers, and one that none of them reaches.
_CLIP, _NO_CLIP = 3.0, 1e9

# The batches for tables of up to so many rows.
_BATCH_SIZES = (
    (1_000, 64),
    (6_000, 128),
    (30_000, 256),
    (100_000, 512),
    (math.inf, 1024),
)


class _BaseTabularMLP(
    Saved,
    CallbackSupportMixin,  # type: ignore[misc]
    DocLinkMixin,
    SuggestingMixin,
    BaseEstimator,  # type: ignore[misc]
    ABC,
):
    """Base of the tabular estimators; the constructors are the subclasses' own."""

    _parameter_checks: ClassVar[dict[str, tuple[Check, ...]]]
    # What a single network is, and what validates targets as it does.
    _member: ClassVar[type[Any]]
    _template: ClassVar[type[Any]]
    _recipe: ClassVar[Recipe] = Recipe()

    preprocessor_: TabularPreprocessor
    estimators_: list[Any]
    oof_score_: float
    oof_predictions_: Array | None
    n_iter_: int

    # --------------------------------------------------------------- for subclasses

    @abstractmethod
    def _learn(self, template: Any, data: Data, loss: Loss) -> dict[str, Any]:
        """Set attributes of the target; return what the blueprint has of it."""

    @abstractmethod
    def _stratify_by(self, data: Data) -> NDArray[Any] | None:
        """Return what folds are stratified by, or None."""

    @abstractmethod
    def _combine(self, raws: Sequence[Array]) -> Array:
        """Return the members' joint prediction, given their raw outputs."""

    @abstractmethod
    def _learn_from_held_out(
        self, raws: Sequence[Sequence[Array]], data: Data
    ) -> Array:
        """Learn from raw outputs for rows not trained on; return predictions."""

    @abstractmethod
    def _present(self, predicted: Array) -> Array:
        """Return predictions as ``oof_predictions_`` holds them."""

    @abstractmethod
    def _score_of(
        self, predicted: Array, data: Data, sample_weight: Array | None
    ) -> float:
        """Score predictions of some rows, as `score` would."""

    # ------------------------------------------------------------------------- fit

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, validation: tuple[Any, Any, Any]
    ) -> None:
        began = time.time()
        check_parameters(self, self._parameter_checks)
        check_combinations(self)
        if self.ensemble == "kfold" and self.n_members < 2:
            raise ValueError(
                "ensemble='kfold' needs at least two members, got n_members="
                f"{self.n_members}. Use ensemble=None for a single network."
            )
        resumes = [c for c in self.callbacks or [] if getattr(c, "resume", False)]
        if resumes and not isinstance(self.random_state, Integral):
            raise ValueError(
                f"{resumes[0]!r} cannot go on where a training with random_state="
                f"{self.random_state!r} stopped: folds and seeds would be others. Set "
                "random_state to an int, for both trainings."
            )
        n_networks = self._max_networks(has_validation=validation[0] is not None)
        bridge = begin_ensemble(self, X, y, sample_weight, n_networks)
        with all_or_nothing(self):
            # What is out of range raises; NumPy need not warn of it as well.
            with np.errstate(all="ignore"):
                job = self._prepare(X, y, sample_weight, validation)
            self._train(replace(job, bridge=bridge), began)
            if bridge is not None:
                bridge.end_fit()

    def _max_networks(self, *, has_validation: bool) -> int:
        """Return how many networks a fit trains at most."""
        if self.ensemble == "refit":
            return 1 if has_validation else 2
        return 1 if self.ensemble is None else int(self.n_members)

    def _prepare(
        self, X: Any, y: Any, sample_weight: Any, validation: tuple[Any, Any, Any]
    ) -> "_Job":
        """Validate everything, and turn the table into numbers."""
        template = self._template(**self._shared_params())
        is_numeric = self._template._numeric_target
        refuse_dates(y, "y")
        y = validate_data(
            self,
            y=read_target(y, "y", numeric=is_numeric),
            multi_output=True,
            y_numeric=is_numeric,
        )
        y = one_or_several_columns(y, dense=True, warn=True)
        table = Table(X)
        validate_data(self, table.data, skip_check_array=True)
        n_samples = table.shape[0]
        # As long as the table is no array yet, one without columns stands for it.
        no_columns = np.empty((n_samples, 0))
        check_consistent_length(no_columns, y)
        weight = check_sample_weight(sample_weight, no_columns)
        loss, n_targets = template._learn_target(
            y, warm=False, incremental=False, classes=None
        )
        encoded = template._encode_target(y, np.float64, "y")
        loss.check_target(encoded)
        n_outputs = loss.n_outputs(n_targets)
        class_weights = template._class_weights(encoded, weight)
        data = weigh(Data(no_columns, encoded, weight, y), class_weights)
        # Rows without weight are not there: a fold could hold nothing but them.
        rows = np.arange(n_samples)
        if data.sample_weight is not None:
            relative = data.sample_weight / data.sample_weight.max()
            relative = relative.astype(np.float32)
            data = replace(data, sample_weight=relative)
            rows = np.flatnonzero(relative)
            if len(rows) < n_samples:
                data, table = data.take(rows), table.take(rows)
        self.preprocessor_ = TabularPreprocessor(
            categorical_features=self.categorical_features,
            clip=_CLIP if self._recipe.clips_inputs else _NO_CLIP,
        ).set_output(transform="default")
        data = replace(data, X=self.preprocessor_.fit_transform(table.data))
        if data.X.shape[1] == 0:
            names = [column.name for column in table.columns]
            raise ValueError(
                f"X has nothing to learn from: no column of {names} has a value in any "
                "row (of a weight above zero)."
            )
        X_val, *others = validation
        if X_val is not None:
            X_val = self._read(X_val, "X_val")
            refuse_dates(others[0], "y_val")
        sample_weight_val = others[1]
        template.n_features_in_ = data.X.shape[1]
        held_out = template._validate_validation(
            (X_val, *others),
            encoded,
            np.float32,
            loss,
            class_weights,
            y_dtype=np.float64,
        )
        if len(rows) < 2 and held_out is None:
            raise ValueError(
                f"Found array with {len(rows)} sample(s) (of a weight above zero) "
                f"while a minimum of 2 is required by {type(self).__name__}: some to "
                "learn from and some to judge by."
            )
        blueprint = Blueprint(
            self._recipe,
            len(rows),
            self.preprocessor_.n_numbers_,
            self.preprocessor_.cardinalities_,
            **self._learn(template, data, loss),
        )
        scale = blueprint.scale
        learnt = data.y if scale is None else scale.transform(data.y)
        template._check_custom_parts(loss, learnt, n_outputs, np.float32)
        return _Job(
            data,
            held_out,
            blueprint,
            rows,
            n_samples,
            None if weight is None else weight[rows],
            None
            if held_out is None
            else check_sample_weight(
                sample_weight_val,
                np.empty((len(held_out.X), 0)),
                "sample_weight_val",
            ),
        )

    def _shared_params(self) -> dict[str, Any]:
        """Return the parameters that are the members' as well."""
        return {name: getattr(self, name) for name in _SHARED if hasattr(self, name)}

    def _train(self, job: "_Job", began: float) -> None:
        """Train the members, and learn from the rows they have not seen."""
        seconds = math.inf if self.max_time is None else float(self.max_time)
        deadline = began + seconds * (1.0 - _RESERVE)
        refits = self.ensemble == "refit" and job.validation is None
        assignments = assign(
            self.ensemble,
            int(self.n_members),
            job.data.X,
            job.data.y,
            self.preprocessor_.column_slices(),
            classes=self._stratify_by(job.data),
            validation_fraction=float(self.validation_fraction),
            has_validation=job.validation is not None,
            rng=check_random_state(self.random_state),
        )
        n_jobs = min(self._n_side_by_side(job, len(assignments)), len(assignments))
        n_members = len(assignments) + refits
        with make_board(
            n_members, n_jobs, deadline, verbose=bool(self.verbose)
        ) as board:
            # BLAS may not know of the share of a machine that a container has.
            n_threads = min(n_blas_threads(), cpu_count())
            n_threads = max(1, n_threads // board.n_side_by_side)
            job = replace(job, blueprint=replace(job.blueprint, n_threads=n_threads))
            trained = self._train_members(job, assignments, board)
            if not trained:
                raise KeyboardInterrupt
            self.estimators_ = [member for member, _, _ in trained]
            self._judge(job, trained)
            members = self.estimators_
            if refits and not board.stops:
                self.estimators_ = self._refit(job, assignments[0].seed, board)
                members = [*members, *self.estimators_]
        self.n_iter_ = max(member.n_iter_ for member in self.estimators_)
        n_short = sum(member._was_cut_short for member in members)
        if n_short:
            warn(
                f"max_time={self.max_time} was over before {n_short} of "
                f"{len(members)} networks had seen the data more than once. Give it "
                "more time, or set ensemble=None, smaller hidden_layer_sizes or a "
                "larger batch_size."
            )

    def _n_side_by_side(self, job: "_Job", n_members: int) -> int:
        """Return how many networks are to train at a time."""
        if self.callbacks or job.bridge is not None:
            return 1  # they are told of one network after the other
        n_rows, n_features = job.data.X.shape
        sizes = [n_features, *layer_sizes(self.hidden_layer_sizes)]
        n_weights = sum(itertools.starmap(operator.mul, itertools.pairwise(sizes)))
        n_products = n_members * int(self.max_iter) * n_rows * n_weights
        default = n_blas_threads() if n_products > _WORTH_PROCESSES else 1
        max_seconds = math.inf if self.max_time is None else float(self.max_time)
        return n_side_by_side(self.n_jobs, default, max_seconds)

    def _refit(self, job: "_Job", seed: int, board: Board) -> list[Any]:
        """Train a network on all rows, for as long as the first one found best."""
        members = self.estimators_
        best_epoch = int(np.nanargmax(members[0].validation_scores_)) + 1
        everyone = Assignment(np.arange(len(job.data.X)), None, seed)
        refitted = self._train_members(
            job, [everyone], board, first=1, last_epoch=best_epoch
        )
        # Broken off, it would be worse than the network that chose the epoch.
        return members if board.stops else [member for member, _, _ in refitted]

    def _train_members(
        self,
        job: "_Job",
        assignments: list[Assignment],
        board: Board,
        *,
        first: int = 0,
        last_epoch: int | None = None,
    ) -> list[tuple[Any, Array, Assignment]]:
        """Train a member for each assignment.

        Return those that have learnt, each with its raw outputs for the rows that have
        chosen its epoch.
        """
        callbacks = list(self.callbacks or [])
        if last_epoch is not None:
            # There is no validation data now that could stop it early.
            callbacks = [
                c for c in callbacks if getattr(c, "monitor", "loss") == "loss"
            ]
        members = []
        for i, assignment in enumerate(assignments, start=first):
            params = self._shared_params() | {
                "batch_size": self._batch_size(len(assignment.rows)),
                "random_state": assignment.seed,
                "tol": 0.0,
                "early_stopping": last_epoch is None and self._recipe.chooses_epoch,
                "callbacks": [callback.for_member(i) for callback in callbacks],
            }
            if last_epoch is not None:
                params["callbacks"].append(StopAfter(last_epoch))
            # Class weights are among the weights of the rows already.
            params.pop("class_weight", None)
            split = self._name_of_split(i, assignment)
            blueprint = replace(job.blueprint, member=i, split=split)
            member = self._member.build(blueprint, params)
            if job.bridge is not None:
                member._bridge = job.bridge.network(
                    member, board.stop, replaces_others=last_epoch is not None
                )
            members.append(member)
        trained = train_members(
            members, assignments, job.data, job.validation, board, first
        )
        return [
            (*each, assignment)
            for each, assignment in zip(trained, assignments, strict=True)
            if each is not None
        ]

    def _name_of_split(self, i: int, assignment: Assignment) -> str:
        """Return what messages call the rows that choose a network's best epoch."""
        if assignment.held_out is None:
            return "y_val"
        if self.ensemble == "kfold":
            return f"fold {i + 1}, which judges network {i + 1}"
        return f"the hold-out (validation_fraction={self.validation_fraction})"

    def _batch_size(self, n_rows: int) -> int:
        """Return the size of the batches; those of an epoch are equally large."""
        wanted = self.batch_size
        if wanted == "auto":
            wanted = next(size for limit, size in _BATCH_SIZES if n_rows <= limit)
        n_batches = max(1, round(n_rows / int(wanted)))
        return math.ceil(n_rows / n_batches)

    def _judge(self, job: "_Job", trained: Sequence[Any]) -> None:
        """Learn from the rows that members have not seen; set the ``oof`` attributes.

        Each fold is predicted by the one member that has not seen it, a hold-out, or
        other validation data, by all of them together.
        """
        raws = [raw for _, raw, _ in trained]
        held_out = [assignment.held_out for _, _, assignment in trained]
        is_shared = all(rows is held_out[0] for rows in held_out)
        groups = [raws] if is_shared else [[raw] for raw in raws]
        self.oof_predictions_ = None
        if job.validation is not None:
            predicted = self._learn_from_held_out(groups, job.validation)
            self.oof_score_ = self._score_of(
                predicted, job.validation, job.sample_weight_val
            )
            return
        rows = held_out[0] if is_shared else np.concatenate(held_out)
        data = job.data.take(rows)
        predicted = self._learn_from_held_out(groups, data)
        weight = None if job.sample_weight is None else job.sample_weight[rows]
        self.oof_score_ = self._score_of(predicted, data, weight)
        presented = self._present(predicted)
        shape = (job.n_samples, *presented.shape[1:])
        self.oof_predictions_ = np.full(shape, np.nan, presented.dtype)
        self.oof_predictions_[job.rows[rows]] = presented

    # --------------------------------------------------------------------- predict

    def _read(self, X: Any, name: str = "X") -> Array:
        """Return a table, with the columns that `fit` has seen, as numbers."""
        with naming(name) if name != "X" else nullcontext():
            table = Table(X)
            validate_data(self, table.data, reset=False, skip_check_array=True)
            return self.preprocessor_.transform_table(table)

    def _predict_table(self, X: Any) -> Array:
        check_is_fitted(self)
        table = self._read(X)
        with np.errstate(all="ignore"):  # as in the members' own predictions
            raws = [member.raw(table) for member in self.estimators_]
            return refuse_overflow(self._combine(raws))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.target_tags.multi_output = True
        return tags


@dataclass(frozen=True)
class _Job:
    """What is to be learnt: validated data, and what all networks have in common.

    ``rows`` are the numbers of the samples in ``data``, out of ``n_samples``.  The
    weights are those that were given, without those of classes.  ``bridge`` tells
    scikit-learn's callbacks, if there are any.
    """

    data: Data
    validation: Data | None
    blueprint: Blueprint
    rows: IntArray
    n_samples: int
    sample_weight: Array | None
    sample_weight_val: Array | None
    bridge: EnsembleBridge | None = None
