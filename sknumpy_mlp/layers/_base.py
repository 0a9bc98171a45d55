"""The base class of layers and the arguments of their methods."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from sknumpy_mlp._utils.typing import Array, IntArray, RandomSource, Shape

#: A layer's preallocated arrays, by name; their first axis is that of the rows.
Buffers: TypeAlias = dict[str, Array]


@dataclass
class TrainingContext:
    """State of the training run that a forward pass may depend on.

    Parameters
    ----------
    rng : Generator
        The random number generator, for example for dropout masks.
    progress : float, default=0.0
        Training progress, from 0 to 1, for hyperparameters that follow a schedule.

    Examples
    --------
    A dropout rate that is annealed from 0.5 to zero:

    >>> import numpy as np
    >>> from sknumpy_mlp.layers import Dropout, TrainingContext
    >>> from sknumpy_mlp.schedules import Cosine
    >>> layer, x = Dropout(5, rate=0.5, schedule=Cosine()), np.ones((1, 5))
    >>> needs = {"need_input_gradient": True, "sparse_input": False}
    >>> buffers = layer.make_buffers(1, float, training=True, **needs)
    >>> context = TrainingContext(np.random.default_rng(3))
    >>> layer.forward([], x, buffers, context)
    array([[2., 2., 0., 0., 2.]])
    >>> context.progress = 1.0
    >>> layer.forward([], x, buffers, context)
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
    A custom layer without parameters or buffers:

    >>> import numpy as np
    >>> from sknumpy_mlp.layers import Layer
    >>> class Negative(Layer):
    ...     fan_in = fan_out = 2
    ...     def make_buffers(self, n_rows, dtype, **needs):
    ...         return {}
    ...     def forward(self, params, x, buffers, context):
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
        """Shapes of the penalized parameters; by default, there are none."""
        return ()

    @property
    def intercept_shapes(self) -> tuple[Shape, ...]:
        """Shapes of the other parameters; by default, there are none."""
        return ()

    @property
    def product_size(self) -> int:
        """Multiplications per row in the matrix product of a dense layer, else 0."""
        return 0

    @property
    def lr_multipliers(self) -> tuple[float, ...]:
        """Learning-rate multipliers, one for each array of parameters."""
        return (1.0,) * (len(self.coef_shapes) + len(self.intercept_shapes))

    def init(  # noqa: B027 - optional
        self, params: Sequence[Array], rng: RandomSource
    ) -> None:
        """Fill ``params`` with initial values.

        Parameters
        ----------
        params : sequence of ndarray
            Views of this layer's coefficients, then of its intercepts, to be filled.
        rng : RandomState or Generator
            The random number generator.
        """

    def init_from_data(  # noqa: B027 - optional
        self, params: Sequence[Array], X: Any, rows: IntArray | None = None
    ) -> None:
        """Adjust the initial values to the training data.

        It is called for the first layer of a network only.

        Parameters
        ----------
        params : sequence of ndarray
            Views of this layer's coefficients and intercepts, changed in place.
        X : {ndarray, sparse matrix} of shape (n_samples, fan_in)
            The training data.
        rows : ndarray of shape (n_rows,) or None, default=None
            The training rows of ``X``; None for all.
        """

    @property
    def is_random(self) -> bool:
        """Whether forward passes in training draw random numbers.

        If so, the context of `forward` in training has a random number generator.
        """
        return False

    @property
    def adapts(self) -> bool:
        """Whether `adapt` has an effect."""
        return False

    def adapt(  # noqa: B027 - optional
        self, params: Sequence[Array], x: Any, rng: RandomSource
    ) -> None:
        """Adjust the initial values to a sample of the layer's input.

        Parameters
        ----------
        params : sequence of ndarray
            Views of this layer's coefficients and intercepts, changed in place.
        x : {ndarray, sparse matrix} of shape (n_rows, fan_in)
            The output of the preceding layers for a sample of the training data.
        rng : RandomState or Generator
            The random number generator.
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
        """Allocate the arrays that `forward` and `backward` work in.

        Parameters
        ----------
        n_rows : int
            The largest batch size.
        dtype : dtype
            The type of the parameters and of all intermediate results.
        training : bool
            Whether there will be backward passes.
        need_input_gradient : bool
            Whether the backward passes have to return the gradient of the input.
        sparse_input : bool
            Whether the input is sparse.

        Returns
        -------
        buffers : dict of ndarray
            The arrays, with names that the layer chooses.  Their first axis is that of
            the rows; for smaller batches, `forward` and `backward` receive the first
            rows.
        """

    @abstractmethod
    def forward(
        self,
        params: Sequence[Array],
        x: Any,
        buffers: Buffers,
        context: TrainingContext | None,
    ) -> Any:
        """Return the output for the input ``x``, usually in one of the buffers.

        Parameters
        ----------
        params : sequence of ndarray
            Views of this layer's coefficients and intercepts.
        x : {ndarray, sparse matrix} of shape (n_rows, fan_in)
            The input.  It can be sparse only for the first layer with parameters and
            the layers before it.
        buffers : dict of ndarray
            The first ``n_rows`` rows of this layer's buffers.
        context : TrainingContext or None
            The random number generator and the training progress; None for
            predictions, after which `backward` may be called for their derivatives.

        Returns
        -------
        output : {ndarray, sparse matrix} of shape (n_rows, fan_out)
            The output, which may be ``x`` itself.
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
        """Write the gradient of the parameters, and return that of the input.

        Parameters
        ----------
        params : sequence of ndarray
            Views of this layer's coefficients and intercepts.
        grads : sequence of ndarray
            Views of their gradients, to be filled.
        x : {ndarray, sparse matrix} of shape (n_rows, fan_in)
            The input of the forward pass.
        delta : ndarray of shape (n_rows, fan_out)
            Gradient of the objective with respect to the output; may be overwritten.
        buffers : dict of ndarray
            The buffers, filled by the forward pass; may be overwritten.
        need_input_gradient : bool
            False in training if no preceding layer has parameters.

        Returns
        -------
        delta_x : ndarray of shape (n_rows, fan_in) or None
            Gradient of the objective with respect to the input; None if it is not
            needed.
        """

    def constrain(self, params: Sequence[Array]) -> None:  # noqa: B027 - optional
        """Project the parameters onto the layer's constraint set, in place.

        Parameters
        ----------
        params : sequence of ndarray
            Views of this layer's coefficients and intercepts after an optimizer step.
        """


class ElementwiseLayer(Layer):
    """Base class of layers whose output has the shape of their input."""

    @property
    def fan_out(self) -> int:  # type: ignore[override]
        """Number of columns of the output, the same as of the input."""
        return self.fan_in
