r"""Weight initialization.

Estimators accept names of initializers and callables, such as ``init=Normal(0.01)``:

- ``'glorot'``, `Glorot`: uniform on :math:`\pm\sqrt{6 / (fan_{in} + fan_{out})}`, with
  2 instead of 6 for logistic units, also for biases (as in scikit-learn);
- ``'he'``, `He`: normal with variance :math:`2 / fan_{in}`;
- ``'lecun'``, `LeCun`: normal with variance :math:`1 / fan_{in}`;
- ``'data'``, `DataDriven`: weights and biases adapted to the training data.

An initializer is a callable ``(rng, fan_in, fan_out) -> array of shape
(fan_in, fan_out)``, where ``rng`` is a `numpy.random.Generator`; with
``init="glorot"``, it is a `numpy.random.RandomState`, so that the initial weights are
those of scikit-learn.  Biases are initialized to zero unless the initializer also has a
method ``bias(rng, fan_in, fan_out)``.

A data-dependent initializer, such as `DataDriven`, also has a method
``adapt(rng, W, b, x)``, which may change weights and biases in place, given a sample
``x`` of the layer's input, of shape (n_rows, fan_in).
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

#: The type of initializers: callables that draw the weights of a layer.
Initializer: TypeAlias = Callable[[RandomSource, int, int], Array]


@dataclass(frozen=True)
class Glorot:
    r"""Uniform on :math:`\pm\sqrt{factor / (fan_{in} + fan_{out})}`, also for biases.

    The variance, ``factor / 3 / (fan_in + fan_out)``, is a compromise between keeping
    the variance of activations and that of gradients constant across layers [1]_.

    Parameters
    ----------
    factor : float, default=6.0
        Positive numerator of the fraction: 6 in the paper, 2 in scikit-learn for
        logistic units.

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
            The random number generator.
        fan_in : int
            Number of inputs of the layer.
        fan_out : int
            Number of units of the layer.

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
    """Normal with mean zero and a fixed standard deviation.

    The scale of activations then depends on the widths of the layers, which the other
    initializers avoid.  AlexNet was initialized in this way [1]_.

    Parameters
    ----------
    std : float, default=0.01
        Non-negative standard deviation, the same for every layer.

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
    r"""Normal with variance :math:`2 / fan_{in}`, for rectified linear units.

    The factor 2 compensates for the half of the signal that the units set to zero [1]_.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Delving Deep into Rectifiers:
       Surpassing Human-Level Performance on ImageNet Classification", ICCV 2015,
       arXiv:1502.01852.

    Examples
    --------
    A layer of rectified units preserves the mean square of its input:

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
    r"""Normal with variance :math:`1 / fan_{in}`, for linear and SELU units.

    Linear units with independent inputs of unit variance then have unit variance [1]_.

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
    r"""Data-dependent: normal weights, scaled so that units have unit variance.

    With :math:`u = x W` for the outputs x of the preceding layers on a sample of rows,

    .. math::

        W_{\cdot j} \leftarrow W_{\cdot j} / \operatorname{std}(u_j), \qquad
        b_j = -\sum_{k=1}^{m} w_k\, u_{r_k j} / \operatorname{std}(u_j)

    with m random rows :math:`r_k` and random weights :math:`w_k` that sum to one, drawn
    for each unit.  Thus, the pre-activations of each unit are positive for some rows
    and negative for others [1]_.

    Without data, it is the same as `LeCun`, with biases of zero.

    Parameters
    ----------
    n_rows_bias : int, default=5
        The number m of rows in the weighted mean of a bias, at least 1.

    References
    ----------
    .. [1] D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong
       Pre-Tuned MLPs and Boosted Trees on Tabular Data", NeurIPS 2024,
       arXiv:2407.04491 ("he+5"); I. Steinwart, "A Sober Look at Neural Network
       Initializations", 2019, arXiv:1903.11482.

    Examples
    --------
    Pre-activations have unit variance and both signs, for data of any scale:

    >>> import numpy as np
    >>> from sknumpy_mlp.initializers import DataDriven
    >>> rng, init = np.random.default_rng(0), DataDriven()
    >>> x = rng.normal(50.0, 7.0, (200, 3))
    >>> W, b = init(rng, 3, 4), np.zeros(4)
    >>> init.adapt(rng, W, b, x)
    >>> z = x @ W + b
    >>> z.std(axis=0).round(6)
    array([1., 1., 1., 1.])
    >>> z.min(axis=0).round(1), z.max(axis=0).round(1)
    (array([-3. , -2.5, -4. , -3.1]), array([2. , 3.1, 1.5, 3.3]))
    """

    n_rows_bias: int = 5

    def __post_init__(self) -> None:
        check_count(self, "n_rows_bias")

    def __call__(self, rng: RandomSource, fan_in: int, fan_out: int) -> Array:
        """Draw the weights, shape (fan_in, fan_out)."""
        return LeCun()(rng, fan_in, fan_out)

    def adapt(self, rng: RandomSource, W: Array, b: Array, x: Array) -> None:
        """Scale the weights and set the biases, based on a sample of the input.

        Parameters
        ----------
        rng : RandomState or Generator
            The random number generator.
        W : ndarray of shape (fan_in, fan_out)
            The initial weights, changed in place.
        b : ndarray of shape (fan_out,)
            The biases, overwritten.
        x : ndarray of shape (n_rows, fan_in)
            The sample.
        """
        u = x @ W
        std = u.std(axis=0)
        # Units that are constant on the data up to rounding errors are not scaled.
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

#: The initializers that estimators accept by name.
INITIALIZERS: dict[str, Initializer] = {
    "glorot": Glorot(),
    "he": He(),
    "lecun": LeCun(),
    "data": DataDriven(),
}
