"""Tests that every activation has to pass, and checks of custom activations."""

import pickle
import re
import warnings

import numpy as np
import pytest
import scipy.stats
from scipy.special import expit, softmax

from sknumpy_mlp.activations import (
    ACTIVATIONS,
    ELU,
    SELU,
    Activation,
    LeakyReLU,
    Mish,
    ReLU,
    check_activation,
    try_activation,
)
from sknumpy_mlp.layers import Dense, Parametric, check_layer
from tests.conftest import ESTIMATORS

# Plain formulas, independent of the implementation.
REFERENCE = {
    "identity": lambda z: z,
    "logistic": expit,
    "tanh": np.tanh,
    "relu": lambda z: np.where(z > 0, z, 0.0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.exp(z) - 1),
    "selu": lambda z: np.where(
        z > 0, 1.0507009873554805 * z, 1.7580993408473766 * (np.exp(z) - 1)
    ),
    "gelu": lambda z: z * scipy.stats.norm.cdf(z),
    "silu": lambda z: z / (1 + np.exp(-z)),
    "mish": lambda z: z * np.tanh(np.log(1 + np.exp(z))),
    "softplus": lambda z: np.log(1 + np.exp(z)),
}

# All listed activations, and some with other parameters than the default.
INSTANCES = {
    **ACTIVATIONS,
    "leaky_relu 0.3": LeakyReLU(0.3),
    "leaky_relu 0": LeakyReLU(0.0),
    "elu 0.5": ELU(0.5),
    "elu 2, 3": ELU(2.0, 3.0),
}


@pytest.fixture(params=INSTANCES)
def activation(request) -> Activation:
    return INSTANCES[request.param]


def _backward(activation, z, delta):
    """Return the gradient with respect to z, as a layer computes it."""
    z = z.copy()
    a = z if activation.from_output else np.empty_like(z)
    activation.forward(z, a)
    delta = delta.copy()
    activation.backward(z, a, delta)
    return delta


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_forward_matches_formula(name):
    z = np.linspace(-5, 5, 23).reshape(-1, 1)
    out = np.empty_like(z)
    ACTIVATIONS[name].forward(z, out)
    np.testing.assert_allclose(out, REFERENCE[name](z), rtol=1e-13)


def test_forward_works_in_place_or_leaves_its_input_alone(activation):
    z = np.linspace(-5, 5, 24).reshape(4, 6)
    before, out = z.copy(), np.empty_like(z)
    activation.forward(z, out)
    np.testing.assert_array_equal(z, before)
    if activation.from_output:
        activation.forward(z, z)
        np.testing.assert_array_equal(z, out)


def test_derivative_matches_central_difference(activation):
    z = np.linspace(-4, 4, 40).reshape(8, 5)  # does not contain ReLU's kink
    step = 1e-6
    above, below = np.empty_like(z), np.empty_like(z)
    activation.forward(z + step, above)
    activation.forward(z - step, below)
    derivative = _backward(activation, z, np.ones_like(z))
    np.testing.assert_allclose(derivative, (above - below) / (2 * step), atol=1e-9)


def test_backward_multiplies_delta(activation):
    rng = np.random.default_rng(0)
    z, delta = rng.standard_normal((2, 8, 5))
    np.testing.assert_allclose(
        _backward(activation, z, delta),
        delta * _backward(activation, z, np.ones_like(z)),
        rtol=1e-14,
    )


def test_value_and_derivative_together_are_those_of_forward_and_backward(activation):
    z = np.linspace(-30, 30, 40).reshape(8, 5)
    if not activation.keeps_derivative:
        with pytest.raises(NotImplementedError, match="does not keep its derivative"):
            activation.forward_with_derivative(z, np.empty_like(z))
        return
    derivative, out, expected = z.copy(), np.empty_like(z), np.empty_like(z)
    activation.forward_with_derivative(derivative, out)
    activation.forward(z, expected)
    np.testing.assert_allclose(out, expected, rtol=1e-13)
    np.testing.assert_array_equal(derivative, _backward(activation, z, np.ones_like(z)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_mish_has_no_denormal_numbers(dtype):
    """Arithmetic with them is slow, and the left tail would be full of them."""
    z = np.linspace(-2000, 100, 4200, dtype=dtype).reshape(-1, 3)
    out = np.empty_like(z)
    Mish().forward_with_derivative(z, out)
    for array in (out, z):
        assert not ((array != 0) & (np.abs(array) < np.finfo(dtype).tiny)).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_values_stay_finite(activation, dtype):
    z = np.array([[-1e4, -100.0, 0.0, 100.0, 1e4]], dtype)
    out = np.empty_like(z)
    activation.forward(z, out)
    delta = _backward(activation, z, np.ones_like(z))
    assert out.dtype == delta.dtype == dtype
    assert np.isfinite(out).all()
    assert np.isfinite(delta).all()


def test_pickling(activation):
    assert pickle.loads(pickle.dumps(activation)) == activation


def test_selu_keeps_zero_mean_and_unit_variance():
    """The fixed point that its constants are derived from."""
    z = np.random.default_rng(0).standard_normal((1_000_000, 1))
    SELU().forward(z, z)
    assert abs(z.mean()) < 0.005
    assert abs(z.var() - 1) < 0.01


def test_leaky_relu_has_a_gradient_everywhere():
    delta = _backward(LeakyReLU(0.3), np.array([[-2.0, 2.0]]), np.ones((1, 2)))
    np.testing.assert_allclose(delta, [[0.3, 1.0]])


@pytest.mark.parametrize("name", ["relu", "leaky_relu 0.3", "elu 2, 3"])
def test_at_the_kink_the_derivative_is_the_left_one(name):
    zero, ones = np.zeros((1, 1)), np.ones((1, 1))
    found = _backward(INSTANCES[name], zero, ones)
    left = _backward(INSTANCES[name], np.full((1, 1), -1e-12), ones)
    right = _backward(INSTANCES[name], np.full((1, 1), 1e-12), ones)
    np.testing.assert_allclose(found, left, rtol=1e-9)
    assert abs(found - right) > 0.1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LeakyReLU(1.0), r"negative_slope=1.0.*\[0, 1\)"),
        (lambda: LeakyReLU(-0.1), r"negative_slope=-0.1.*\[0, 1\)"),
        (lambda: ELU(0.0), r"ELU\(alpha=0.0\).*\(0, inf\)"),
        (lambda: SELU(scale=float("inf")), r"SELU\(scale=inf\).*\(0, inf\)"),
    ],
)
def test_constants_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


class Cubic(Activation):
    """A custom activation with a parameter, not a dataclass."""

    from_output = False

    def __init__(self, factor=1.0):
        self.factor = factor

    def forward(self, z, out):
        np.multiply(self.factor * z * z, z, out=out)

    def backward(self, z, a, delta):
        delta *= 3 * self.factor * z * z


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e12, 1e30])
def test_derivatives_of_extreme_values(activation, dtype, size):
    z = np.array([[size]], dtype)
    near = np.array([[60.0]], dtype)
    with np.errstate(over="ignore"):  # as in training
        far, limit = (_backward(activation, at, np.ones_like(at)) for at in (z, near))
    np.testing.assert_allclose(far, limit, rtol=1e-6)


def test_values_may_hold_arrays():
    first, same, other = Cubic([1, 2]), Cubic([1, 2]), Cubic([1, 3])
    for cubic in (first, same, other):
        cubic.table = {"weights": (np.array(cubic.factor), "text")}
    assert first == same != other


def test_custom_activations_are_values():
    assert Cubic(2.0) == Cubic(2.0) != Cubic(3.0)
    assert Cubic(2.0) != "cubic"
    assert hash(Cubic(2.0)) == hash(Cubic(2.0))
    assert repr(Cubic(2.0)) == "Cubic(factor=2.0)"
    assert pickle.loads(pickle.dumps(Cubic(2.0))) == Cubic(2.0)


@pytest.mark.parametrize("n_rows", [0, 1, 70_000])
def test_any_number_of_rows(activation, n_rows):
    """Some compare with a cached array of zeros, which has a limited size."""
    z = np.random.default_rng(0).standard_normal((n_rows, 3))
    whole, by_row = np.empty_like(z), np.empty_like(z)
    activation.forward(z, whole)
    for rows in np.array_split(np.arange(n_rows), 7):
        part = np.empty((len(rows), 3))
        activation.forward(z[rows], part)
        by_row[rows] = part
    np.testing.assert_array_equal(whole, by_row)


def test_one_dimensional_input(activation):
    z = np.linspace(-3, 3, 13)
    vector, column = np.empty_like(z), np.empty((13, 1))
    activation.forward(z, vector)
    activation.forward(z[:, np.newaxis], column)
    np.testing.assert_array_equal(vector, column[:, 0])


# ------------------------------------------------------------ checks of an activation


def test_every_activation_passes_its_own_check(activation):
    check_activation(activation)
    check_layer(Dense(3, 4, activation))
    check_layer(Parametric(3, activation))


class _Sine(Activation):
    """A custom activation with replaced methods."""

    def __init__(self, forward=None, backward=None, **attributes):
        self.forward_by = forward or (lambda z, out: np.sin(z, out=out))
        self.backward_by = backward or _times(lambda z, a: np.cos(z))
        vars(self).update({"from_output": False} | attributes)

    def forward(self, z, out):
        return self.forward_by(z, out)

    def backward(self, z, a, delta):
        return self.backward_by(z, a, delta)


class _Together(_Sine):
    """A custom activation that computes value and derivative together."""

    keeps_derivative = True

    def __init__(self, value=np.sin, derivative=np.cos, **attributes):
        super().__init__(**attributes)
        self.value, self.derivative = value, derivative

    def forward_with_derivative(self, z, out):
        out[...] = self.value(z)
        z[...] = self.derivative(z)


def test_custom_activations_may_compute_value_and_derivative_together():
    check_activation(_Together())
    check_layer(Dense(3, 4, _Together()))
    check_layer(Parametric(3, _Together()))
    with pytest.raises(ValueError, match=r"forward_with_derivative writes .* for z="):
        check_activation(_Together(value=np.tanh))
    with pytest.raises(ValueError, match="backward applies a wrong derivative"):
        check_activation(_Together(derivative=np.sin))


def _times(derivative):
    def backward(z, a, delta):
        delta *= derivative(z, a)

    return backward


def _overwrites(z, a, delta):
    delta[...] = np.cos(z)


def _infinite_derivative(dtype):
    """Return a `backward` that is infinite in a type, where delta is one."""

    def backward(z, a, delta):
        delta *= np.where((z.dtype == dtype) & (delta == 1.0), np.inf, np.cos(z))

    return backward


def _changes_z(z, out):
    np.sin(z, out=z)
    out[...] = z


def _softmax(z, out):
    out[...] = softmax(z, axis=1)


def _through_softmax(z, a, delta):
    delta -= (delta * a).sum(axis=1, keepdims=True)
    delta *= a


WRONG_ACTIVATIONS = {
    "sign": ({"backward": _times(lambda z, a: -np.cos(z))}, "a factor of about -1"),
    "from output": ({"from_output": True}, "set from_output = False: else both z"),
    "one side": ({"backward": _times(lambda z, a: np.sqrt(1 - a * a))}, "77 of"),
    "returned": ({"backward": lambda z, a, delta: delta * np.cos(z)}, "delta in place"),
    "overwritten": ({"backward": _overwrites}, "wrong derivative"),
    "forward returned": ({"forward": lambda z, out: np.sin(z)}, "no numbers into out"),
    "changes z": ({"forward": _changes_z}, "forward changes z"),
    "infinite": (
        {
            "forward": lambda z, out: np.log(z, out=out),
            "backward": _times(lambda z, a: 1 / z),
        },
        r"a for z=-\S+ is nan in float64\. It must be finite: pre-activations can be "
        r"any real numbers\.$",
    ),
    "derivative infinite": (
        {"backward": _infinite_derivative(np.float64)},
        r"f'\(z\) for z=\S+ is inf in float64\.",
    ),
    "derivative infinite in float32": (
        {"backward": _infinite_derivative(np.float32)},
        r"f'\(z\) for z=\S+ is inf in float32\.",
    ),
    "elementwise": (
        {"forward": _softmax, "backward": _times(lambda z, a: a * (1 - a))},
        "wrong derivative",
    ),
    "random": (
        {"forward": lambda z, out: np.add(np.sin(z), np.random.rand(), out=out)},
        "differ from call to call",
    ),
    "float32": (
        {
            "forward": lambda z, out: np.add(np.sin(z), z.itemsize == 4, out=out),
        },
        r": a for z=\S+ is \S+ in float32, but \S+ in float64",
    ),
    "derivative in float32": (
        {"backward": _times(lambda z, a: np.cos(z) + (z.itemsize == 4))},
        r"f'\(z\) for z=\S+ is \S+ in float32, but \S+ in float64",
    ),
}


@pytest.mark.parametrize("name", WRONG_ACTIVATIONS)
def test_wrong_activations_fail(name):
    methods, message = WRONG_ACTIVATIONS[name]
    with pytest.raises(ValueError, match=r"^activation=_Sine\(") as info:
        check_activation(_Sine(**methods))
    assert info.match(message)


RIGHT_ACTIVATIONS = {
    "sine": _Sine(),
    "softmax": _Sine(_softmax, _through_softmax),
    "absolute": _Sine(
        lambda z, out: np.abs(z, out=out), _times(lambda z, a: np.where(z < 0, -1, 1))
    ),
    "straight through": _Sine(
        lambda z, out: np.sign(z, out=out), lambda *_: None, exact_gradient=False
    ),
    "random": _Sine(
        lambda z, out: np.add(z, np.random.rand(*z.shape), out=out),
        lambda *_: None,
        exact_gradient=False,
    ),
    "single precision": _Sine(
        lambda z, out: np.copyto(out, np.sin(z.astype(np.float32))),
        _times(lambda z, a: np.cos(z.astype(np.float32))),
    ),
}


@pytest.mark.parametrize("name", RIGHT_ACTIVATIONS)
def test_right_activations_pass(name):
    check_activation(RIGHT_ACTIVATIONS[name])


class PReLU(Activation):
    """A rectifier with a slope for each unit."""

    from_output = False

    def __init__(self, n_units):
        self.slopes = np.linspace(0.1, 0.5, n_units)

    def forward(self, z, out):
        np.multiply(z, np.where(z > 0, 1.0, self.slopes), out=out)

    def backward(self, z, a, delta):
        delta *= np.where(z > 0, 1.0, self.slopes)


class Gated(Activation):
    """Units in pairs: the second half, and its products with the first half."""

    from_output = False

    def forward(self, z, out):
        first, second = np.hsplit(z, 2)
        np.concatenate([first * second, second], axis=1, out=out)

    def backward(self, z, a, delta):
        first, second = np.hsplit(z, 2)
        gradient = delta[:, : first.shape[1]].copy()
        delta[:, : first.shape[1]] *= second
        delta[:, first.shape[1] :] += gradient * first


def _fit(estimator, activation, *sizes):
    X = np.random.default_rng(0).normal(size=(40, 3))
    params = {"activation": activation, "hidden_layer_sizes": sizes, "max_iter": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator(**params).fit(X, (X[:, 0] > 0).astype(int))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_fit_checks_activations_with_the_widths_of_their_layers(estimator):
    _fit(estimator, PReLU(7), 7, 7)
    _fit(estimator, [PReLU(7), Gated(), "tanh"], 7, 6, 5)
    for activation, sizes in ((PReLU(7), (7, 5)), (["tanh", Gated()], (2, 5))):
        with pytest.raises(ValueError, match=r"(?s)^activation=.* shape \(5, 5"):
            _fit(estimator, activation, *sizes)


@pytest.mark.parametrize("activation", [PReLU(6), Gated()], ids=["per unit", "pairs"])
def test_check_of_activations_for_some_widths_only(activation):
    check_activation(activation, n_units=6)
    with pytest.raises(
        ValueError, match=r"(?s)^activation=.* forward for z .*\(24, 5\)"
    ):
        check_activation(activation, n_units=5)


# A number in a message.
NUMBER = r"-?\d[-+.e\d]*"
WRONG_DERIVATIVE = (
    "backward applies a wrong derivative. For z=N and delta=N it leaves N in delta, "
    "but central differences of forward give N; N of the 192 derivatives compared are "
    "wrong"
)
MESSAGES = {
    "sign": (
        f"{WRONG_DERIVATIVE}, each by a factor of about -1. If it differs on purpose, "
        "set exact_gradient = False in the class."
    ),
    "from output": (
        f"{WRONG_DERIVATIVE}. If it differs on purpose, set exact_gradient = False in "
        "the class. If backward needs z, set from_output = False: else both z and a "
        "hold the activations."
    ),
    "returned": (
        f"{WRONG_DERIVATIVE}. It has left delta as it was: multiply delta in place."
    ),
    "changes z": (
        "forward changes z. Write into out alone, or set from_output = True if "
        "backward needs only a."
    ),
    "forward returned": (
        "forward writes no numbers into out. Write the result into out in place, as in "
        "out[...] = result."
    ),
    "random": (
        "the results of forward for the same z differ from call to call. If they are "
        "meant to, set exact_gradient = False in the class."
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_the_whole_message(name):
    """Each says which method is wrong, by how much, and what to write instead."""
    methods, _ = WRONG_ACTIVATIONS[name]
    message = re.sub(r"\bN\b", lambda _: NUMBER, re.escape(MESSAGES[name]))
    with pytest.raises(ValueError, match=rf"^activation=_Sine\(.*\): {message}$"):
        check_activation(_Sine(**methods))


def test_the_first_value_that_is_not_finite_is_named():
    seen = {}

    def forward(z, out):
        np.sin(z, out=out)
        out[3, 2], out[4, 5] = np.inf, -np.inf
        seen["z"] = z[3, 2]

    with pytest.raises(ValueError, match="It must be finite") as info:
        check_activation(_Sine(forward))
    assert f": a for z={seen['z']:.6g} is inf in float64." in str(info.value)


@pytest.mark.parametrize("where", ["a", "derivative"])
def test_derivatives_are_compared_where_values_are_finite(where):
    """What is infinite is left to the check of values, and does not hide the rest."""

    def forward(z, out):
        np.sin(z, out=out)
        if where == "a":
            out[3, 2] = np.inf

    def backward(z, a, delta):
        delta *= 2 * np.cos(z)
        if where == "derivative":
            delta[3, 2] = np.inf

    message = "; 191 of the 192 derivatives .* a factor of about 2"
    with pytest.raises(ValueError, match=message):
        check_activation(_Sine(forward, backward))


def test_the_check_of_an_activation_is_the_same_in_each_call():
    messages = set()
    for _ in range(2):
        with pytest.raises(ValueError, match="wrong derivative") as info:
            check_activation(_Sine(backward=_overwrites))
        messages.add(str(info.value).partition(": ")[2])
    assert len(messages) == 1


def test_numpy_s_warnings_in_the_check_are_not_shown():
    def backward(z, a, delta):
        delta /= 0.0 * z

    straight = _Sine(backward=backward, exact_gradient=False)
    with pytest.raises(ValueError, match=r"f'\(z\) for z=\S+ is -?inf in float64"):
        check_activation(straight)


def test_the_worst_difference_between_the_types_is_named():
    def forward(z, out):
        np.sin(z, out=out)
        out[3, 2] += 0.1 * (z.itemsize == 4)
        out[4, 5] -= 0.4 * (z.itemsize == 4)

    with pytest.raises(ValueError, match="in float32, but") as info:
        check_activation(_Sine(forward))
    z, narrow, wide = map(float, re.findall(r"-?\d+\.\d+", str(info.value)))
    assert wide == pytest.approx(np.sin(z), abs=1e-5)
    assert narrow == pytest.approx(wide - 0.4, abs=1e-5)


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_differences_between_the_types_are_relative_to_the_largest_value(unit):
    def forward(relative):
        return lambda z, out: np.multiply(
            unit * np.sin(z), 1.0 + relative * (z.itemsize == 4), out=out
        )

    backward = _times(lambda z, a: unit * np.cos(z))
    check_activation(_Sine(forward(5e-4), backward))
    with pytest.raises(ValueError, match="in float32, but"):
        check_activation(_Sine(forward(0.05), backward))


@pytest.mark.parametrize("n_units", [0, -1, 2.0, True, None, "8"])
def test_check_of_activations_needs_a_width(n_units):
    message = f"^n_units={n_units!r} must be an int of at least 1"
    with pytest.raises(ValueError, match=message):
        check_activation(ReLU(), n_units=n_units)
    check_activation(ReLU(), n_units=1)


def test_fit_tries_a_few_points_on_both_sides_and_always_the_same():
    seen = []

    def forward(z, out):
        seen.append(z.copy())
        np.sin(z, out=out)

    for _ in range(2):
        try_activation(_Sine(forward), 300)
    first, again = seen[0], seen[len(seen) // 2]
    np.testing.assert_array_equal(first, again)
    assert first.shape == (5, 300)
    assert first.std() == pytest.approx(2.0, rel=0.1)
    assert abs(first.mean()) < 0.3


@pytest.mark.parametrize("exact_gradient", [True, False])
@pytest.mark.parametrize("method", ["forward", "backward"])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_exceptions_name_the_activation(estimator, method, exact_gradient):
    def fails(*args):
        raise TypeError("oops")

    wrong = _Sine(**{method: fails}, exact_gradient=exact_gradient)
    message = rf"(?s)^activation=_Sine.*: {method} for z .* raises TypeError: oops"
    for call in (lambda: check_activation(wrong), lambda: _fit(estimator, wrong, 3)):
        with pytest.raises(ValueError, match=message):
            call()


def test_exceptions_of_other_types_get_a_note():
    def fails(*args):
        raise KeyError("oops")

    with pytest.raises(KeyError, match="oops") as info:
        check_activation(_Sine(backward=fails))
    assert info.value.__notes__[0].startswith("activation=_Sine(")
    assert "raised in backward for z of the shape (24, 8)" in info.value.__notes__[0]


@pytest.mark.parametrize("given", ["relu", ReLU, np.tanh, None], ids=str)
def test_other_objects_are_refused(given):
    with pytest.raises(
        TypeError, match=r"^activation must be an object of a subclass of Activation"
    ):
        check_activation(given)
