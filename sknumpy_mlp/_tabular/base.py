"""Base class of both tabular estimators: preprocessing, training and aggregation."""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from joblib import cpu_count
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from sknumpy_mlp._estimators.architecture import Architecture
from sknumpy_mlp._estimators.config import TrainingConfig
from sknumpy_mlp._estimators.custom_parts import check_custom_parts
from sknumpy_mlp._estimators.overflow import refuse_overflow
from sknumpy_mlp._estimators.parameters import (
    Check,
    SuggestingMixin,
    check_combinations,
    check_parameters,
    layer_sizes,
)
from sknumpy_mlp._estimators.rollback import rollback_on_error
from sknumpy_mlp._estimators.target import Target
from sknumpy_mlp._estimators.task import FitContext
from sknumpy_mlp._estimators.threads import n_blas_threads
from sknumpy_mlp._estimators.training_data import encode_training_data
from sknumpy_mlp._estimators.validation import Validation, read_validation
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._inputs.dates import refuse_dates
from sknumpy_mlp._inputs.errors import error_prefix
from sknumpy_mlp._inputs.sample_weights import check_sample_weight
from sknumpy_mlp._inputs.table import Table
from sknumpy_mlp._inputs.targets import read_target, squeeze_single_column
from sknumpy_mlp._tabular.architecture import MemberConfig
from sknumpy_mlp._tabular.ensemble import (
    MemberTask,
    TrainedMember,
    parallel_workers,
    shared_table,
    train_members,
)
from sknumpy_mlp._tabular.folds import is_splitter, read_groups, user_folds
from sknumpy_mlp._tabular.held_out import HeldOut, summarize, validation_indices
from sknumpy_mlp._tabular.merged import merged_networks
from sknumpy_mlp._tabular.parameters import check_ensemble
from sknumpy_mlp._tabular.preprocessor import TabularPreprocessor
from sknumpy_mlp._tabular.progress import EnsembleProgress, share_progress
from sknumpy_mlp._tabular.recipe import (
    cost_of_training,
    max_networks,
    member_parameters,
    parameters_for,
    wanted_batch_size,
)
from sknumpy_mlp._tabular.splits import MemberSplit, split_members, validation_name
from sknumpy_mlp._tabular.stopping import StopAtEpoch, warn_if_cut_short
from sknumpy_mlp._tabular.task import EnsembleTask
from sknumpy_mlp._utils.links import DocLinkMixin
from sknumpy_mlp._utils.saved import VersionedStateMixin
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp.callbacks._sklearn import (
    CallbackSupportMixin,
    EnsembleBridge,
    begin_ensemble,
)

_CLIP = 3.0  # the bound of the smooth clipping of scaled numbers


class _BaseTabularMLP(
    VersionedStateMixin,
    CallbackSupportMixin,  # type: ignore[misc]
    DocLinkMixin,
    SuggestingMixin,
    BaseEstimator,  # type: ignore[misc]
    ABC,
):
    """Base class of the tabular estimators; subclasses define their constructors."""

    _parameter_checks: ClassVar[dict[str, tuple[Check, ...]]]
    _target_type: ClassVar[type[Target]]
    _member_type: ClassVar[type[Any]]
    #: Fraction of ``max_time`` that is reserved for calibration.
    _reserved_share: ClassVar[float] = 0.02
    #: Values of the attributes that `_calibrate` sets, before it is called.
    _uncalibrated: ClassVar[dict[str, Any]]

    # Requested by default, as by splitters, since ignored groups make scores and
    # calibration too optimistic.
    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    _target: Any
    _held_out: dict[str, NDArray[Any]] | None
    preprocessor_: TabularPreprocessor
    estimators_: list[Any]
    oof_score_: float
    oof_predictions_: Array | None
    validation_indices_: list[IntArray]
    n_iter_: int

    # --------------------------------------------------------------- for subclasses

    @abstractmethod
    def _fit_target(self, y: Any) -> Target:
        """Return the fitted target."""

    def _learning_rate(self) -> float:
        """Return the members' ``learning_rate_init``."""
        return float(self.learning_rate_init)

    @abstractmethod
    def _member_outputs(self, raw: Array) -> Array:
        """Return what is averaged over members, given raw outputs."""

    @abstractmethod
    def _predict_from(self, mean: Array) -> Array:
        """Return predictions, given the mean of the members' outputs."""

    @abstractmethod
    def _calibrate(
        self, held_out: HeldOut, data: Data, X: Array, weight: Any, task: EnsembleTask
    ) -> None:
        """Calibrate on the outputs of members for rows they were not trained on.

        ``data`` consists of the rows of ``held_out``, in order, ``weight`` of their
        weights without class weights, and ``X`` of all rows of the training or
        validation data that they belong to.
        """

    @abstractmethod
    def _format_predictions(self, predicted: Array) -> Array:
        """Return predictions in the format of ``oof_predictions_``."""

    # ------------------------------------------------------------------------- fit

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        groups: Any,
        validation: tuple[Any, Any, Any],
    ) -> None:
        began = time.time()
        check_parameters(self, self._parameter_checks)
        # The numbers of layers and networks do not depend on the number of rows.
        params = parameters_for(self, 1)
        check_combinations(self, n_hidden=len(layer_sizes(params.hidden_layer_sizes)))
        check_ensemble(params)
        n_networks = max_networks(params, has_validation=validation[0] is not None)
        bridge = begin_ensemble(self, X, y, sample_weight, n_networks)
        with rollback_on_error(self):
            # Validation raises errors instead of NumPy's floating-point warnings.
            with np.errstate(all="ignore"):
                task = self._make_task(X, y, sample_weight, groups, validation, bridge)
            self._train(task, began)
            if bridge is not None:
                bridge.end_fit()

    def _make_task(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        groups: Any,
        validation: Validation,
        bridge: EnsembleBridge | None,
    ) -> EnsembleTask:
        """Validate all inputs, and preprocess the table."""
        is_numeric = self._target_type.is_numeric
        refuse_dates(y, "y")
        y = validate_data(
            self,
            y=read_target(y, "y", numeric=is_numeric),
            multi_output=True,
            y_numeric=is_numeric,
        )
        y = squeeze_single_column(y, dense=True, warn=True)
        table = Table(X)
        validate_data(self, table.data, skip_check_array=True)
        n_samples = table.shape[0]
        # A placeholder for the table until it has been preprocessed.
        no_columns = np.empty((n_samples, 0))
        check_consistent_length(no_columns, y)
        weight = check_sample_weight(sample_weight, no_columns)
        group_numbers = read_groups(groups, n_samples)
        target = self._fit_target(y)
        data, class_weights = encode_training_data(
            target, no_columns, y, weight, getattr(self, "class_weight", None)
        )
        # Rows of weight zero are dropped: a fold might consist of them alone.
        rows = np.arange(n_samples)
        if data.sample_weight is not None:
            relative = data.sample_weight / data.sample_weight.max()
            relative = relative.astype(np.float32)
            data = replace(data, sample_weight=relative)
            rows = np.flatnonzero(relative)
        folds = None
        if is_splitter(self.cv) and validation[0] is None:
            folds = user_folds(self.cv, table.data, y, groups, rows)
        if len(rows) < n_samples:
            data, table = data.take(rows), table.take(rows)
        data = replace(data, X=self._preprocess(table, data.y))
        held_out = read_validation(
            validation, partial(self._read, name="X_val"), target, data.y, class_weights
        )
        if len(rows) < 2 and held_out is None:
            raise ValueError(
                f"Found array with {len(rows)} sample(s) (of a weight above zero) "
                f"while a minimum of 2 is required by {type(self).__name__}: some for "
                "training and some for validation."
            )
        params = parameters_for(self, len(rows))
        scaled = target.with_scale(data.y, data.sample_weight)
        # Checked once for all members, on the scaled target that they learn.
        check_custom_parts(
            Architecture.of(params),
            scaled,
            scaled.encode(data.target, np.float64, "y"),
            np.float32,
        )
        self.__dict__.update(self._uncalibrated, **scaled.attributes, _target=scaled)
        return EnsembleTask(
            data=data,
            validation=held_out,
            member_config=MemberConfig(
                scaled,
                len(rows),
                self.preprocessor_.n_numbers_,
                self.preprocessor_.cardinalities_,
                self.parametric_activation,
            ),
            params=params,
            rows=rows,
            n_samples=n_samples,
            sample_weight=None if weight is None else weight[rows],
            sample_weight_val=None
            if held_out is None
            else check_sample_weight(
                validation[2], np.empty((len(held_out.X), 0)), "sample_weight_val"
            ),
            groups=None if group_numbers is None else group_numbers[rows],
            folds=folds,
            bridge=bridge,
        )

    def _preprocess(self, table: Table, y: Array) -> Array:
        """Fit the preprocessor, and return the preprocessed table."""
        self.preprocessor_ = TabularPreprocessor(
            categorical_features=self.categorical_features,
            number_codes=True,
            clip=_CLIP,
            dates=self.dates,
        ).set_output(transform="default")
        X: Array = self.preprocessor_.fit_transform(table.data, y)
        if X.shape[1] == 0:
            names = [column.name for column in table.columns]
            raise ValueError(
                f"X has nothing to learn from: no column of {names} has a value in any "
                "row (of a weight above zero)."
            )
        return X

    def _train(self, task: EnsembleTask, began: float) -> None:
        """Train the members, calibrate and, with ``ensemble='refit'``, refit."""
        seconds = math.inf if self.max_time is None else float(self.max_time)
        deadline = began + seconds * (1.0 - self._reserved_share)
        refits = self.ensemble == "refit" and task.validation is None
        splits = split_members(
            self.ensemble,
            int(task.params.n_members),
            task.data.X,
            task.data.y,
            self.preprocessor_.encoded_columns(),
            classes=self._target.stratify_folds(task.data.y),
            validation_fraction=float(self.validation_fraction),
            has_validation=task.validation is not None,
            rng=check_random_state(self.random_state),
            groups=task.groups,
            folds=task.folds,
        )
        with (
            self._workers(task, splits) as n_workers,
            share_progress(
                len(splits) + refits,
                min(n_workers, len(splits)),
                deadline,
                verbose=bool(self.verbose),
            ) as progress,
        ):
            task.deadline, task.seed = began + seconds, splits[0].seed
            task.stop = progress.stop
            task.data = replace(task.data, X=shared_table(task.data.X, progress.folder))
            trained = self._train_members(task, splits, progress)
            if not trained:
                raise KeyboardInterrupt
            self._keep(task, trained)
            self._evaluate(task, trained)
            if refits and not progress.stop_requested:
                refitted = self._refit(task, trained[0], progress)
                if not progress.stop_requested:
                    # An interrupted refit would be worse than the first network.
                    self._keep(task, refitted)
                    trained = [*trained, *refitted]
        self.n_iter_ = max(member.n_iter_ for member in self.estimators_)
        warn_if_cut_short([each.was_cut_short for each in trained], self.max_time)

    def _keep(self, task: EnsembleTask, trained: Sequence[TrainedMember]) -> None:
        """Set the networks of the ensemble, and their validation rows."""
        self.estimators_ = [each.member for each in trained]
        self.validation_indices_ = validation_indices(trained, task.rows)

    def _workers(
        self, task: EnsembleTask, splits: Sequence[MemberSplit]
    ) -> AbstractContextManager[int]:
        """Return a context with the number of networks to train in parallel."""
        return parallel_workers(
            # Callbacks expect sequential training.
            1 if self.callbacks or task.bridge is not None else self.n_jobs,
            len(splits) * cost_of_training(task.params, *task.data.X.shape),
            wanted_batch_size(task.params.batch_size, len(splits[0].rows)),
            math.inf if self.max_time is None else float(self.max_time),
        )

    def _refit(
        self, task: EnsembleTask, first: TrainedMember, progress: EnsembleProgress
    ) -> list[TrainedMember]:
        """Train a network on all rows, up to the best epoch of the first network."""
        best_epoch = int(np.nanargmax(first.member.validation_scores_)) + 1
        all_rows = MemberSplit(np.arange(len(task.data.X)), None, first.split.seed)
        return self._train_members(
            task, [all_rows], progress, first=1, last_epoch=best_epoch
        )

    def _train_members(
        self,
        task: EnsembleTask,
        splits: Sequence[MemberSplit],
        progress: EnsembleProgress,
        *,
        first: int = 0,
        last_epoch: int | None = None,
    ) -> list[TrainedMember]:
        """Train a member for each split; return those that have completed an epoch."""
        callbacks = list(self.callbacks or [])
        if last_epoch is not None:
            # Without validation data, callbacks can only monitor the loss.
            callbacks = [
                c for c in callbacks if getattr(c, "monitor", "loss") == "loss"
            ]
        # cpu_count() takes the limits of a container into account, BLAS may not.
        n_threads = min(n_blas_threads(), cpu_count()) // progress.n_parallel
        tasks = []
        for i, split in enumerate(splits, start=first):
            params = member_parameters(task.params, self._learning_rate(), split)
            params["callbacks"] = [callback.for_member(i) for callback in callbacks]
            if last_epoch is not None:
                params["early_stopping"] = False
                params["callbacks"].append(StopAtEpoch(last_epoch))
            member = self._member_type(task.member_config, **params)
            if task.folds is not None:
                # Folds in temporal order have training sets of very different sizes.
                member.weight = float(len(np.unique(split.rows)))
            cycle_ends: tuple[float, ...] = ()
            if self.n_iter_no_change == "cycle" and last_epoch is None:
                cycle_ends = TrainingConfig.of(member).schedule.cycle_ends
            context = FitContext(
                bridge=None
                if task.bridge is None
                else task.bridge.network(
                    progress.stop, replaces_others=last_epoch is not None
                ),
                n_threads=max(1, n_threads),
                member=i,
                validation_name=validation_name(self, i, split),
                expects_convergence=False,  # the best epoch is restored
            )
            tasks.append(MemberTask(member, split, context, i, cycle_ends))
        return train_members(tasks, task.data, task.validation, progress)

    def _evaluate(self, task: EnsembleTask, trained: Sequence[TrainedMember]) -> None:
        """Calibrate, and set ``oof_score_`` and ``oof_predictions_``.

        A row of a fold is predicted by the members that were not trained on it, a
        hold-out set or user-supplied validation data by the whole ensemble.
        """
        data, weight = task.validation, task.sample_weight_val
        if data is None:
            data, weight = task.data, task.sample_weight
        X, data = data.X, replace(data, X=data.X[:, :0])
        held_out = HeldOut.of(trained, self._member_outputs, data)
        rows = held_out.rows
        data, weight = data.take(rows), None if weight is None else weight[rows]
        with np.errstate(all="ignore"):
            self._calibrate(held_out, data, X, weight, task)
        predicted = self._predict_from(held_out.mean)
        self.oof_score_ = float(self._target.score(predicted, data.y, weight))
        self.oof_predictions_ = self._held_out = None
        if task.validation is None:
            presented = self._format_predictions(predicted)
            shape = (task.n_samples, *presented.shape[1:])
            self.oof_predictions_ = np.full(shape, np.nan, presented.dtype)
            self.oof_predictions_[task.rows[rows]] = presented
            self._held_out = summarize(held_out, X, data.y, task)

    # --------------------------------------------------------------------- predict

    def _read(self, X: Any, name: str = "X") -> Array:
        """Validate a table and return it preprocessed."""
        with error_prefix(name) if name != "X" else nullcontext():
            table = Table(X)
            validate_data(self, table.data, reset=False, skip_check_array=True)
            return self.preprocessor_.transform_table(table)

    def _predict_table(self, X: Any) -> Array:
        check_is_fitted(self)
        return self._predict_preprocessed(self._read(X))

    def _predict_preprocessed(self, table: Array) -> Array:
        with np.errstate(all="ignore"):  # refuse_overflow checks the predictions
            merged = merged_networks(self) if len(table) == 1 else None
            raw_outputs = (
                [member.raw(table) for member in self.estimators_]
                if merged is None
                else list(merged.raw(table))
            )
            # In one call: for a single row, calls take longer than computations.
            outputs = self._member_outputs(np.concatenate(raw_outputs))
            weights = np.array([member.weight for member in self.estimators_])
            mean = weights / weights.sum() @ outputs.reshape(len(weights), -1)
            shape = (len(table), outputs.shape[1])
            return refuse_overflow(self._predict_from(mean.reshape(shape)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.target_tags.multi_output = True
        return tags
