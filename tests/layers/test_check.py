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


def _scaled_back(factor_x=1.0, factor_grad=1.0, factor_alone=1.0, added_alone=0.0):
    """Return a wrong `backward`; the last two act where x needs no gradient."""

    def backward(params, grads, x, delta, buffers, *, need_input_gradient):
        delta_x = Scaling(3).backward(
            params, grads, x, delta, buffers, need_input_gradient=True
        )
        grads[0] *= factor_grad
        if not need_input_gradient:
            grads[0] *= factor_alone
            grads[0] += added_alone
        return factor_x * delta_x

    return backward


def _infinite_in_float32(params, grads, x, delta, buffers, *, need_input_gradient):
    np.einsum("ij,ij->j", x, delta, out=grads[0])
    return delta * params[0] / (x.itemsize == 8)


def _in_place(params, x, buffers, context):
    x *= params[0]
    return x


def _moves(params, grads, x, delta, buffers, *, need_input_gradient):
    params[0] -= 0.1
    return delta


WRONG_LAYERS = {
    "input": (
        {"backward": _scaled_back(factor_x=-1.0)},
        r"returns a wrong gradient\. delta_x\[\d, \d\] is .*, but central differences "
        r"of the output give .* factor of about -1\.",
    ),
    "parameters": (
        {"backward": _scaled_back(factor_grad=0.5)},
        r"writes a wrong gradient\. grads\[0\]\[\d\] is .* a factor of about 0\.5",
    ),
    "two gradients": (
        {"backward": _scaled_back(factor_alone=2.0)},
        "without delta_x as with it",
    ),
    "two gradients that are close": (
        {"backward": _scaled_back(factor_alone=1.003)},
        r"fill grads\[0\] without delta_x as with it",
    ),
    "nothing written": (
        {"backward": lambda *args, **needs: args[3]},
        r"grads\[0\] must be filled with finite numbers",
    ),
    "nothing returned": (
        {"backward": lambda *args, **needs: args[1][0].fill(0.0)},
        r"of the shape \(5, 3\) and type float64, got \(\) and NoneType",
    ),
    "shape of the input's gradient": (
        {"backward": lambda *args, **needs: args[3][:, :2]},
        r"of the shape \(5, 3\) and type float64, got \(5, 2\) and float64",
    ),
    "type of the input's gradient": (
        {"backward": _scaled_back(factor_x=np.ones(1, np.float64))},
        r"of the shape \(5, 3\) and type float32, got \(5, 3\) and float64",
    ),
    "infinite in float32": (
        {"forward": lambda params, x, *_: x * (params[0] / (x.itemsize == 8))},
        r"the output must be filled .* which it is not in float32\.",
    ),
    "input's gradient infinite in float32": (
        {"backward": _infinite_in_float32},
        r"delta_x must be filled .* which it is not in float32\.",
    ),
    "infinite in training": (
        {
            "forward": lambda params, x, _, context: (
                x * (np.nan if context else params[0])
            )
        },
        "the output must be filled with finite numbers",
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


def test_differences_of_rounding_pass():
    """Without delta_x, a layer may compute the gradient in another order."""
    check_layer(_Scaling(backward=_scaled_back(factor_alone=1.0005)))
    zeros = np.zeros((4, 3))
    check_layer(_Scaling(backward=_scaled_back(added_alone=5e-6)), zeros)
    wrong = _Scaling(backward=_scaled_back(added_alone=0.1))
    with pytest.raises(ValueError, match="without delta_x as with it"):
        check_layer(wrong, zeros)


class _Recorder(Scaling):
    """Records the arguments of its methods."""

    def __init__(self, fan_in):
        super().__init__(fan_in)
        object.__setattr__(self, "calls", {"buffers": [], "params": [], "context": []})

    def make_buffers(self, *sizes, **needs):
        self.calls["buffers"].append((sizes, needs))
        return super().make_buffers(*sizes, **needs)

    def forward(self, params, x, buffers, context):
        self.calls["params"].append(params[0].copy())
        if context is not None:
            self.calls["context"].append((context.progress, context.rng.random()))
        return super().forward(params, x, buffers, context)


def test_layers_are_called_as_in_training_and_in_predictions():
    layer = _Recorder(50)
    check_layer(layer)
    sizes, needs = zip(*layer.calls["buffers"], strict=True)
    assert {n_rows for n_rows, _ in sizes} == {7}
    assert {np.dtype(dtype) for _, dtype in sizes} == {np.dtype("f4"), np.dtype("f8")}
    for need in needs:
        assert need["sparse_input"] is False
        assert need["training"] is True
    # Without a gradient of x once in each type.
    without = [need for need in needs if need["need_input_gradient"] is False]
    assert len(without) == 2
    assert all(isinstance(need["need_input_gradient"], bool) for need in needs)
    progress, drawn = zip(*layer.calls["context"], strict=True)
    assert set(progress) == {0.5}
    assert len(set(drawn)) == 1


def test_parameters_are_near_their_initial_values_but_not_at_them():
    layer = _Recorder(50)
    check_layer(layer)
    moved = layer.calls["params"][0] - 1.0  # scaling starts at ones
    assert len(set(moved)) == 50
    assert 0.05 < moved.std() < 0.2
    assert abs(moved).max() < 0.5


@pytest.mark.parametrize("given", [Dense, "dense", None], ids=str)
def test_other_objects_are_refused(given):
    with pytest.raises(TypeError, match="must be an object of a subclass of Layer"):
        check_layer(given)


@pytest.mark.parametrize("X", [np.ones((4, 2)), np.ones(3), np.ones((0, 3))], ids=str)
def test_inputs_of_the_wrong_shape_are_refused(X):
    with pytest.raises(ValueError, match=r"X must have the shape \(n_rows, 3\)"):
        check_layer(Scaling(3), X)
