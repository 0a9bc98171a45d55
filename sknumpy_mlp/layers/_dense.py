"""Dense (fully connected) layers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import Array, RandomSource, Shape
from sknumpy_mlp.activations import Activation, Identity
from sknumpy_mlp.initializers import Glorot, Initializer
from sknumpy_mlp.layers._base import Buffers, Layer, TrainingContext

_LINEAR = Identity()
_GLOROT = Glorot()


@dataclass(frozen=True)
class Dense(Layer):
    r"""A dense (fully connected) layer: :math:`a = f(x W + b)`.

    Backward, with :math:`\delta_a` the gradient with respect to :math:`a`:

    .. math::

        \delta_z = \delta_a \odot f'(z), \qquad
        \nabla W = x^\top \delta_z, \qquad
        \nabla b = \mathbf{1}^\top \delta_z, \qquad
        \delta_x = \delta_z W^\top

    Parameters
    ----------
    fan_in : int
        Number of inputs.
    fan_out : int
        Number of units.
    activation : Activation, default=Identity()
        The function :math:`f`.
    init_weights : callable, default=Glorot()
        Draws the initial weights, see `sknumpy_mlp.initializers`.
    max_norm : float or None, default=None
        Max-norm constraint: the upper bound on the Euclidean norm of the incoming
        weights of each unit, which are the columns of W.  Columns with a larger norm
        are rescaled to it after each step [1]_.
    lr_multipliers : tuple of two floats, default=(1.0, 1.0)
        Learning-rate multipliers of W and of b.

    References
    ----------
    .. [1] N. Srebro and A. Shraibman, "Rank, Trace-Norm and Max-Norm", COLT 2005; for
       networks with dropout, Srivastava et al. 2014, see `Dropout`.

    Examples
    --------
    The second unit's pre-activation is 2 - 40, so that its output and its gradient are
    zero:

    >>> import numpy as np
    >>> from sknumpy_mlp.activations import ReLU
    >>> from sknumpy_mlp.layers import Dense
    >>> layer, x = Dense(2, 2, ReLU()), np.array([[1.0, 10.0]])
    >>> W, b = np.array([[1.0, 2.0], [3.0, -4.0]]), np.array([0.5, 0.0])
    >>> grads, delta = [np.empty_like(W), np.empty_like(b)], np.ones((1, 2))
    >>> needs = {"need_input_gradient": True, "sparse_input": False}
    >>> buffers = layer.make_buffers(1, float, training=True, **needs)
    >>> layer.forward([W, b], x, buffers, None)
    array([[31.5,  0. ]])
    >>> layer.backward([W, b], grads, x, delta, buffers, need_input_gradient=True)
    array([[1., 3.]])
    >>> grads
    [array([[ 1.,  0.], [10.,  0.]]), array([1., 0.])]
    """

    fan_in: int
    fan_out: int
    activation: Activation = _LINEAR
    # The initializer has no effect on a trained layer.  It is neither compared nor
    # pickled: custom functions may not be picklable.
    init_weights: Initializer = field(default=_GLOROT, repr=False, compare=False)
    max_norm: float | None = None
    lr_multipliers: tuple[float, float] = (1.0, 1.0)

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

    @property
    def product_size(self) -> int:
        """Number of weights."""
        return self.fan_in * self.fan_out

    def init(self, params: Sequence[Array], rng: RandomSource) -> None:
        """Initialize W, then b."""
        W, b = params
        self._fill(W, self.init_weights(rng, self.fan_in, self.fan_out), "weights")
        draw_bias = getattr(self.init_weights, "bias", None)
        if callable(draw_bias):
            self._fill(b, draw_bias(rng, self.fan_in, self.fan_out), "biases")
        else:
            b[...] = 0.0

    @property
    def adapts(self) -> bool:
        """Whether the initializer is data-dependent."""
        return callable(getattr(self.init_weights, "adapt", None))

    def adapt(self, params: Sequence[Array], x: Any, rng: RandomSource) -> None:
        """Call the initializer's ``adapt``, if it is data-dependent."""
        if self.adapts:
            self.init_weights.adapt(rng, *params, x)  # type: ignore[attr-defined]

    def _fill(self, target: Array, values: Any, what: str) -> None:
        """Validate values that an initializer returned, and copy them."""
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
        self,
        n_rows: int,
        dtype: Any,
        *,
        training: bool,
        need_input_gradient: bool,
        sparse_input: bool,
    ) -> Buffers:
        """Allocate z, a and, for training, the input's gradient and ones."""
        a = np.empty((n_rows, self.fan_out), dtype)
        shared = self.activation.from_output
        buffers = {"a": a, "z": a if shared else np.empty_like(a)}
        if training:
            buffers["ones"] = np.ones(n_rows, dtype)
        if training and need_input_gradient:
            buffers["delta_x"] = np.empty((n_rows, self.fan_in), dtype)
        return buffers

    def forward(
        self,
        params: Sequence[Array],
        x: Any,
        buffers: Buffers,
        context: TrainingContext | None,
    ) -> Array:
        """Return f(x W + b)."""
        W, b = params
        z, a = buffers["z"], buffers["a"]
        _matmul(x, W, z)
        z += b
        if "ones" in buffers and self.activation.keeps_derivative:
            self.activation.forward_with_derivative(z, a)
        else:
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
        if self.activation.keeps_derivative:
            delta *= buffers["z"]
        else:
            self.activation.backward(buffers["z"], buffers["a"], delta)
        _matmul(x.T, delta, grad_W)
        # A product with ones is three times as fast as a sum over the rows.
        np.dot(buffers["ones"], delta, out=grad_b)
        if not need_input_gradient:
            return None
        delta_x = buffers["delta_x"]
        _matmul(delta, params[0].T, delta_x)
        return delta_x

    def constrain(self, params: Sequence[Array]) -> None:
        """Rescale the columns of W whose norm exceeds ``max_norm`` to that norm."""
        if self.max_norm is None:
            return
        W = params[0]
        norms = np.sqrt(np.einsum("ij,ij->j", W, W))
        longest = norms.max()
        if longest > self.max_norm:
            W *= self.max_norm / np.maximum(norms, self.max_norm)


def _matmul(A: Any, B: Array, out: Array) -> None:
    """Compute ``out[...] = A @ B`` for a dense or sparse ``A``."""
    if isinstance(A, np.ndarray):
        # np.matmul does not use BLAS if a dimension is one (a single input or output,
        # a batch of one row), and takes five times as long.
        np.dot(A, B, out=out)
    else:
        out[...] = A @ B
