r"""Layers: the pieces a network is made of.

A layer is a frozen description.  It owns no arrays: the parameters and their gradient
are views into two flat vectors, the memory for intermediate results comes from the
workspace of the run, and both are handed to `Layer.forward` and `Layer.backward`.  So
a network pickles small, one network can run in several threads at once, and a
training step on dense data allocates next to nothing.

A layer's parameters come in two kinds.  *Coefficients* are penalised by ``alpha``;
*intercepts* are not.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from sknumpy_mlp._typing import Array, RandomSource, Shape
from sknumpy_mlp.activations import Activation, Identity
from sknumpy_mlp.initializers import Glorot, Initializer

__all__ = ["Buffers", "Dense", "Layer"]

#: The arrays a layer works in, by names of its own; the first axis is rows.
Buffers: TypeAlias = dict[str, Array]


class Layer(ABC):
    """Base class of layers.

    Attributes
    ----------
    fan_in, fan_out : int
        Number of columns of the input and of the output.
    """

    fan_in: int
    fan_out: int

    @property
    @abstractmethod
    def coef_shapes(self) -> tuple[Shape, ...]:
        """Shapes of the penalised parameters."""

    @property
    @abstractmethod
    def intercept_shapes(self) -> tuple[Shape, ...]:
        """Shapes of the other parameters."""

    @abstractmethod
    def init(self, params: Sequence[Array], rng: RandomSource) -> None:
        """Fill ``params`` (coefficients, then intercepts) with first values."""

    @abstractmethod
    def make_buffers(
        self, n_rows: int, dtype: Any, *, training: bool, need_input_gradient: bool
    ) -> Buffers:
        """Allocate what a pass over ``n_rows`` rows needs.

        With ``training=False`` there will be no backward pass;
        ``need_input_gradient`` is as in `backward`.
        """

    @abstractmethod
    def forward(self, params: Sequence[Array], x: Any, buffers: Buffers) -> Array:
        """Return the output for the input ``x``, in one of the buffers.

        Parameters
        ----------
        params : sequence of ndarray
            Views of this layer's coefficients and intercepts.
        x : {ndarray, sparse matrix} of shape (n_rows, fan_in)
            The input.  Only a first layer may be given a sparse one.
        buffers : dict of ndarray
            This layer's buffers, cut to ``n_rows``.
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
        params, grads : sequence of ndarray
            Views of this layer's parameters, and of their gradient (to be filled).
        x : {ndarray, sparse matrix} of shape (n_rows, fan_in)
            The input of the forward pass.
        delta : ndarray of shape (n_rows, fan_out)
            Gradient of the objective with respect to the output; destroyed.
        buffers : dict of ndarray
            The buffers that the forward pass filled; destroyed.
        need_input_gradient : bool
            False for the first layer, whose input is data; it returns None then.
        """


_LINEAR = Identity()
_GLOROT = Glorot()


@dataclass(frozen=True)
class Dense(Layer):
    r"""Every input feeds every output: :math:`a = f(x W + b)`.

    Backwards, with :math:`\delta_a` the gradient with respect to :math:`a`:

    .. math::

        \delta_z = \delta_a \odot f'(z), \qquad
        \nabla W = x^\top \delta_z, \qquad
        \nabla b = \mathbf{1}^\top \delta_z, \qquad
        \delta_x = \delta_z W^\top

    Parameters
    ----------
    fan_in, fan_out : int
        Number of inputs and of units.
    activation : Activation, default=Identity()
        The function :math:`f`.
    init_weights : callable, default=Glorot()
        Draws the first weights, see `sknumpy_mlp.initializers`.
    """

    fan_in: int
    fan_out: int
    activation: Activation = _LINEAR
    # How the weights were first drawn is no property of the trained layer: it is not
    # compared, and not pickled (a user's function may not even be picklable).
    init_weights: Initializer = field(default=_GLOROT, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        state.pop("init_weights", None)
        return state

    @property
    def coef_shapes(self) -> tuple[Shape, ...]:
        """Shape of W."""
        return ((self.fan_in, self.fan_out),)

    @property
    def intercept_shapes(self) -> tuple[Shape, ...]:
        """Shape of b."""
        return ((self.fan_out,),)

    def init(self, params: Sequence[Array], rng: RandomSource) -> None:
        """Draw W, then b."""
        W, b = params
        self._fill(W, self.init_weights(rng, self.fan_in, self.fan_out), "weights")
        draw_bias = getattr(self.init_weights, "bias", None)
        if callable(draw_bias):
            self._fill(b, draw_bias(rng, self.fan_in, self.fan_out), "biases")
        else:
            b[...] = 0.0

    def _fill(self, target: Array, values: Any, what: str) -> None:
        """Copy what an initialiser returned, once it is known to be usable."""
        drawn = np.asarray(values)
        if drawn.shape != target.shape:
            problem = f"returned {what} of shape {drawn.shape}"
        elif drawn.dtype.kind not in "biuf":
            problem = f"returned {what} of type {drawn.dtype}"
        elif not np.isfinite(drawn).all():
            problem = f"returned {what} that are infinite or NaN"
        else:
            target[...] = drawn
            return
        raise ValueError(
            f"init={self.init_weights!r} {problem} for fan_in={self.fan_in}, "
            f"fan_out={self.fan_out}; it must return finite real numbers in the shape "
            f"{target.shape}."
        )

    def make_buffers(
        self, n_rows: int, dtype: Any, *, training: bool, need_input_gradient: bool
    ) -> Buffers:
        """Allocate z, a and, for training, the input's gradient and a row of ones."""
        a = np.empty((n_rows, self.fan_out), dtype)
        shared = self.activation.from_output or not training
        buffers = {"a": a, "z": a if shared else np.empty_like(a)}
        if training:
            buffers["ones"] = np.ones(n_rows, dtype)
        if training and need_input_gradient:
            buffers["delta_x"] = np.empty((n_rows, self.fan_in), dtype)
        return buffers

    def forward(self, params: Sequence[Array], x: Any, buffers: Buffers) -> Array:
        """Return f(x W + b)."""
        W, b = params
        z, a = buffers["z"], buffers["a"]
        _matmul(x, W, z)
        z += b
        self.activation.forward(z, a)
        return a

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
        """Write the gradient of W and b; return the gradient of x."""
        grad_W, grad_b = grads
        self.activation.backward(buffers["z"], buffers["a"], delta)
        _matmul(x.T, delta, grad_W)
        # A product with ones is three times as fast as a sum over the rows.
        np.matmul(buffers["ones"], delta, out=grad_b)
        if not need_input_gradient:
            return None
        return np.matmul(delta, params[0].T, out=buffers["delta_x"])


def _matmul(A: Any, B: Array, out: Array) -> None:
    """``out[...] = A @ B`` for a dense or sparse ``A``."""
    if isinstance(A, np.ndarray):
        np.matmul(A, B, out=out)
    else:
        out[...] = A @ B
