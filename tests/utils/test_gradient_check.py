"""Derivatives compared with central differences, and messages of failed checks."""

import numpy as np
import pytest

from sknumpy_mlp._utils.gradient_check import (
    GradientCheck,
    check_is_instance,
    find_wrong_derivative,
)


def test_on_a_kink_every_subgradient_is_right():
    """And beside it the slope of the side it is on."""
    for slope in (-1.0, -0.3, 0.0, 0.3, 1.0):
        for at in (0.0, 1e-7, -1e-7):
            x, gradient = np.array([[at]]), np.array([[np.sign(at) or slope]])
            assert find_wrong_derivative(np.abs, x, gradient) is None
    for slope in (-1.1, 1.1):
        wrong = find_wrong_derivative(np.abs, np.zeros((1, 1)), np.array([[slope]]))
        assert (wrong.n_wrong, wrong.factor) == (1, None)


def test_where_a_function_ends_it_is_not_compared():
    """The square root of zero has no slope on the left."""
    x, gradient = np.array([[0.0, 4.0]]), np.array([[123.0, 0.25]])
    assert find_wrong_derivative(np.sqrt, x, gradient) is None
    gradient[0, 1] = -0.25
    wrong = find_wrong_derivative(np.sqrt, x, gradient)
    assert (wrong.index, wrong.n_wrong, wrong.n_compared) == ((0, 1), 1, 1)
    assert (wrong.analytic, round(wrong.numeric, 6)) == (-0.25, 0.25)


def test_of_many_derivatives_the_largest_and_some_others_are_compared():
    x = np.arange(1000.0)
    weight = np.ones(1000)
    weight[777] = 5.0
    wrong = find_wrong_derivative(
        lambda moved: weight * moved, x, np.where(weight > 1, -5.0, 1.0), most=20
    )
    assert (wrong.index, wrong.n_wrong) == ((777,), 1)
    assert wrong.n_compared <= 20


def test_a_factor_common_to_all_derivatives_is_named():
    x = np.array([1.0, 2.0, 3.0])
    wrong = find_wrong_derivative(np.square, x, -2 * x)
    assert wrong.factor == pytest.approx(-1.0, rel=1e-6)
    assert wrong.summary == (
        "3 of the 3 derivatives compared are wrong, each by a factor of about -1"
    )
    wrong = find_wrong_derivative(np.square, x, 2 * x + 1.0)
    assert wrong.summary == "3 of the 3 derivatives compared are wrong"


def test_functions_that_compute_in_float32_are_compared_as_such():
    x = np.random.default_rng(0).normal(size=7)

    def narrow(at):
        return np.sin(at.astype(np.float32)).astype(float)

    assert find_wrong_derivative(narrow, x, np.cos(x)) is None
    assert find_wrong_derivative(narrow, x, 1.1 * np.cos(x)) is not None


def test_the_message_about_a_wrong_derivative():
    check = GradientCheck("layer", "mine")
    x = np.array([2.0])
    wrong = find_wrong_derivative(np.square, x, np.array([5.0]))
    message = (
        "^layer='mine': Its gradient is 5, but central differences of f give 4; 1 of "
        r"the 1 derivatives compared are wrong\."
    )
    with pytest.raises(ValueError, match=message + "$"):
        check.fail_gradient(wrong, "Its gradient is 5", function="f")
    with pytest.raises(ValueError, match=message + " Divide by 2.$"):
        check.fail_gradient(
            wrong, "Its gradient is 5", function="f", hint="Divide by 2."
        )


@pytest.mark.parametrize("error", [ValueError, TypeError])
def test_errors_in_a_method_name_the_object_and_the_method(error):
    check = GradientCheck("loss", 3)
    message = rf"^loss=3: predict raises {error.__name__}: no$"
    with pytest.raises(ValueError, match=message), check.calling("predict"):
        raise error(" no ")


def test_other_errors_keep_their_type_and_get_a_note():
    check = GradientCheck("loss", 3)
    with pytest.raises(KeyError) as info, check.calling("predict"):
        raise KeyError("no")
    assert info.value.__notes__ == ["loss=3: raised in predict."]


def test_results_have_to_be_the_same_in_each_call():
    check, values = GradientCheck("activation", "mine"), np.array([1.0, np.nan])
    check.check_repeatable("the results", values, values.copy())
    with pytest.raises(ValueError, match=r"^activation='mine': the results differ"):
        check.check_repeatable("the results", values, np.zeros(2))


def test_instances_of_any_of_the_classes_are_accepted():
    check_is_instance("size", 1, int, float)
    check_is_instance("size", 1.0, int, float)
    message = "^size must be an object of a subclass of int or float, got '1'.$"
    with pytest.raises(TypeError, match=message):
        check_is_instance("size", "1", int, float)
