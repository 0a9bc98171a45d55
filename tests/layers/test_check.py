"""Checks of custom layers."""

import numpy as np
import pytest

from sknumpy_mlp.layers import Dense, Scaling, check_layer


class _Scaling(Scaling):
    """A custom layer with replaced methods or attributes."""

    def __init__(self, **given):
        super().__init__(3)
        for name, value in given.items():
            object.__setattr__(self, name, value)


def _scaled_back(factor_x=1.0, factor_grad=1.0, needed=True):
    def backward(params, grads, x, delta, buffers, *, need_input_gradient):
        delta_x = Scaling(3).backward(
            params, grads, x, delta, buffers, need_input_gradient=True
        )
        grads[0] *= factor_grad
        if needed and not need_input_gradient:
            grads[0] *= 2
        return factor_x * delta_x

    return backward


def _in_place(params, x, buffers, context):
    x *= params[0]
    return x


def _moves(params, grads, x, delta, buffers, *, need_input_gradient):
    params[0] -= 0.1
    return delta


WRONG_LAYERS = {
    "input": (
        {"backward": _scaled_back(factor_x=-1.0, needed=False)},
        r"returns a wrong gradient\. delta_x\[\d, \d\] is .*factor of about -1\.",
    ),
    "parameters": (
        {"backward": _scaled_back(factor_grad=0.5, needed=False)},
        r"writes a wrong gradient\. grads\[0\]\[\d\] is .* a factor of about 0\.5",
    ),
    "two gradients": ({"backward": _scaled_back()}, "without delta_x as with it"),
    "nothing written": (
        {"backward": lambda *args, **needs: args[3]},
        r"grads\[0\] must be filled with finite numbers",
    ),
    "nothing returned": (
        {"backward": lambda *args, **needs: args[1][0].fill(0.0)},
        r"of the shape \(5, 3\) and type float64, got \(\) and NoneType",
    ),
    "moved": ({"backward": _moves}, r"backward changes params\[0\]"),
    "changes x": ({"forward": _in_place}, "forward changes x"),
    "shape": (
        {"forward": lambda params, x, *_: x[:, 0]},
        r"shape \(n_rows, fan_out\), \(5, 3\) for 5 rows, got \(5,\)",
    ),
    "dtype": (
        {"forward": lambda params, x, *_: x * params[0].astype(float)},
        "returns float64 for an input of float32",
    ),
    "infinite": (
        {"forward": lambda params, x, *_: x / (0 * params[0])},
        "the output must be filled with finite numbers",
    ),
    "predictions": (
        {
            "forward": lambda params, x, _, context: (
                x * (params[0] if context else np.nan)
            )
        },
        "the output must be filled with finite numbers",
    ),
    "init": ({"init": lambda params, rng: None}, r"init must fill params\[0\]"),
}


@pytest.mark.parametrize("name", WRONG_LAYERS)
def test_wrong_layers_fail(name):
    methods, message = WRONG_LAYERS[name]
    with pytest.raises(ValueError, match=r"^layer=_Scaling\(") as info:
        check_layer(_Scaling(**methods))
    assert info.match(message)


def test_each_parameter_needs_a_learning_rate_multiplier():
    class Other(Scaling):
        lr_multipliers = (1.0, 1.0)

    with pytest.raises(ValueError, match="a number for each of the 1 arrays"):
        check_layer(Other(3))


@pytest.mark.parametrize("given", [Dense, "dense", None], ids=str)
def test_other_objects_are_refused(given):
    with pytest.raises(TypeError, match="must be an object of a subclass of Layer"):
        check_layer(given)


@pytest.mark.parametrize("X", [np.ones((4, 2)), np.ones(3), np.ones((0, 3))], ids=str)
def test_inputs_of_the_wrong_shape_are_refused(X):
    with pytest.raises(ValueError, match=r"X must have the shape \(n_rows, 3\)"):
        check_layer(Scaling(3), X)
