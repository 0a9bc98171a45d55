"""Layers."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

import numpy as np

from sknumpy_mlp._utils.gradients import find_wrong_derivative
from sknumpy_mlp._utils.typing import Array, RandomSource, Shape
from sknumpy_mlp._utils.values import check_number, shown
from sknumpy_mlp.activations import Activation, Identity
from sknumpy_mlp.initializers import Glorot, Initializer
from sknumpy_mlp.schedules import Constant, Schedule

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


_LINEAR = Identity()
_GLOROT = Glorot()
_CONSTANT = Constant()


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
    fan_in : int
        Number of inputs.
    fan_out : int
        Number of units.
    activation : Activation, default=Identity()
        The function :math:`f`.
    init_weights : callable, default=Glorot()
        Draws the first weights, see `sknumpy_mlp.initializers`.
    max_norm : float or None, default=None
        Upper bound on the Euclidean norm of the incoming weights of each unit, the
        columns of W.  A longer column is scaled back to it after each step [1]_.
    rate_factors : tuple of two floats, default=(1.0, 1.0)
        Factors on the learning rate of W and of b.

    References
    ----------
    .. [1] N. Srebro and A. Shraibman, "Rank, Trace-Norm and Max-Norm", COLT 2005; for
       networks with dropout, Srivastava et al. 2014, see `Dropout`.

    Examples
    --------
    The second unit's pre-activation is 2 - 40, so it is off, and learns nothing:

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
    # How the weights were first drawn is no property of the trained layer: it is not
    # compared, and not pickled (a user's function may not even be picklable).
    init_weights: Initializer = field(default=_GLOROT, repr=False, compare=False)
    max_norm: float | None = None
    rate_factors: tuple[float, float] = (1.0, 1.0)

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
        """Draw W, then b."""
        W, b = params
        self._fill(W, self.init_weights(rng, self.fan_in, self.fan_out), "weights")
        draw_bias = getattr(self.init_weights, "bias", None)
        if callable(draw_bias):
            self._fill(b, draw_bias(rng, self.fan_in, self.fan_out), "biases")
        else:
            b[...] = 0.0

    @property
    def adapts(self) -> bool:
        """Whether the initialiser looks at data."""
        return callable(getattr(self.init_weights, "adapt", None))

    def adapt(self, params: Sequence[Array], x: Any, rng: RandomSource) -> None:
        """Leave it to the initialiser, if it looks at data."""
        if self.adapts:
            self.init_weights.adapt(rng, *params, x)  # type: ignore[attr-defined]

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
        self,
        n_rows: int,
        dtype: Any,
        *,
        training: bool,
        need_input_gradient: bool,
        sparse_input: bool,
    ) -> Buffers:
        """Allocate z, a and, for training, the input's gradient and a row of ones."""
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
        noise: Noise | None,
    ) -> Array:
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
        np.dot(buffers["ones"], delta, out=grad_b)
        if not need_input_gradient:
            return None
        delta_x = buffers["delta_x"]
        _matmul(delta, params[0].T, delta_x)
        return delta_x

    def constrain(self, params: Sequence[Array]) -> None:
        """Scale columns of W that are longer than ``max_norm`` back to it."""
        if self.max_norm is None:
            return
        W = params[0]
        norms = np.sqrt(np.einsum("ij,ij->j", W, W))
        longest = norms.max()
        if longest > self.max_norm:
            W *= self.max_norm / np.maximum(norms, self.max_norm)


@dataclass(frozen=True)
class Dropout(Layer):
    r"""Sets a random share of its input to zero while the network trains.

    .. math:: x_{ij} \leftarrow m_{ij}\, x_{ij} / (1 - p), \qquad
              P(m_{ij} = 0) = p, \; m_{ij} \in \{0, 1\}

    The division keeps the expectation, so that a pass that only predicts leaves its
    input as it is ("inverted" dropout) [1]_.

    Parameters
    ----------
    fan_in : int
        Number of columns, of the input as of the output.
    rate : float
        The share p, in [0, 1).  It is rounded to a multiple of :math:`2^{-16}`.
    schedule : Schedule, default=Constant()
        Factor on the rate over the run.

    References
    ----------
    .. [1] N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov,
       "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15,
       2014.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.layers import Dropout, Noise
    >>> layer, x = Dropout(8, rate=0.5), np.ones((1, 8))
    >>> needs = {"need_input_gradient": True, "sparse_input": False}
    >>> buffers = layer.make_buffers(1, float, training=True, **needs)
    >>> layer.forward([], x, buffers, Noise(np.random.default_rng(3)))
    array([[2., 2., 0., 0., 2., 0., 2., 0.]])
    >>> layer.forward([], x, buffers, None)  # a prediction
    array([[1., 1., 1., 1., 1., 1., 1., 1.]])
    """

    fan_in: int
    rate: float
    schedule: Schedule = _CONSTANT

    def __post_init__(self) -> None:
        check_number(self, "rate", 0.0, 1.0)

    @property
    def fan_out(self) -> int:  # type: ignore[override]
        """As many columns as came in."""
        return self.fan_in

    def make_buffers(
        self,
        n_rows: int,
        dtype: Any,
        *,
        training: bool,
        need_input_gradient: bool,
        sparse_input: bool,
    ) -> Buffers:
        """Allocate, for training on dense data, a mask and the masked input."""
        if not training or sparse_input:
            return {}
        shape = (n_rows, self.fan_in)
        return {"mask": np.empty(shape, dtype), "x": np.empty(shape, dtype)}

    def forward(
        self,
        params: Sequence[Array],
        x: Any,
        buffers: Buffers,
        noise: Noise | None,
    ) -> Any:
        """Return the masked input; without ``noise``, the input."""
        if noise is None:
            return x
        # Sixteen random bits decide on a number: a quarter of the time of drawing
        # floats.  The share that is kept follows from the rounded threshold.
        rate = self.rate * self.schedule(noise.progress)
        threshold = min(round(rate * 2**16), 2**16 - 1)
        scale = 2**16 / (2**16 - threshold)
        values = x if isinstance(x, np.ndarray) else x.data
        words = noise.rng.integers(0, 2**64, -(-values.size // 4), dtype=np.uint64)
        bits = words.view(np.uint16)[: values.size].reshape(values.shape)
        kept = np.greater_equal(bits, np.uint16(threshold))
        if values is not x:
            masked = x.copy()  # only what is stored can be lost: the rest is zero
            masked.data *= kept
            masked.data *= scale
            return masked
        mask = np.multiply(kept, x.dtype.type(scale), out=buffers["mask"])
        return np.multiply(x, mask, out=buffers["x"])

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
        """Return the gradient of x, zero where x was dropped."""
        if not need_input_gradient:
            return None
        delta *= buffers["mask"]
        return delta


@dataclass(frozen=True)
class Scaling(Layer):
    r"""Every input times a factor that is learnt: :math:`a_{ij} = s_j x_{ij}`.

    The factors, which begin at one, are a soft selection of features: with a large
    learning rate they find out which inputs matter long before the weights would.

    Parameters
    ----------
    fan_in : int
        Number of columns, of the input as of the output.
    rate_factor : float, default=1.0
        Factor on the learning rate.

    References
    ----------
    D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong Pre-Tuned
    MLPs and Boosted Trees on Tabular Data", NeurIPS 2024, arXiv:2407.04491.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.layers import Scaling
    >>> layer, s = Scaling(2), np.array([3.0, 0.5])
    >>> x, delta = np.array([[1.0, 10.0], [2.0, 20.0]]), np.ones((2, 2))
    >>> needs = {"need_input_gradient": False, "sparse_input": False}
    >>> buffers, grads = layer.make_buffers(2, float, training=True, **needs), [0.0 * s]
    >>> layer.forward([s], x, buffers, None)
    array([[ 3.,  5.], [ 6., 10.]])
    >>> layer.backward([s], grads, x, delta, buffers, need_input_gradient=False)
    >>> grads  # sums over the rows
    [array([ 3., 30.])]
    """

    fan_in: int
    rate_factor: float = 1.0

    @property
    def fan_out(self) -> int:  # type: ignore[override]
        """As many columns as came in."""
        return self.fan_in

    @property
    def coef_shapes(self) -> tuple[Shape, ...]:
        """Shape of s."""
        return ((self.fan_in,),)

    @property
    def rate_factors(self) -> tuple[float, ...]:
        """The factor for s."""
        return (self.rate_factor,)

    def init(self, params: Sequence[Array], rng: RandomSource) -> None:
        """Set all factors to one."""
        params[0][...] = 1.0

    def make_buffers(
        self,
        n_rows: int,
        dtype: Any,
        *,
        training: bool,
        need_input_gradient: bool,
        sparse_input: bool,
    ) -> Buffers:
        """Allocate a."""
        return {"a": np.empty((n_rows, self.fan_in), dtype)}

    def forward(
        self,
        params: Sequence[Array],
        x: Any,
        buffers: Buffers,
        noise: Noise | None,
    ) -> Array:
        """Return s x."""
        a = buffers["a"]
        np.multiply(x, params[0], out=a)
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
        """Write the gradient of s; return the gradient of x."""
        np.einsum("ij,ij->j", x, delta, out=grads[0])
        if not need_input_gradient:
            return None
        delta *= params[0]
        return delta


@dataclass(frozen=True)
class Parametric(Layer):
    r"""An activation that each unit takes as much of as it likes.

    .. math:: a_{ij} = z_{ij} + p_j\,(f(z_{ij}) - z_{ij})

    The shares p begin at one, the plain activation.  They are no weights, and are not
    penalised.

    Parameters
    ----------
    fan_in : int
        Number of units.
    activation : Activation
        The function :math:`f`.
    rate_factor : float, default=1.0
        Factor on the learning rate.

    References
    ----------
    D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong Pre-Tuned
    MLPs and Boosted Trees on Tabular Data", NeurIPS 2024, arXiv:2407.04491.

    Examples
    --------
    A linear unit, a rectifier, and one on the way from the first to the second:

    >>> import numpy as np
    >>> from sknumpy_mlp.activations import ReLU
    >>> from sknumpy_mlp.layers import Parametric
    >>> layer, p = Parametric(3, ReLU()), np.array([0.0, 1.0, 0.75])
    >>> z, delta, grads = np.full((1, 3), -4.0), np.ones((1, 3)), [np.empty(3)]
    >>> needs = {"need_input_gradient": True, "sparse_input": False}
    >>> buffers = layer.make_buffers(1, float, training=True, **needs)
    >>> layer.forward([p], z, buffers, None)
    array([[-4.,  0., -1.]])
    >>> layer.backward([p], grads, z, delta, buffers, need_input_gradient=True)
    array([[1.  , 0.  , 0.25]])
    >>> grads  # f(z) - z
    [array([4., 4., 4.])]
    """

    fan_in: int
    activation: Activation
    rate_factor: float = 1.0

    @property
    def fan_out(self) -> int:  # type: ignore[override]
        """As many columns as came in."""
        return self.fan_in

    @property
    def intercept_shapes(self) -> tuple[Shape, ...]:
        """Shape of p."""
        return ((self.fan_in,),)

    @property
    def rate_factors(self) -> tuple[float, ...]:
        """The factor for p."""
        return (self.rate_factor,)

    def init(self, params: Sequence[Array], rng: RandomSource) -> None:
        """Set all shares to one."""
        params[0][...] = 1.0

    def make_buffers(
        self,
        n_rows: int,
        dtype: Any,
        *,
        training: bool,
        need_input_gradient: bool,
        sparse_input: bool,
    ) -> Buffers:
        """Allocate f(z), a, and for training two arrays to work in."""
        names = ("f", "a", "bend", "delta_f") if training else ("f", "a")
        return {name: np.empty((n_rows, self.fan_in), dtype) for name in names}

    def forward(
        self,
        params: Sequence[Array],
        x: Any,
        buffers: Buffers,
        noise: Noise | None,
    ) -> Array:
        """Return z + p (f(z) - z)."""
        f, a = buffers["f"], buffers["a"]
        if self.activation.from_output:
            np.copyto(f, x)
            self.activation.forward(f, f)
        else:
            self.activation.forward(x, f)
        bend = buffers.get("bend", a)
        np.subtract(f, x, out=bend)
        np.multiply(bend, params[0], out=a)
        a += x
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
        """Write the gradient of p; return the gradient of z."""
        share = params[0]
        np.einsum("ij,ij->j", buffers["bend"], delta, out=grads[0])
        if not need_input_gradient:
            return None
        delta_f, f = buffers["delta_f"], buffers["f"]
        np.multiply(delta, share, out=delta_f)
        delta -= delta_f
        if self.activation.from_output:
            self.activation.backward(f, f, delta_f)
        else:
            np.copyto(buffers["bend"], x)  # the input is not ours to destroy
            self.activation.backward(buffers["bend"], f, delta_f)
        delta += delta_f
        return delta


def _matmul(A: Any, B: Array, out: Array) -> None:
    """``out[...] = A @ B`` for a dense or sparse ``A``."""
    if isinstance(A, np.ndarray):
        # Not np.matmul, which keeps products with an inner dimension of one (a single
        # output or input, a batch of one row) from BLAS and takes five times as long.
        np.dot(A, B, out=out)
    else:
        out[...] = A @ B


# --------------------------------------------------------------- checks of a layer

# Rows to try a layer on, and those that its buffers have room for: the last batch of an
# epoch is shorter than the others.
_N_ROWS, _N_ROWS_OF_BUFFERS = 5, 7
_N_DERIVATIVES = 200


def check_layer(layer: Layer, X: Any = None) -> None:
    """Check that a custom layer does what a network relies on.

    On a small batch, in float32 and in float64, it checks that

    - `Layer.init` fills all parameters, and there is a factor on the learning rate for
      each of them;
    - `Layer.forward` returns finite numbers of the right shape and type, and changes
      neither its input nor the parameters; likewise without `Noise`, for predictions;
    - `Layer.backward` writes the gradient of all parameters and returns that of the
      input, which agree with central differences.  At a kink every slope between those
      on its two sides is right.

    Layers that are random draw from the same random stream in all calls.

    Parameters
    ----------
    layer : Layer
        The layer, an object.
    X : array-like of shape (n_rows, fan_in), default=None
        Inputs to try it on, for a layer that does not take any numbers; of these, a few
        rows.  None draws standard normal numbers.

    Raises
    ------
    TypeError
        If ``layer`` is not a layer.
    ValueError
        If it fails a check.  The message says which one and where: for a gradient, the
        array and the index, the derivative and the central difference.

    See Also
    --------
    sknumpy_mlp.losses.check_loss : Checks a custom loss.
    sknumpy_mlp.activations.check_activation : Checks a custom activation.

    Examples
    --------
    >>> from sknumpy_mlp.layers import Scaling, check_layer
    >>> check_layer(Scaling(3))  # no error
    >>> class Forgetful(Scaling):
    ...     def backward(self, params, grads, x, delta, buffers, **needs):
    ...         super().backward(params, grads, x, delta, buffers, **needs)
    ...         return delta / params[0]
    >>> check_layer(Forgetful(3))
    Traceback (most recent call last):
        ...
    ValueError: layer=Forgetful(fan_in=3, rate_factor=1.0): backward returns a wrong ...
    """
    if not isinstance(layer, Layer):
        raise TypeError(
            f"layer must be an object of a subclass of Layer, got {shown(layer)}."
        )
    rng = np.random.default_rng(0)
    if X is None:
        x = rng.normal(size=(_N_ROWS, layer.fan_in))
    else:
        x = np.array(X, np.float64)[:_N_ROWS]
        if x.ndim != 2 or not len(x) or x.shape[1] != layer.fan_in:
            raise ValueError(
                f"X must have the shape (n_rows, {layer.fan_in}), as layer={layer!r} "
                f"has fan_in={layer.fan_in}; got the shape {np.shape(X)}."
            )
    with np.errstate(all="ignore"):
        trial = _Trial(layer, x, rng)
        for dtype in (np.float64, np.float32):
            trial.check_values(dtype)
        trial.check_gradients()


class _Trial:
    """A layer, with parameters and an input to try it on, in float64.

    Parameters
    ----------
    layer : Layer
        The layer.
    x : ndarray of shape (n_rows, fan_in)
        The input.
    rng : Generator
        Draws parameters and what the output is multiplied by, to have a number.
    """

    def __init__(self, layer: Layer, x: Array, rng: np.random.Generator) -> None:
        self._layer = layer
        self._x = x
        shapes = (*layer.coef_shapes, *layer.intercept_shapes)
        self._params = [np.full(shape, np.nan) for shape in shapes]
        layer.init(self._params, rng)
        for i, param in enumerate(self._params):
            if not np.isfinite(param).all():
                self._fail(f"init must fill params[{i}] with finite numbers.")
            param += 0.1 * rng.normal(size=param.shape)  # away from ones and zeros
        if len(layer.rate_factors) != len(shapes):
            self._fail(
                f"rate_factors={layer.rate_factors} must have a number for each of the "
                f"{len(shapes)} arrays of parameters."
            )
        self._weights = rng.normal(size=(len(x), layer.fan_out))

    def _fail(self, problem: str) -> NoReturn:
        raise ValueError(f"layer={self._layer!r}: {problem}")

    def _make_buffers(self, dtype: Any, *, need_input_gradient: bool) -> Buffers:
        buffers = self._layer.make_buffers(
            max(_N_ROWS_OF_BUFFERS, len(self._x)),
            dtype,
            training=True,
            need_input_gradient=need_input_gradient,
            sparse_input=False,
        )
        return {name: array[: len(self._x)] for name, array in buffers.items()}

    def _forward(
        self, params: Sequence[Array], x: Array, buffers: Buffers, *, predicts: bool
    ) -> Array:
        """Return the output, once its shape and type are known to be right."""
        noise = None if predicts else Noise(np.random.default_rng(2), progress=0.5)
        given = [array.copy() for array in (x, *params)]
        output: Any = self._layer.forward(params, x, buffers, noise)
        expected = (len(x), self._layer.fan_out)
        if np.shape(output) != expected:
            self._fail(
                f"forward must return the shape (n_rows, fan_out), {expected} for "
                f"{len(x)} rows, got {np.shape(output)}."
            )
        if output.dtype != x.dtype:
            self._fail(f"forward returns {output.dtype} for an input of {x.dtype}.")
        self._require_unchanged("forward", given, x, params)
        return np.array(output)

    def _backward(
        self, params: Sequence[Array], x: Array, *, need_input_gradient: bool
    ) -> tuple[list[Array], Array | None]:
        """Return the gradients of parameters and input, of the right shape and type."""
        buffers = self._make_buffers(x.dtype, need_input_gradient=need_input_gradient)
        self._forward(params, x, buffers, predicts=False)
        given = [array.copy() for array in (x, *params)]
        grads = [np.full_like(param, np.nan) for param in params]
        delta_x: Any = self._layer.backward(
            params,
            grads,
            x,
            self._weights.astype(x.dtype),
            buffers,
            need_input_gradient=need_input_gradient,
        )
        self._require_unchanged("backward", given, x, params)
        if not need_input_gradient:
            return grads, None
        if np.shape(delta_x) != x.shape or delta_x.dtype != x.dtype:
            found = getattr(delta_x, "dtype", type(delta_x).__name__)
            self._fail(
                f"backward must return the gradient of the input, of the shape "
                f"{x.shape} and type {x.dtype}, got {np.shape(delta_x)} and {found}."
            )
        return grads, np.array(delta_x)

    def _require_unchanged(
        self, method: str, given: Sequence[Array], x: Array, params: Sequence[Array]
    ) -> None:
        names = ("x", *(f"params[{i}]" for i in range(len(params))))
        for name, before, after in zip(names, given, (x, *params), strict=True):
            if not np.array_equal(before, after):
                self._fail(f"{method} changes {name}. Work on a buffer or a copy.")

    def check_values(self, dtype: Any) -> None:
        """Raise ValueError unless all that the layer computes is finite in a type."""
        params, x = [p.astype(dtype) for p in self._params], self._x.astype(dtype)
        found: dict[str, Array] = {}
        for predicts in (False, True):
            buffers = self._make_buffers(dtype, need_input_gradient=True)
            found["the output"] = self._forward(params, x, buffers, predicts=predicts)
            self._require_finite(found, dtype)
        grads, delta_x = self._backward(params, x, need_input_gradient=True)
        same, _ = self._backward(params, x, need_input_gradient=False)
        for i, (grad, again) in enumerate(zip(grads, same, strict=True)):
            found[f"grads[{i}]"] = grad
            if not np.allclose(grad, again, rtol=1e-3, atol=1e-5, equal_nan=True):
                self._fail(f"backward must fill grads[{i}] without delta_x as with it.")
        assert delta_x is not None
        self._require_finite(found | {"delta_x": delta_x}, dtype)

    def _require_finite(self, found: dict[str, Array], dtype: Any) -> None:
        for name, values in found.items():
            if not np.isfinite(values).all():
                self._fail(
                    f"{name} must be filled with finite numbers, which it is not in "
                    f"{np.dtype(dtype)}."
                )

    def check_gradients(self) -> None:
        """Raise ValueError if `backward` disagrees with central differences."""
        grads, delta_x = self._backward(self._params, self._x, need_input_gradient=True)
        assert delta_x is not None
        self._compare("returns", "delta_x", self._x, delta_x)
        for i, (param, grad) in enumerate(zip(self._params, grads, strict=True)):
            self._compare("writes", f"grads[{i}]", param, grad)

    def _compare(self, verb: str, name: str, at: Array, gradient: Array) -> None:
        """Compare a gradient with central differences, ``at`` x or a parameter."""

        def terms(moved: Array) -> Array:
            x = moved if at is self._x else self._x
            params = [moved if at is param else param for param in self._params]
            buffers = self._make_buffers(np.float64, need_input_gradient=True)
            return self._weights * self._forward(params, x, buffers, predicts=False)

        wrong = find_wrong_derivative(terms, at, gradient, most=_N_DERIVATIVES)
        if wrong is not None:
            index = ", ".join(str(i) for i in wrong.index)
            self._fail(
                f"backward {verb} a wrong gradient. {name}[{index}] is "
                f"{wrong.analytic:.6g}, but central differences of the output give "
                f"{wrong.numeric:.6g}; {wrong.summary}."
            )
