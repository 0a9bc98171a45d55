"""Dropout layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import check_number
from sknumpy_mlp.layers._base import Buffers, ElementwiseLayer, TrainingContext
from sknumpy_mlp.schedules import Constant, Schedule

_CONSTANT = Constant()


@dataclass(frozen=True)
class Dropout(ElementwiseLayer):
    r"""Dropout: sets a random fraction of the inputs to zero during training.

    .. math:: x_{ij} \leftarrow m_{ij}\, x_{ij} / (1 - p), \qquad
              P(m_{ij} = 0) = p, \; m_{ij} \in \{0, 1\}

    The division preserves the expectation, so that predictions use the input unchanged
    ("inverted" dropout) [1]_.

    Parameters
    ----------
    fan_in : int
        Number of columns of the input and of the output.
    rate : float
        The probability p that an input is dropped, in [0, 1).  It is rounded to a
        multiple of :math:`2^{-16}`.
    schedule : Schedule, default=Constant()
        Multiplies the rate by a function of the training progress.

    References
    ----------
    .. [1] N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov,
       "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15,
       2014.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.layers import Dropout, TrainingContext
    >>> layer, x = Dropout(8, rate=0.5), np.ones((1, 8))
    >>> needs = {"need_input_gradient": True, "sparse_input": False}
    >>> buffers = layer.make_buffers(1, float, training=True, **needs)
    >>> layer.forward([], x, buffers, TrainingContext(np.random.default_rng(3)))
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
    def is_random(self) -> bool:
        """Always True, since a new mask is drawn for each batch."""
        return True

    def make_buffers(
        self,
        n_rows: int,
        dtype: Any,
        *,
        training: bool,
        need_input_gradient: bool,
        sparse_input: bool,
    ) -> Buffers:
        """Allocate the mask and the masked input, for training on dense input."""
        if not training or sparse_input:
            return {}
        shape = (n_rows, self.fan_in)
        return {"mask": np.empty(shape, dtype), "x": np.empty(shape, dtype)}

    def forward(
        self,
        params: Sequence[Array],
        x: Any,
        buffers: Buffers,
        context: TrainingContext | None,
    ) -> Any:
        """Return the masked input or, without a context, the input itself."""
        if context is None:
            if "mask" in buffers:
                buffers["mask"].fill(1.0)
            return x
        # 16 random bits per value take a quarter of the time of random floats.  The
        # scale follows from the rounded threshold.
        rate = self.rate * self.schedule(context.progress)
        threshold = min(round(rate * 2**16), 2**16 - 1)
        scale = 2**16 / (2**16 - threshold)
        values = x if isinstance(x, np.ndarray) else x.data
        words = _random_words(context.rng, -(-values.size // 4))
        bits = words.view(np.uint16)[: values.size].reshape(values.shape)
        kept = np.greater_equal(bits, np.uint16(threshold))
        if values is not x:
            masked = x.copy()  # the values that are not stored are zero anyway
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


def _random_words(rng: np.random.Generator, n: int) -> NDArray[np.uint64]:
    """Return n words of 64 random bits."""
    if isinstance(rng.bit_generator, np.random.MT19937):  # its raw words have 32 bits
        return rng.integers(0, 2**64, n, dtype=np.uint64)
    words: NDArray[np.uint64] = rng.bit_generator.random_raw(n)  # half of the time
    return words
