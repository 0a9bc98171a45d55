"""Access to the weights and the hidden activations of a fitted network."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from sknumpy_mlp._estimators.overflow import refuse_overflow
from sknumpy_mlp._inputs.errors import error_prefix
from sknumpy_mlp._inputs.missing import refuse_masked
from sknumpy_mlp._training.network import Network
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.layers import Dense, Dropout


class FittedNetwork(ABC):
    """Mixin of estimators: the weights and the hidden activations of their network.

    The estimator has the attributes below when it is fitted.
    """

    _params: Array
    _network: Network

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_params")

    @abstractmethod
    def _read_input(self, X: Any, dtype: Any) -> Any:
        """Validate ``X`` for a prediction."""

    def _forward(self, X: Any, n_layers: int | None = None) -> Array:
        """Validate ``X`` and return the output of the first ``n_layers``, or of all."""
        if not self.__sklearn_is_fitted__():
            check_is_fitted(self)  # slow, and raises
        X = self._read_input(X, self._params.dtype)
        return self._network.predict_raw(self._params, X, n_layers=n_layers)

    @property
    def coefs_(self) -> tuple[Array, ...]:
        """Weights of each layer, shape (fan_in, fan_out), as parameter views."""
        return tuple(W for W, _ in self._dense_views("coefs_"))

    @coefs_.setter
    def coefs_(self, arrays: Sequence[Array]) -> None:
        self._replace("coefs_", 0, arrays)

    @property
    def intercepts_(self) -> tuple[Array, ...]:
        """Biases of each layer, shape (fan_out,), as parameter views."""
        return tuple(b for _, b in self._dense_views("intercepts_"))

    @intercepts_.setter
    def intercepts_(self, arrays: Sequence[Array]) -> None:
        self._replace("intercepts_", 1, arrays)

    def _dense_views(
        self, name: str, params: Array | None = None
    ) -> list[tuple[Array, ...]]:
        if not self.__sklearn_is_fitted__():
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r} before fit."
            )
        views = self._network.views(self._params if params is None else params)
        layers = self._network.layers
        return [
            v for v, layer in zip(views, layers, strict=True) if type(layer) is Dense
        ]

    def _replace(self, name: str, which: int, arrays: Sequence[Array]) -> None:
        """Validate new weights or biases, and copy them into the parameters."""
        self._dense_views(name)  # raises if not fitted
        params = np.array(self._params)
        targets = [views[which] for views in self._dense_views(name, params)]
        if isinstance(arrays, str | bytes) or not isinstance(arrays, Iterable):
            raise ValueError(
                f"{name}={arrays!r} must be a list or tuple of arrays, one for each "
                "layer."
            )
        refuse_masked(list(arrays), name)
        with error_prefix(name):
            sources = [check_array(a, ensure_2d=False, input_name=name) for a in arrays]
        expected = [target.shape for target in targets]
        if [source.shape for source in sources] != expected:
            raise ValueError(
                f"{name} must be {len(expected)} arrays of the shapes {expected}, got "
                f"{[source.shape for source in sources]}. To change the shape of the "
                "network, set hidden_layer_sizes and fit."
            )
        with np.errstate(over="ignore"):
            for target, source in zip(targets, sources, strict=True):
                target[...] = source
        if not all(np.isfinite(target).all() for target in targets):
            raise ValueError(
                f"{name} contains values too large for {params.dtype}, the type of the "
                "network. Make them smaller, or fit with dtype='float64'."
            )
        self._params = params

    def hidden_activations(self, X: Any, layer: int = -1) -> Array:
        """Compute the activations of a hidden layer (the learned representation).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The input data.
        layer : int, default=-1
            The index of the hidden layer, from 0; -1 is the last.

        Returns
        -------
        activations : ndarray of shape (n_samples, n_units)
            The activations of the layer's units, without dropout.

        Raises
        ------
        ValueError
            If there is no such layer, or if an activation is infinite or NaN.
        """
        check_is_fitted(self)
        dense = [
            i for i, each in enumerate(self._network.layers) if type(each) is Dense
        ][:-1]
        is_index = isinstance(layer, Integral) and not isinstance(layer, bool)
        if not (is_index and -len(dense) <= layer < len(dense)):
            way_out = f"it must be an int in the range [{-len(dense)}, {len(dense)})"
            if not dense:
                way_out = "there is nothing to show. Use predict"
            raise ValueError(
                f"layer={layer!r}: the network has {len(dense)} hidden layers, so "
                f"{way_out}."
            )
        end = dense[layer] + 1
        layers = self._network.layers
        # A parametric activation is a separate layer.
        while not isinstance(layers[end], Dense | Dropout):
            end += 1
        with np.errstate(all="ignore"):
            return refuse_overflow(self._forward(X, n_layers=end))
