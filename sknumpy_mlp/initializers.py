"""Weight initialisation: how a layer's first weights are drawn.

An initialiser is a callable ``(rng, fan_in, fan_out) -> array of shape
(fan_in, fan_out)``, where ``rng`` is a `numpy.random.Generator` (for `Glorot`, under
the name ``"glorot"``, the `numpy.random.RandomState` that scikit-learn would draw
from, so that both packages start from the same numbers).  Biases start at zero unless
the initialiser also has a method ``bias(rng, fan_in, fan_out)``.

An initialiser with a method ``adapt(rng, W, b, x)`` is shown a sample of the layer's
input ``x``, shape (n_rows, fan_in), and may change both in place.  Networks that are
built for their data call it, see `DataDriven`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from sknumpy_mlp._utils.typing import Array, RandomSource
from sknumpy_mlp._utils.values import check_count, check_number

__all__ = [
    "INITIALIZERS",
    "DataDriven",
    "Glorot",
    "He",
    "Initializer",
    "InitializerName",
    "LeCun",
    "Normal",
]

#: What draws weights, for a number of inputs and one of units.
Initializer: TypeAlias = Callable[[RandomSource, int, int], Array]


@dataclass(frozen=True)
class Glorot:
    r"""Uniform on :math:`\pm\sqrt{factor / (fan_{in} + fan_{out})}`, biases too.

    The variance, ``factor / 3 / (fan_in + fan_out)``, is a compromise that keeps the
    scale of both the activations and the gradients from layer to layer [1]_.

    Parameters
    ----------
    factor : float, default=6.0
        Numerator under the root, more than 0.  6 is the paper's; scikit-learn takes 2
        for logistic units.

    References
    ----------
    .. [1] X. Glorot and Y. Bengio, "Understanding the difficulty of training deep
       feedforward neural networks", AISTATS 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.initializers import Glorot
    >>> W = Glorot()(np.random.default_rng(0), 100, 500)
    >>> print(f"up to {abs(W).max():.3f}")  # the root of 6 / 600
    up to 0.100
    """

    factor: float = 6.0

    def __post_init__(self) -> None:
        check_number(self, "factor", 0.0, closed="neither")

    def __call__(self, rng: RandomSource, fan_in: int, fan_out: int) -> Array:
        """Draw the weights, shape (fan_in, fan_out)."""
        bound = self._bound(fan_in, fan_out)
        return rng.uniform(-bound, bound, (fan_in, fan_out))

    def bias(self, rng: RandomSource, fan_in: int, fan_out: int) -> Array:
        """Draw the biases, from the distribution of the weights.

        Parameters
        ----------
        rng : RandomState or Generator
            The source of random numbers.
        fan_in : int
            Number of inputs of the layer.
        fan_out : int
            Number of its units.

        Returns
        -------
        b : ndarray of shape (fan_out,)
            The biases.
        """
        bound = self._bound(fan_in, fan_out)
        return rng.uniform(-bound, bound, fan_out)

    def _bound(self, fan_in: int, fan_out: int) -> float:
        return math.sqrt(self.factor / (fan_in + fan_out))


@dataclass(frozen=True)
class Normal:
    """Normal with mean zero and a fixed standard deviation [1]_.

    Layers of different widths then pass signals on at different scales, which the
    initialisers that look at the width avoid.

    Parameters
    ----------
    std : float, default=0.01
        Standard deviation, the same for every layer; at least 0.

    References
    ----------
    .. [1] A. Krizhevsky, I. Sutskever and G. E. Hinton, "ImageNet Classification with
       Deep Convolutional Neural Networks", NIPS 2012, section 5, with 0.01.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.initializers import Normal
    >>> W = Normal(std=0.01)(np.random.default_rng(0), 784, 100)
    >>> round(float(W.std()), 3)
    0.01
    """

    std: float = 0.01

    def __post_init__(self) -> None:
        check_number(self, "std", 0.0)

    def __call__(self, rng: RandomSource, fan_in: int, fan_out: int) -> Array:
        """Draw the weights, shape (fan_in, fan_out)."""
        return rng.normal(0.0, self.std, (fan_in, fan_out))


@dataclass(frozen=True)
class He:
    r"""Normal with variance :math:`2 / fan_{in}`, made for rectified units.

    Such units pass half of the variance on, which the factor 2 makes up for [1]_.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Delving Deep into Rectifiers:
       Surpassing Human-Level Performance on ImageNet Classification", ICCV 2015,
       arXiv:1502.01852.

    Examples
    --------
    Inputs of unit mean square come out of a rectified layer with unit mean square:

    >>> import numpy as np
    >>> from sknumpy_mlp.initializers import He
    >>> rng = np.random.default_rng(0)
    >>> W, x = He()(rng, 500, 2000), np.ones((1, 500))
    >>> print(f"{W.var():.4f}, {np.mean(np.maximum(x @ W, 0.0) ** 2):.1f}")
    0.0040, 1.0
    """

    def __call__(self, rng: RandomSource, fan_in: int, fan_out: int) -> Array:
        """Draw the weights, shape (fan_in, fan_out)."""
        return rng.normal(0.0, math.sqrt(2.0 / fan_in), (fan_in, fan_out))


@dataclass(frozen=True)
class LeCun:
    r"""Normal with variance :math:`1 / fan_{in}`: unit variance stays unit.

    That is so for linear units with independent inputs [1]_.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller, "Efficient BackProp", in
       Neural Networks: Tricks of the Trade, 1998, doi:10.1007/3-540-49430-8_2.

    Examples
    --------
    >>> import numpy as np
    >>> from sknumpy_mlp.initializers import LeCun
    >>> rng = np.random.default_rng(0)
    >>> W, x = LeCun()(rng, 500, 2000), np.ones((1, 500))
    >>> print(f"{W.var():.4f}, {np.mean((x @ W) ** 2):.1f}")  # 1 / 500, and as x
    0.0020, 1.0
    """

    def __call__(self, rng: RandomSource, fan_in: int, fan_out: int) -> Array:
        """Draw the weights, shape (fan_in, fan_out)."""
        return rng.normal(0.0, math.sqrt(1.0 / fan_in), (fan_in, fan_out))


@dataclass(frozen=True)
class DataDriven:
    r"""Normal weights, scaled so that each unit has unit variance on the data.

    After the layer below, with :math:`u = x W` on a sample of rows,

    .. math::

        W_{\cdot j} \leftarrow W_{\cdot j} / \operatorname{std}(u_j), \qquad
        b_j = -\sum_{k=1}^{m} w_k\, u_{r_k j} / \operatorname{std}(u_j)

    with m random rows :math:`r_k` and random weights :math:`w_k` that sum to one,
    drawn for each unit.  The bend of each unit thus lies inside the data [1]_.

    Without data it is `LeCun`, with biases of zero.

    Parameters
    ----------
    n_rows_bias : int, default=5
        The number m of rows that a bias is a mean of, at least 1.

    References
    ----------
    .. [1] D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong
       Pre-Tuned MLPs and Boosted Trees on Tabular Data", NeurIPS 2024,
       arXiv:2407.04491 ("he+5"); I. Steinwart, "A Sober Look at Neural Network
       Initializations", 2019, arXiv:1903.11482.

    Examples
    --------
    Whatever the scale of the data, units see unit variance, and zero is among what they
    see:

    >>> import numpy as np
    >>> from sknumpy_mlp.initializers import DataDriven
    >>> rng, init = np.random.default_rng(0), DataDriven()
    >>> x = rng.normal(50.0, 7.0, (200, 3))
    >>> W, b = init(rng, 3, 4), np.zeros(4)
    >>> init.adapt(rng, W, b, x)
    >>> z = x @ W + b
    >>> z.std(axis=0).round(6)
    array([1., 1., 1., 1.])
    >>> bool((z.min(axis=0) < 0.0).all() and (z.max(axis=0) > 0.0).all())
    True
    """

    n_rows_bias: int = 5

    def __post_init__(self) -> None:
        check_count(self, "n_rows_bias")

    def __call__(self, rng: RandomSource, fan_in: int, fan_out: int) -> Array:
        """Draw the weights, shape (fan_in, fan_out)."""
        return LeCun()(rng, fan_in, fan_out)

    def adapt(self, rng: RandomSource, W: Array, b: Array, x: Array) -> None:
        """Scale the weights and place the biases by a sample of the input.

        Parameters
        ----------
        rng : RandomState or Generator
            The source of random numbers.
        W : ndarray of shape (fan_in, fan_out)
            The weights as drawn, changed in place.
        b : ndarray of shape (fan_out,)
            The biases, overwritten.
        x : ndarray of shape (n_rows, fan_in)
            The sample.
        """
        u = x @ W
        std = u.std(axis=0)
        # A unit that is constant on the data, but for rounding, stays as it is.
        rounding = 100.0 * float(np.finfo(u.dtype).eps) * np.abs(u).max(axis=0)
        std[std <= rounding] = 1.0
        W /= std
        u /= std
        n_units = len(b)
        rows = rng.choice(len(u), (self.n_rows_bias, n_units))
        shares = rng.exponential(size=(self.n_rows_bias, n_units))
        shares /= shares.sum(axis=0)
        b[...] = -(shares * u[rows, np.arange(n_units)]).sum(axis=0)


#: The names of `INITIALIZERS`, to annotate variables with.
InitializerName: TypeAlias = Literal["glorot", "he", "lecun", "data"]

#: The initialisers that the estimators know by name.
INITIALIZERS: dict[str, Initializer] = {
    "glorot": Glorot(),
    "he": He(),
    "lecun": LeCun(),
    "data": DataDriven(),
}
