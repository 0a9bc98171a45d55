"""Networks: a tuple of layers over one flat parameter vector, and their memory."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sknumpy_mlp._typing import Array, RandomSource
from sknumpy_mlp.layers import Buffers, Layer

# Rows that go through the network at once when it only predicts: enough to keep the
# matrix products busy, few enough that the intermediate results stay in the cache.
_PREDICT_ROWS = 1024


@dataclass(frozen=True)
class Network:
    """A tuple of layers; a description without arrays.

    All parameters live in one flat vector, coefficients of all layers first, then the
    intercepts of all layers.  Optimisers, penalties, snapshots and checks for
    non-finite values thus work on one array, and the layers on views of it.
    """

    layers: tuple[Layer, ...]

    @cached_property
    def n_coefs(self) -> int:
        """Number of penalised parameters, the head of the vector."""
        shapes = (shape for layer in self.layers for shape in layer.coef_shapes)
        return sum(math.prod(shape) for shape in shapes)

    @cached_property
    def n_params(self) -> int:
        """Length of the parameter vector."""
        shapes = (shape for layer in self.layers for shape in layer.intercept_shapes)
        return self.n_coefs + sum(math.prod(shape) for shape in shapes)

    @property
    def n_outputs(self) -> int:
        """Number of columns of the raw output."""
        return self.layers[-1].fan_out

    def __getstate__(self) -> dict[str, Any]:
        return {"layers": self.layers}

    def views(self, flat: Array) -> list[tuple[Array, ...]]:
        """Each layer's coefficients and intercepts, as views of ``flat``."""
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
        """Draw a parameter vector, layer by layer, weights before biases.

        The numbers are drawn in float64 and then rounded to ``dtype``, so that a
        network in float32 starts where the same network in float64 does.
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

    def predict_raw(self, params: Array, X: Any) -> Array:
        """Raw outputs for all rows of ``X``, in chunks of bounded memory.

        Parameters
        ----------
        params : ndarray of shape (n_params,)
            The parameter vector.
        X : {ndarray, sparse matrix} of shape (n_samples, n_features)
            The input.

        Returns
        -------
        raw : ndarray of shape (n_samples, n_outputs)
        """
        n_samples = X.shape[0]
        workspace = Workspace(
            self, params, min(n_samples, _PREDICT_ROWS), training=False
        )
        if n_samples <= _PREDICT_ROWS:
            return workspace.forward(X)
        raw = np.empty((n_samples, self.n_outputs), params.dtype)
        for start in range(0, n_samples, _PREDICT_ROWS):
            rows = slice(start, start + _PREDICT_ROWS)
            raw[rows] = workspace.forward(X[rows])
        return raw


class Workspace:
    """All memory of one run of a network: views, gradient, intermediate results.

    Parameters
    ----------
    network : Network
        The network to run.
    params : ndarray of shape (n_params,)
        The parameter vector; training changes it in place.
    n_rows : int
        The most rows that will go through at once.
    training : bool, default=True
        Whether there will be backward passes.

    Attributes
    ----------
    params, grad : ndarray of shape (n_params,)
        The parameters, and the gradient that `backward` fills (training only).
    """

    def __init__(
        self, network: Network, params: Array, n_rows: int, *, training: bool = True
    ) -> None:
        self.network = network
        self.params = params
        self._param_views = network.views(params)
        if training:
            self.grad = np.empty_like(params)
            self._grad_views = network.views(self.grad)
        self._buffers = [
            layer.make_buffers(
                n_rows, params.dtype, training=training, need_input_gradient=i > 0
            )
            for i, layer in enumerate(network.layers)
        ]
        # Buffers cut to a number of rows; a run knows two, a full batch and the last.
        self._cut: dict[int, Sequence[Buffers]] = {n_rows: self._buffers}

    def _buffers_for(self, n_rows: int) -> Sequence[Buffers]:
        if n_rows not in self._cut:
            self._cut[n_rows] = [
                {name: array[:n_rows] for name, array in buffers.items()}
                for buffers in self._buffers
            ]
        return self._cut[n_rows]

    @property
    def coefs(self) -> Array:
        """The penalised parameters, the head of ``params``."""
        return self.params[: self.network.n_coefs]

    def forward(self, X: Any) -> Array:
        """Raw outputs, shape (n_rows, n_outputs), in memory of this workspace."""
        x: Array = X
        self._inputs: list[Any] = []
        buffers = self._buffers_for(X.shape[0])
        for layer, params, layer_buffers in zip(
            self.network.layers, self._param_views, buffers, strict=True
        ):
            self._inputs.append(x)
            x = layer.forward(params, x, layer_buffers)
        return x

    def backward(self, delta: Array) -> None:
        """Fill ``grad``, given the gradient with respect to `forward`'s result.

        ``delta`` and the intermediate results of the forward pass are destroyed.
        """
        buffers = self._buffers_for(delta.shape[0])
        for i in reversed(range(len(self.network.layers))):
            input_gradient = self.network.layers[i].backward(
                self._param_views[i],
                self._grad_views[i],
                self._inputs[i],
                delta,
                buffers[i],
                need_input_gradient=i > 0,
            )
            if input_gradient is not None:
                delta = input_gradient
        del self._inputs
