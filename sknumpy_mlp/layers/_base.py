"""Base class of layers, and what their passes are given."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from sknumpy_mlp._utils.typing import Array, RandomSource, Shape

#: The arrays a layer works in, by names of its own; the first axis is rows.
Buffers: TypeAlias = dict[str, Array]


@dataclass
class Noise:
    """What layers draw from that are random while they train.

    Parameters
    ----------
    rng : Generator
        The source of random numbers.
    progress : float, default=0.0
        Share of the run that is done, from 0 to 1, for what changes as the training
        goes on.

    Examples
    --------
    About half of the inputs are dropped at first, and none at the end:

    >>> import numpy as np
    >>> from sknumpy_mlp.layers import Dropout, Noise
    >>> from sknumpy_mlp.schedules import Cosine
    >>> layer, x = Dropout(5, rate=0.5, schedule=Cosine()), np.ones((1, 5))
    >>> needs = {"need_input_gradient": True, "sparse_input": False}
    >>> buffers = layer.make_buffers(1, float, training=True, **needs)
    >>> noise = Noise(np.random.default_rng(3))
    >>> layer.forward([], x, buffers, noise)
    array([[2., 2., 0., 0., 2.]])
    >>> noise.progress = 1.0
    >>> layer.forward([], x, buffers, noise)
    array([[1., 1., 1., 1., 1.]])
    """

    rng: np.random.Generator
    progress: float = 0.0


class Layer(ABC):
    """Base class of layers.

    Attributes
    ----------
    fan_in, fan_out : int
        Number of columns of the input and of the output.

    See Also
    --------
    check_layer : Checks a custom layer.

    Examples
    --------
    A custom layer, which needs neither parameters nor memory:

    >>> import numpy as np
    >>> from sknumpy_mlp.layers import Layer
    >>> class Negative(Layer):
    ...     fan_in = fan_out = 2
    ...     def make_buffers(self, n_rows, dtype, **needs):
    ...         return {}
    ...     def forward(self, params, x, buffers, noise):
    ...         return -x
    ...     def backward(self, params, grads, x, delta, buffers, **needs):
    ...         return -delta
    >>> Negative().forward([], np.array([[1.0, 2.0]]), {}, None)
    array([[-1., -2.]])
    """

    fan_in: int
    fan_out: int

    @property
    def coef_shapes(self) -> tuple[Shape, ...]:
        """Shapes of the penalised parameters; none, unless a layer says so."""
        return ()

    @property
    def intercept_shapes(self) -> tuple[Shape, ...]:
        """Shapes of the other parameters; none, unless a layer says so."""
        return ()

    @property
    def product_size(self) -> int:
        """Number of weights, if it is a layer of units: a product's work for a row."""
        return 0

    @property
    def rate_factors(self) -> tuple[float, ...]:
        """Factors on the learning rate, one for each array of parameters."""
        return (1.0,) * (len(self.coef_shapes) + len(self.intercept_shapes))

    def init(  # noqa: B027 - some have no parameters
        self, params: Sequence[Array], rng: RandomSource
    ) -> None:
        """Fill ``params`` with first values.

        Parameters
        ----------
        params : sequence of ndarray
            Views of this layer's coefficients, then of its intercepts, to be filled.
        rng : RandomState or Generator
            The source of random numbers.
        """

    def see(self, params: Sequence[Array], X: Any) -> None:  # noqa: B027 - most do not
        """Fit first values, once drawn, to all of the data.

        Only a network's first layer is shown it.

        Parameters
        ----------
        params : sequence of ndarray
            Views of this layer's coefficients and intercepts, changed in place.
        X : {ndarray, sparse matrix} of shape (n_samples, fan_in)
            The training data.
        """

    @property
    def adapts(self) -> bool:
        """Whether `adapt` does anything."""
        return False

    def adapt(  # noqa: B027 - most do not
        self, params: Sequence[Array], x: Any, rng: RandomSource
    ) -> None:
        """Fit first values, once drawn, to a sample of the layer's input.

        Parameters
        ----------
        params : sequence of ndarray
            Views of this layer's coefficients and intercepts, changed in place.
        x : {ndarray, sparse matrix} of shape (n_rows, fan_in)
            The sample: what the layers below make of some rows of the training data.
        rng : RandomState or Generator
            The source of random numbers.
        """

    @abstractmethod
    def make_buffers(
        self,
        n_rows: int,
        dtype: Any,
        *,
        training: bool,
        need_input_gradient: bool,
        sparse_input: bool,
    ) -> Buffers:
        """Allocate what a pass over ``n_rows`` rows needs.

        Parameters
        ----------
        n_rows : int
            The most rows that will go through at once.
        dtype : dtype
            The type of the parameters and of all intermediate results.
        training : bool
            Whether there will be backward passes.
        need_input_gradient : bool
            Whether these will be asked for the input's gradient, see `backward`.
        sparse_input : bool
            Whether the input will be sparse.

        Returns
        -------
        buffers : dict of ndarray
            The arrays, by names of the layer's own.  The first axis of each is rows:
            for fewer rows, `forward` and `backward` get the head of it.
        """

    @abstractmethod
    def forward(
        self,
        params: Sequence[Array],
        x: Any,
        buffers: Buffers,
        noise: Noise | None,
    ) -> Any:
        """Return the output for the input ``x``, in one of the buffers.

        Parameters
        ----------
        params : sequence of ndarray
            Views of this layer's coefficients and intercepts.
        x : {ndarray, sparse matrix} of shape (n_rows, fan_in)
            The input.  Only the first layer with parameters and those below it may
            be given a sparse one.
        buffers : dict of ndarray
            This layer's buffers, cut to ``n_rows``.
        noise : Noise or None
            What a layer that is random while it trains draws from; None in a pass
            that only predicts.

        Returns
        -------
        output : {ndarray, sparse matrix} of shape (n_rows, fan_out)
            The output.  A layer with nothing to do may return ``x`` itself.
        """

    @abstractmethod
    def backward(
        self,
        params: Sequence[Array],
        grads: Sequence[Array],
        x: Any,
        delta: Array,
        buffers: Buffers,
        *,
        need_input_gradient: bool,
    ) -> Array | None:
        """Write the parameters' gradient and return the input's.

        Parameters
        ----------
        params : sequence of ndarray
            Views of this layer's coefficients and intercepts.
        grads : sequence of ndarray
            Views of their gradient, to be filled.
        x : {ndarray, sparse matrix} of shape (n_rows, fan_in)
            The input of the forward pass.
        delta : ndarray of shape (n_rows, fan_out)
            Gradient of the objective with respect to the output; destroyed.
        buffers : dict of ndarray
            The buffers that the forward pass filled; destroyed.
        need_input_gradient : bool
            False where no layer below has parameters.

        Returns
        -------
        delta_x : ndarray of shape (n_rows, fan_in) or None
            Gradient of the objective with respect to the input; None if it is not
            needed.
        """

    def constrain(self, params: Sequence[Array]) -> None:  # noqa: B027 - most do not
        """Put the parameters back into the set they are confined to, in place.

        Parameters
        ----------
        params : sequence of ndarray
            Views of this layer's coefficients and intercepts, as a step left them.
        """
