"""Dropout."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import check_number
from sknumpy_mlp.layers._base import Buffers, Layer, Noise
from sknumpy_mlp.schedules import Constant, Schedule

_CONSTANT = Constant()


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
