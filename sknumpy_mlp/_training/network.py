"""Networks: sequences of layers on a flat parameter vector, and their buffers."""

import itertools
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import Array, IntArray, RandomSource
from sknumpy_mlp.layers import Buffers, Layer, TrainingContext

# Chunk size of full passes over the data: large enough for efficient matrix products,
# small enough that intermediate results stay in the cache.
ROWS_AT_ONCE = 512

# Number of rows for data-dependent initialization, which estimates standard deviations.
_ROWS_TO_ADAPT = 2048


@dataclass(frozen=True)
class Network:
    """A sequence of layers: the architecture, without parameters.

    Parameters are stored in one flat vector: first the coefficients of all layers, then
    their intercepts.  Optimizers, penalties, snapshots and checks for non-finite values
    work on the vector, and layers on views of it.
    """

    layers: tuple[Layer, ...]

    @cached_property
    def n_coefs(self) -> int:
        """Number of coefficients: penalized parameters at the start of the vector."""
        shapes = (shape for layer in self.layers for shape in layer.coef_shapes)
        return sum(math.prod(shape) for shape in shapes)

    @cached_property
    def n_params(self) -> int:
        """Length of the parameter vector."""
        shapes = (shape for layer in self.layers for shape in layer.intercept_shapes)
        return self.n_coefs + sum(math.prod(shape) for shape in shapes)

    @property
    def n_outputs(self) -> int:
        """Number of raw outputs."""
        return self.layers[-1].fan_out

    @property
    def widths(self) -> list[int]:
        """Number of inputs, followed by the number of units of each dense layer."""
        with_units = [layer for layer in self.layers if layer.product_size]
        return [self.layers[0].fan_in, *(layer.fan_out for layer in with_units)]

    def largest_product(self, n_rows: int) -> int:
        """Return the number of multiplications in the largest matrix product."""
        return n_rows * max(layer.product_size for layer in self.layers)

    def __getstate__(self) -> dict[str, Any]:
        return {"layers": self.layers}

    def views(self, flat: Array) -> list[tuple[Array, ...]]:
        """Return each layer's coefficients and intercepts, as views of ``flat``."""
        coefs_end = 0
        intercepts_end = self.n_coefs
        views = []
        for layer in self.layers:
            layer_views = []
            for shape in layer.coef_shapes:
                start, coefs_end = coefs_end, coefs_end + math.prod(shape)
                layer_views.append(flat[start:coefs_end].reshape(shape))
            for shape in layer.intercept_shapes:
                start = intercepts_end
                intercepts_end += math.prod(shape)
                layer_views.append(flat[start:intercepts_end].reshape(shape))
            views.append(tuple(layer_views))
        return views

    def init(self, rng: RandomSource, dtype: Any) -> Array:
        """Initialize a parameter vector, layer by layer, weights before biases.

        Parameters are drawn in float64 and then rounded to ``dtype``, so that networks
        in float32 and float64 have the same initial parameters up to rounding.
        """
        params = np.empty(self.n_params)
        for layer, layer_params in zip(self.layers, self.views(params), strict=True):
            layer.init(layer_params, rng)
        with np.errstate(over="ignore"):
            rounded = params.astype(dtype, copy=False)
        if not np.isfinite(rounded).all():
            raise ValueError(
                f"init drew numbers too large for {rounded.dtype}, the type of X. Draw "
                "smaller ones, or pass X in float64."
            )
        return rounded

    def adapt(
        self, params: Array, X: Any, rng: RandomSource, rows: IntArray | None = None
    ) -> None:
        """Adjust the initial parameters to the data.

        The first layer receives all training rows, which are ``rows`` of ``X``, or all
        if it is None.  Then each layer receives its input for a sample of them, from
        the preceding layers, which are already adjusted.
        """
        all_views = self.views(params)
        self.layers[0].init_from_data(all_views[0], X, rows)
        if not any(layer.adapts for layer in self.layers):
            return
        n_rows = X.shape[0] if rows is None else len(rows)
        sample = rng.permutation(n_rows)[:_ROWS_TO_ADAPT]
        x = X[sample if rows is None else rows[sample]]
        n_rows = x.shape[0]
        for layer, views in zip(self.layers, all_views, strict=True):
            layer.adapt(views, x, rng)
            buffers = layer.make_buffers(
                n_rows,
                params.dtype,
                training=False,
                need_input_gradient=False,
                sparse_input=not isinstance(x, np.ndarray),
            )
            x = layer.forward(views, x, buffers, None)

    @cached_property
    def lr_multipliers(self) -> list[tuple[slice, float]] | None:
        """Segments of the parameters with their learning-rate multipliers, if any."""
        coefs: list[tuple[int, float]] = []
        intercepts: list[tuple[int, float]] = []
        for layer in self.layers:
            n_coefs = len(layer.coef_shapes)
            shapes = (*layer.coef_shapes, *layer.intercept_shapes)
            sizes = zip(map(math.prod, shapes), layer.lr_multipliers, strict=True)
            coefs += itertools.islice(sizes, n_coefs)
            intercepts += sizes
        segments: list[tuple[slice, float]] = []
        start = 0
        for multiplier, group in itertools.groupby(coefs + intercepts, lambda p: p[1]):
            stop = start + sum(size for size, _ in group)
            segments.append((slice(start, stop), multiplier))
            start = stop
        has_multipliers = any(multiplier != 1.0 for _, multiplier in segments)
        return segments if has_multipliers else None

    @cached_property
    def _kept(self) -> threading.local:
        """The workspace of the last single row, for each thread."""
        return threading.local()

    def _single_row_workspace(self, params: Array) -> "Workspace":
        """Return a workspace that predictions of single rows reuse.

        Allocating it would take a third of the time of such a prediction.
        """
        if getattr(self._kept, "params", None) is not params:
            self._kept.workspace = Workspace(self, params, 1, training=False)
            self._kept.params = params
        workspace: Workspace = self._kept.workspace
        return workspace

    @cached_property
    def first_with_params(self) -> int:
        """Index of the first layer that has parameters."""
        return next(
            i
            for i, layer in enumerate(self.layers)
            if layer.coef_shapes or layer.intercept_shapes
        )

    def predict_raw(
        self, params: Array, X: Any, *, n_layers: int | None = None
    ) -> Array:
        """Return the raw outputs for all rows of ``X``, computed in chunks.

        Parameters
        ----------
        params : ndarray of shape (n_params,)
            The parameter vector.
        X : {ndarray, sparse matrix} of shape (n_samples, n_features)
            The input; it is cast to the data type of ``params``.
        n_layers : int or None, default=None
            Number of layers to evaluate; None for all.

        Returns
        -------
        raw : ndarray of shape (n_samples, n_outputs)
            The output of the last of these layers.
        """
        n_samples = X.shape[0]
        if n_samples == 1 and n_layers is None:
            X = X.astype(params.dtype, copy=False)
            return self._single_row_workspace(params).forward(X).copy()
        workspace = Workspace(
            self,
            params,
            min(n_samples, ROWS_AT_ONCE),
            training=False,
            n_layers=n_layers,
        )
        if n_samples <= ROWS_AT_ONCE:
            return workspace.forward(X.astype(params.dtype, copy=False))
        raw = np.empty((n_samples, workspace.n_outputs), params.dtype)
        for start in range(0, n_samples, ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            # Cast by chunk: a copy of all of X may not fit into memory.
            raw[rows] = workspace.forward(X[rows].astype(params.dtype, copy=False))
        return raw

    def input_jacobian(self, params: Array, X: Any) -> tuple[Array, Array]:
        """Return the raw outputs and their derivatives with respect to the inputs.

        There is a backward pass for each output, over chunks of the rows.

        Parameters
        ----------
        params : ndarray of shape (n_params,)
            The parameter vector.
        X : {ndarray, sparse matrix} of shape (n_samples, n_features)
            The input; it is cast to the data type of ``params``.

        Returns
        -------
        raw : ndarray of shape (n_samples, n_outputs)
            The raw outputs.
        jacobian : ndarray of shape (n_samples, n_outputs, n_features)
            Their derivatives.
        """
        n_samples, n_features = X.shape
        workspace = Workspace(
            self, params, min(n_samples, ROWS_AT_ONCE), need_input_gradient=True
        )
        raw = np.empty((n_samples, self.n_outputs), params.dtype)
        jacobian = np.empty((*raw.shape, n_features), params.dtype)
        for start in range(0, n_samples, ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            x = X[rows].astype(params.dtype, copy=False)
            if not isinstance(x, np.ndarray):
                x = x.toarray()
            for k in range(self.n_outputs):
                # Again for each output: a backward pass overwrites what it uses.
                raw[rows] = workspace.forward(x)
                delta = np.zeros_like(raw[rows])
                delta[:, k] = 1.0
                jacobian[rows, k] = workspace.backward(delta)
        return raw, jacobian


class Workspace:
    """Memory for passes through a network: views, gradient and intermediate results.

    Parameters
    ----------
    network : Network
        The network.
    params : ndarray of shape (n_params,)
        The parameter vector; training changes it in place.
    n_rows : int
        Maximum number of rows of a pass.
    training : bool, default=True
        Whether to allocate memory for backward passes.
    rng : Generator or None, default=None
        Random number generator of layers that are random in training; None makes them
        deterministic, as in predictions.
    sparse_input : bool, default=False
        Whether the input is sparse.
    n_layers : int or None, default=None
        Number of layers that forward passes evaluate; None for all.
    need_input_gradient : bool, default=False
        Whether backward passes return the gradient of the input, which training does
        not need.

    Attributes
    ----------
    params, grad : ndarray of shape (n_params,)
        The parameters, and the gradient that `backward` fills (training only).
    """

    def __init__(
        self,
        network: Network,
        params: Array,
        n_rows: int,
        *,
        training: bool = True,
        rng: np.random.Generator | None = None,
        sparse_input: bool = False,
        n_layers: int | None = None,
        need_input_gradient: bool = False,
    ) -> None:
        self.network = network
        self.params = params
        # The first layer of backward passes; the input gradients of the later ones are
        # needed.
        self._first = -1 if need_input_gradient else network.first_with_params
        self._context = None if rng is None else TrainingContext(rng)
        self._layers = network.layers[:n_layers]
        self._param_views = network.views(params)
        if training:
            self.grad = np.empty_like(params)
            self._grad_views = network.views(self.grad)
        self._buffers = [
            layer.make_buffers(
                n_rows,
                params.dtype,
                training=training,
                need_input_gradient=i > self._first,
                # Layers without parameters at the start pass sparse input through.
                sparse_input=sparse_input and i <= network.first_with_params,
            )
            for i, layer in enumerate(self._layers)
        ]
        # Buffers for fewer rows, such as the last batch of an epoch.
        self._cut: dict[int, Sequence[Buffers]] = {n_rows: self._buffers}

    def set_progress(self, progress: float) -> None:
        """Set the training progress, from 0 to 1, that layers may depend on."""
        if self._context is not None:
            self._context.progress = progress

    @property
    def n_outputs(self) -> int:
        """Number of columns of `forward`'s result."""
        return self._layers[-1].fan_out

    def _buffers_for(self, n_rows: int) -> Sequence[Buffers]:
        if n_rows not in self._cut:
            self._cut[n_rows] = [
                {name: array[:n_rows] for name, array in buffers.items()}
                for buffers in self._buffers
            ]
        return self._cut[n_rows]

    @property
    def coefs(self) -> Array:
        """The coefficients, the penalized parameters at the start of ``params``."""
        return self.params[: self.network.n_coefs]

    def forward(self, X: Any) -> Array:
        """Return the raw outputs, shape (n_rows, n_outputs), in a buffer or ``X``."""
        x = X
        self._inputs: list[Any] = []
        buffers = self._buffers_for(X.shape[0])
        for layer, params, layer_buffers in zip(
            self._layers, self._param_views, buffers, strict=False
        ):
            self._inputs.append(x)
            x = layer.forward(params, x, layer_buffers, self._context)
        output: Array = x
        return output

    def backward(self, delta: Array) -> Array | None:
        """Write the gradient into ``grad``, and return that of the input if needed.

        ``delta`` is the gradient with respect to the raw outputs.  It is overwritten,
        and so are the intermediate results of the forward pass.
        """
        buffers = self._buffers_for(delta.shape[0])
        for i in range(len(self._layers) - 1, max(self._first, 0) - 1, -1):
            input_gradient = self._layers[i].backward(
                self._param_views[i],
                self._grad_views[i],
                self._inputs[i],
                delta,
                buffers[i],
                need_input_gradient=i > self._first,
            )
            if input_gradient is not None:
                delta = input_gradient
        del self._inputs
        return delta if self._first < 0 else None

    def constrain(self) -> None:
        """Project the parameters onto the constraint sets of the layers."""
        for layer, params in zip(self._layers, self._param_views, strict=False):
            layer.constrain(params)
