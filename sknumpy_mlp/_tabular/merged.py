"""The networks of an ensemble merged into one, for predictions of a single row.

For one row, a network spends most of its time on calling NumPy, a hundred times.  The
merged network needs as many calls as a single one, except for matrix products.
"""

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from sknumpy_mlp._training.network import Network
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp.activations import Activation
from sknumpy_mlp.embeddings import CategoryEmbedding, Concatenate
from sknumpy_mlp.layers import Dense, Dropout


class MergedNetworks:
    """Networks of equal structure, merged into one.

    The activations of all networks are side by side: the arrays of a layer's parameters
    are concatenated, and the products of dense layers are computed one by one.

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
        first = networks[0].layers[0]
        parts = first.parts if isinstance(first, Concatenate) else (first,)
        self._inputs = _repeated([part.fan_in for part in parts], n)
        self._outputs = _by_member([part.fan_out for part in parts], n)
        views = [net.views(own) for net, own in zip(networks, params, strict=True)]
        self._layers = [
            (
                _widened(layer, n),
                [np.concatenate(arrays) for arrays in zip(*each, strict=True)],
            )
            for layer, *each in zip(networks[0].layers, *views, strict=True)
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
            x = layer.forward(params, x, buffers, None)
            if i == 0:
                x = x[:, self._outputs]
        return x.reshape(self._shape).copy()

    def _buffers(self) -> list[Any]:
        """Return the buffers of the layers, which belong to a thread."""
        if not hasattr(self._of_thread, "buffers"):
            self._of_thread.buffers = [
                layer.make_buffers(
                    1,
                    self._dtype,
                    training=False,
                    need_input_gradient=False,
                    sparse_input=False,
                )
                for layer, _ in self._layers
            ]
        buffers: list[Any] = self._of_thread.buffers
        return buffers


class _Blocks:
    """Dense layers side by side: the product with a block-diagonal matrix.

    Parameters
    ----------
    layer : Dense
        One of the layers.
    n : int
        Number of layers.
    """

    def __init__(self, layer: Dense, n: int) -> None:
        self._n = n
        self._fan_in, self._fan_out = layer.fan_in, layer.fan_out
        self._activation: Activation = layer.activation

    def make_buffers(self, n_rows: int, dtype: Any, **needs: bool) -> dict[str, Array]:
        """Allocate z and a."""
        width = self._n * self._fan_out
        return {name: np.empty((n_rows, width), dtype) for name in ("z", "a")}

    def forward(
        self,
        params: Sequence[Array],
        x: Array,
        buffers: dict[str, Array],
        context: None,
    ) -> Array:
        """Return f(x W + b) of each layer."""
        W, b = params
        z, a = buffers["z"], buffers["a"]
        inputs = x.reshape(self._n, 1, self._fan_in)
        outputs = z.reshape(self._n, 1, self._fan_out)
        matrices = W.reshape(self._n, self._fan_in, self._fan_out)
        # Not np.matmul, which does not use BLAS for single rows.
        for i in range(self._n):
            np.dot(inputs[i], matrices[i], out=outputs[i])
        z += b
        if self._activation.from_output:
            self._activation.forward(z, z)
            return z
        self._activation.forward(z, a)
        return a


def _widened(layer: Any, n: int) -> Any:
    """Return a layer for ``n`` times as many columns."""
    if isinstance(layer, Dense):
        return _Blocks(layer, n)
    if isinstance(layer, Concatenate):
        return Concatenate(tuple(_widened(part, n) for part in layer.parts))
    if isinstance(layer, CategoryEmbedding):
        return replace(layer, cardinalities=layer.cardinalities * n)
    return replace(layer, fan_in=layer.fan_in * n)


def _repeated(widths: Sequence[int], n: int) -> IntArray:
    """Return the indices that repeat each group of columns ``n`` times."""
    ends = np.cumsum(widths)
    groups = zip(ends - widths, ends, strict=True)
    return np.concatenate([np.tile(np.arange(*group), n) for group in groups])


def _by_member(widths: Sequence[int], n: int) -> IntArray:
    """Return the indices that order repeated groups of columns by repetition."""
    positions = np.split(np.arange(n * sum(widths)), n * np.cumsum(widths)[:-1])
    by_member = [each.reshape(n, -1) for each in positions]
    return np.concatenate(by_member, axis=1).ravel()


# For the first member of each ensemble, its parameter vectors and merged networks.
# Not an attribute of the estimator, since a prediction does not change estimators.
_merged: WeakKeyDictionary[Any, tuple[list[Array], MergedNetworks | None]] = (
    WeakKeyDictionary()
)


def merged_networks(members: Sequence[Any]) -> MergedNetworks | None:
    """Return the merged networks of members, which are kept for further predictions.

    Parameters
    ----------
    members : sequence of estimator
        Fitted members.

    Returns
    -------
    merged : MergedNetworks or None
        None if the networks have different layers, which is possible if the list of
        members was changed after `fit`.
    """
    params = [member._params for member in members]
    known, merged = _merged.get(members[0], ([], None))
    if len(known) != len(params) or any(map(_differ, known, params)):
        networks = [member._network for member in members]
        layers = networks[0].layers
        is_same = all(network.layers == layers for network in networks)
        merged = MergedNetworks(networks, params) if is_same else None
        _merged[members[0]] = params, merged
    return merged


def _differ(one: Any, other: Any) -> bool:
    return one is not other
