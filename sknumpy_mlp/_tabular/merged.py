"""The networks of an ensemble merged into one, for predictions of a single row.

For one row, a network spends most of its time on calling NumPy, a hundred times.  The
merged network needs hardly more calls than a single one.
"""

import operator
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from sknumpy_mlp._training.network import Network
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp._utils.values import deep_equal
from sknumpy_mlp.activations import ACTIVATIONS, Activation
from sknumpy_mlp.embeddings import CategoryEmbedding, Concatenate
from sknumpy_mlp.layers import Dense, Dropout, Layer


class MergedNetworks:
    """Networks of equal structure, merged into one.

    The activations of all networks are side by side.  Weight matrices and embedding
    tables remain where they are, and are used one by one; all other parameters are
    concatenated in each prediction, since the networks' own may change.

    Parameters
    ----------
    networks : sequence of Network
        The networks, which differ in their parameters only.  The first layer is an
        embedding.
    params : sequence of ndarray of shape (n_params,)
        The parameter vectors.
    """

    def __init__(self, networks: Sequence[Network], params: Sequence[Array]) -> None:
        n = len(networks)
        layers = networks[0].layers
        parts = _parts(layers[0])
        self.params = list(params)
        self._inputs = _repeated([part.fan_in for part in parts], n)
        self._outputs = _by_network([part.fan_out for part in parts], n)
        views = [net.views(own) for net, own in zip(networks, params, strict=True)]
        self._layers = [
            (_side_by_side(layer, n), list(zip(*each, strict=True)))
            for layer, *each in zip(layers, *views, strict=True)
            if not isinstance(layer, Dropout)  # the identity in predictions
        ]
        self._shape = (n, 1, networks[0].n_outputs)
        self._dtype = params[0].dtype
        self._of_thread = threading.local()

    def raw(self, x: Array) -> Array:
        """Return the raw outputs for a row.

        Parameters
        ----------
        x : ndarray of shape (1, n_features)
            The row.

        Returns
        -------
        raw : ndarray of shape (n_networks, 1, n_outputs)
            The raw outputs of each network.
        """
        x = x.astype(self._dtype, copy=False)[:, self._inputs]
        layers = zip(self._layers, self._buffers(), strict=True)
        for i, ((layer, params), buffers) in enumerate(layers):
            x = layer.forward(params, x, buffers)
            if i == 0:
                x = x[:, self._outputs]
        return x.reshape(self._shape).copy()

    def _buffers(self) -> list[Any]:
        """Return the buffers of the layers, which belong to a thread."""
        if not hasattr(self._of_thread, "buffers"):
            self._of_thread.buffers = [
                layer.make_buffers(self._dtype) for layer, _ in self._layers
            ]
        buffers: list[Any] = self._of_thread.buffers
        return buffers


class _Wide:
    """Several equal layers as one layer with as many times the columns.

    Parameters
    ----------
    layer : Layer
        One of the layers.
    n : int
        Number of layers.
    """

    def __init__(self, layer: Any, n: int) -> None:
        self._layer: Layer = replace(layer, fan_in=layer.fan_in * n)

    def make_buffers(self, dtype: Any) -> Any:
        """Allocate the buffers of the layer."""
        return self._layer.make_buffers(
            1, dtype, training=False, need_input_gradient=False, sparse_input=False
        )

    def forward(self, params: Sequence[Any], x: Array, buffers: Any) -> Array:
        """Concatenate the parameters, and return the layer's output."""
        joined = [np.concatenate(arrays) for arrays in params]
        out: Array = self._layer.forward(joined, x, buffers, None)
        return out


class _Embeddings:
    """Category embeddings side by side."""

    def __init__(self, layer: CategoryEmbedding, n: int) -> None:
        self._layer, self._n = layer, n

    def make_buffers(self, dtype: Any) -> Any:
        """Allocate the buffers of each embedding."""
        needs = {"training": False, "need_input_gradient": False, "sparse_input": False}
        return [self._layer.make_buffers(1, dtype, **needs) for _ in range(self._n)]

    def forward(self, params: Sequence[Any], x: Array, buffers: Any) -> Array:
        """Return the vectors of each embedding's categories."""
        (tables,) = params
        codes = x.reshape(self._n, 1, -1)
        vectors: list[Array] = [
            self._layer.forward([table], own, memory, None)
            for table, own, memory in zip(tables, codes, buffers, strict=True)
        ]
        return np.concatenate(vectors, axis=1)


class _Concatenated:
    """Parts of a `Concatenate` layer, each of them side by side."""

    def __init__(self, layer: Concatenate, n: int) -> None:
        self._layer = layer
        self._parts = [_side_by_side(part, n) for part in layer.parts]
        self._ends = np.cumsum([n * part.fan_in for part in layer.parts])[:-1]

    def make_buffers(self, dtype: Any) -> Any:
        """Allocate the buffers of each part."""
        return [part.make_buffers(dtype) for part in self._parts]

    def forward(self, params: Sequence[Any], x: Array, buffers: Any) -> Array:
        """Return the outputs of the parts, concatenated."""
        columns = np.split(x, self._ends, axis=1)
        own = self._layer.params_of_parts(params)
        outputs: list[Array] = [
            part.forward(*args)
            for part, *args in zip(self._parts, own, columns, buffers, strict=True)
        ]
        return np.concatenate(outputs, axis=1)


class _Blocks:
    """Dense layers side by side: the product with a block-diagonal matrix."""

    def __init__(self, layer: Dense, n: int) -> None:
        self._n = n
        self._fan_in, self._fan_out = layer.fan_in, layer.fan_out
        self._activation: Activation = layer.activation

    def make_buffers(self, dtype: Any) -> Any:
        """Allocate z and a."""
        return [np.empty((1, self._n * self._fan_out), dtype) for _ in range(2)]

    def forward(
        self, params: Sequence[Any], x: Array, buffers: Sequence[Array]
    ) -> Array:
        """Return f(x W + b) of each layer."""
        matrices, biases = params
        z, a = buffers
        inputs = x.reshape(self._n, 1, self._fan_in)
        outputs = z.reshape(self._n, 1, self._fan_out)
        # Not np.matmul, which does not use BLAS for single rows.
        for own, W, out in zip(inputs, matrices, outputs, strict=True):
            np.dot(own, W, out=out)
        z += np.concatenate(biases)
        if self._activation.from_output:
            self._activation.forward(z, z)
            return z
        self._activation.forward(z, a)
        return a


def _side_by_side(layer: Any, n: int) -> Any:
    """Return a layer of ``n`` equal layers."""
    if isinstance(layer, Dense):
        return _Blocks(layer, n)
    if isinstance(layer, Concatenate):
        return _Concatenated(layer, n)
    if isinstance(layer, CategoryEmbedding):
        return _Embeddings(layer, n)
    return _Wide(layer, n)


def _parts(layer: Layer) -> Sequence[Layer]:
    return layer.parts if isinstance(layer, Concatenate) else (layer,)


def _repeated(widths: Sequence[int], n: int) -> IntArray:
    """Return the indices that repeat each group of columns ``n`` times."""
    ends = np.cumsum(widths)
    groups = zip(ends - widths, ends, strict=True)
    return np.concatenate([np.tile(np.arange(*group), n) for group in groups])


def _by_network(widths: Sequence[int], n: int) -> IntArray:
    """Return the indices that order repeated groups of columns by network."""
    positions = np.split(np.arange(n * sum(widths)), n * np.cumsum(widths)[:-1])
    by_network = [each.reshape(n, -1) for each in positions]
    return np.concatenate(by_network, axis=1).ravel()


# Not attributes of the estimators, since a prediction does not change an estimator.
_merged: WeakKeyDictionary[Any, MergedNetworks] = WeakKeyDictionary()

_ELEMENTWISE = {type(activation) for activation in ACTIVATIONS.values()}


def merged_networks(estimator: Any) -> MergedNetworks | None:
    """Return the merged networks of an estimator, kept for further predictions.

    Parameters
    ----------
    estimator : estimator
        A fitted tabular estimator.

    Returns
    -------
    merged : MergedNetworks or None
        None if there is a single network, if a custom activation may depend on several
        units, if the networks differ in their layers because the list of members was
        changed after `fit`, or if a subclass defines ``__eq__`` without ``__hash__``.
    """
    members = estimator.estimators_
    if len(members) == 1 or type(estimator).__hash__ is None:
        return None
    params = [member._params for member in members]
    kept = _merged.get(estimator)
    if (
        kept is not None
        and len(kept.params) == len(params)
        and all(map(operator.is_, kept.params, params))
    ):
        return kept
    networks = [member._network for member in members]
    if not _is_elementwise(networks[0]):
        return None
    if not all(deep_equal(net.layers, networks[0].layers) for net in networks[1:]):
        return None
    merged = _merged[estimator] = MergedNetworks(networks, params)
    return merged


def _is_elementwise(network: Network) -> bool:
    """Return True if all activations are known to treat each unit alike."""
    activations = [getattr(layer, "activation", None) for layer in network.layers]
    return {type(f) for f in activations if f is not None} <= _ELEMENTWISE
