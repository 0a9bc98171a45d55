"""Checks of custom layers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sknumpy_mlp._utils.gradient_check import (
    GradientCheck,
    check_is_instance,
    find_wrong_derivative,
)
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.layers._base import Buffers, Layer, TrainingContext

# Number of rows of the batch, and of the buffers, which may be larger.
_N_ROWS, _N_ROWS_OF_BUFFERS = 5, 7
_N_DERIVATIVES = 200


def check_layer(layer: Layer, X: Any = None) -> None:
    """Check that a custom layer meets the requirements of a network.

    On a small batch, in float32 and in float64, it checks that

    - `Layer.init` fills all parameters, and each array of parameters has a
      learning-rate multiplier;
    - `Layer.forward` returns finite numbers of the right shape and type, and changes
      neither its input nor the parameters, in training as in predictions;
    - `Layer.backward` writes the gradient of all parameters and returns that of the
      input, and both agree with central differences.  At a kink, any subgradient is
      accepted.

    All calls of a random layer receive random number generators in the same state.

    Parameters
    ----------
    layer : Layer
        The layer: an instance, not a class.
    X : array-like of shape (n_rows, fan_in), default=None
        Inputs for a layer that does not accept arbitrary numbers; a few rows are used.
        None draws standard normal numbers.

    Raises
    ------
    TypeError
        If ``layer`` is not a layer.
    ValueError
        If it fails a check.  The message names the check and, for a gradient, the array
        and the index, the derivative and the central difference.

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
    ValueError: layer=Forgetful(fan_in=3, lr_multiplier=1.0): backward returns a ...
    """
    check_is_instance("layer", layer, Layer)
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
        check = _LayerCheck(layer, x, rng)
        for dtype in (np.float64, np.float32):
            check.check_values(dtype)
        check.check_gradients()


class _LayerCheck(GradientCheck):
    """The checks of a layer on a batch.

    The objective is the sum of the outputs, each with a random weight.

    Parameters
    ----------
    layer : Layer
        The layer.
    x : ndarray of shape (n_rows, fan_in)
        The input, in float64.
    rng : Generator
        Draws parameters and the weights of the outputs.
    """

    def __init__(self, layer: Layer, x: Array, rng: np.random.Generator) -> None:
        super().__init__("layer", layer)
        self._layer = layer
        self._x = x
        shapes = (*layer.coef_shapes, *layer.intercept_shapes)
        self._params = [np.full(shape, np.nan) for shape in shapes]
        layer.init(self._params, rng)
        for i, param in enumerate(self._params):
            if not np.isfinite(param).all():
                self.fail(f"init must fill params[{i}] with finite numbers.")
            param += 0.1 * rng.normal(size=param.shape)  # away from ones and zeros
        if len(layer.lr_multipliers) != len(shapes):
            self.fail(
                f"lr_multipliers={layer.lr_multipliers} must have a number for each of "
                f"the {len(shapes)} arrays of parameters."
            )
        self._weights = rng.normal(size=(len(x), layer.fan_out))

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
        """Return the output, after checking its shape and type."""
        context = None
        if not predicts:
            context = TrainingContext(np.random.default_rng(2), progress=0.5)
        given = [array.copy() for array in (x, *params)]
        output: Any = self._layer.forward(params, x, buffers, context)
        expected = (len(x), self._layer.fan_out)
        if np.shape(output) != expected:
            self.fail(
                f"forward must return the shape (n_rows, fan_out), {expected} for "
                f"{len(x)} rows, got {np.shape(output)}."
            )
        if output.dtype != x.dtype:
            self.fail(f"forward returns {output.dtype} for an input of {x.dtype}.")
        self._require_unchanged("forward", given, x, params)
        return np.array(output)

    def _backward(
        self, params: Sequence[Array], x: Array, *, need_input_gradient: bool
    ) -> tuple[list[Array], Array | None]:
        """Return the gradients of parameters and input, after checking them."""
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
            self.fail(
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
                self.fail(f"{method} changes {name}. Work on a buffer or a copy.")

    def check_values(self, dtype: Any) -> None:
        """Raise ValueError unless all results in a type are finite."""
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
                self.fail(f"backward must fill grads[{i}] without delta_x as with it.")
        assert delta_x is not None
        self._require_finite(found | {"delta_x": delta_x}, dtype)

    def _require_finite(self, found: dict[str, Array], dtype: Any) -> None:
        for name, values in found.items():
            if not np.isfinite(values).all():
                self.fail(
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
        """Compare the gradient with respect to x or a parameter."""

        def terms(moved: Array) -> Array:
            x = moved if at is self._x else self._x
            params = [moved if at is param else param for param in self._params]
            buffers = self._make_buffers(np.float64, need_input_gradient=True)
            return self._weights * self._forward(params, x, buffers, predicts=False)

        wrong = find_wrong_derivative(terms, at, gradient, most=_N_DERIVATIVES)
        if wrong is not None:
            index = ", ".join(str(i) for i in wrong.index)
            self.fail_gradient(
                wrong,
                f"backward {verb} a wrong gradient. {name}[{index}] is "
                f"{wrong.analytic:.6g}",
                function="the output",
            )
