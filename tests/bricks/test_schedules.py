"""Every schedule: its formula, its ends, and invalid parameters."""

import math
import pickle

import numpy as np
import pytest

from sknumpy_mlp.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    CosineLog,
    FlatCosine,
    InverseScaling,
    OneCycle,
    Plateau,
    Schedule,
    WarmupCosine,
)

PROGRESS = np.linspace(0, 1, 101)


def _curve(schedule):
    return np.array([schedule(p) for p in PROGRESS])


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_values(name):
    schedule = SCHEDULES[name]()
    assert schedule == SCHEDULES[name]()
    assert pickle.loads(pickle.dumps(schedule)) == schedule
    assert hash(schedule) == hash(SCHEDULES[name]())


@pytest.mark.parametrize("name", SCHEDULES)
def test_factors_lie_between_0_and_1_and_reach_1(name):
    curve = _curve(SCHEDULES[name]())
    assert (curve >= 0).all()
    assert curve.max() == pytest.approx(1, abs=1e-4)
    assert SCHEDULES[name]().epoch_factor(0) == 1.0


def test_which_schedules_need_a_horizon():
    needing = {name for name in SCHEDULES if SCHEDULES[name]().needs_horizon}
    assert needing == {
        "cosine",
        "coslog",
        "flat_cosine",
        "one_cycle",
        "warmup_cosine",
    }


@pytest.mark.parametrize("name", SCHEDULES)
def test_cycles_end_with_training(name):
    ends = SCHEDULES[name]().cycle_ends
    assert ends[-1] == 1.0
    assert sorted(set(ends)) == list(ends)
    assert len(ends) == (4 if name == "coslog" else 1)


def test_cosine_cycles_end_with_a_rate_of_zero():
    for n_cycles in (1, 3, 1023):
        schedule = CosineLog(n_cycles)
        assert len(schedule.cycle_ends) == n_cycles
        rates = [schedule(end) for end in schedule.cycle_ends[-3:]]
        assert rates == pytest.approx([0.0] * len(rates), abs=1e-9)


def test_constant():
    assert Constant().epoch_factor(10**6) == Constant()(0.7) == 1.0
    assert Constant().after_plateau(0.1) is None


def test_inverse_scaling():
    assert InverseScaling(power_t=0.5).epoch_factor(99) == pytest.approx(0.1)
    assert InverseScaling(power_t=0.0).epoch_factor(99) == 1.0
    assert InverseScaling().after_plateau(0.1) is None


def test_plateau():
    schedule = Plateau()
    assert schedule.epoch_factor(99) == schedule(0.5) == 1.0
    assert schedule.after_plateau(0.1) == 0.1 / 5
    assert schedule.after_plateau(1e-6) is None
    assert schedule.after_plateau(9e-7) is None
    assert Plateau(divisor=2, min_rate=0.1).after_plateau(0.2) == 0.1


def test_cosine_follows_its_formula():
    np.testing.assert_allclose(
        _curve(Cosine(end=0.1)), 0.1 + 0.9 * (1 + np.cos(np.pi * PROGRESS)) / 2
    )


def test_warmup_cosine_follows_its_formula():
    curve = _curve(WarmupCosine(warmup=0.25, start=0.2, end=0.05))
    np.testing.assert_allclose(curve[:25], 0.2 + 0.8 * PROGRESS[:25] / 0.25)
    share = (PROGRESS[25:] - 0.25) / 0.75
    np.testing.assert_allclose(
        curve[25:], 0.05 + 0.95 * (1 + np.cos(np.pi * share)) / 2
    )
    np.testing.assert_allclose(_curve(WarmupCosine(warmup=0.0)), _curve(Cosine()))


def test_one_cycle_follows_its_formula():
    curve = _curve(OneCycle(warmup=0.4, start=0.1, end=0.01))
    up = PROGRESS[:40] / 0.4
    np.testing.assert_allclose(curve[:40], 1 - 0.9 * (1 + np.cos(np.pi * up)) / 2)
    down = (PROGRESS[40:] - 0.4) / 0.6
    np.testing.assert_allclose(curve[40:], 0.01 + 0.99 * (1 + np.cos(np.pi * down)) / 2)
    np.testing.assert_allclose(_curve(OneCycle(warmup=0.0, end=0.0)), _curve(Cosine()))


def test_flat_cosine_is_flat_and_then_a_cosine():
    curve = _curve(FlatCosine())
    np.testing.assert_array_equal(curve[:51], 1.0)
    np.testing.assert_allclose(
        curve[50:], np.cos(np.pi * (PROGRESS[50:] - 0.5)) ** 2, atol=1e-15
    )


@pytest.mark.parametrize("n_cycles", [1, 2, 5])
def test_each_cycle_of_coslog_is_twice_as_long_as_the_last(n_cycles):
    schedule = CosineLog(n_cycles)
    total = 2**n_cycles - 1
    for cycle in range(n_cycles):
        # Cycle k goes from 2**k - 1 to 2**(k + 1) - 1, in units of the first.
        start, length = (2**cycle - 1) / total, 2**cycle / total
        assert schedule(start) == pytest.approx(0, abs=1e-12)
        assert schedule(start + length) == pytest.approx(0, abs=1e-12)
        assert schedule(start + (2**0.5 - 1) * length) == pytest.approx(1)
        assert schedule(start + (2**0.25 - 1) * length) == pytest.approx(0.5)
        assert schedule(start + (2**0.75 - 1) * length) == pytest.approx(0.5)
        assert schedule(start + (2 ** (1 / 3) - 1) * length) == pytest.approx(0.75)


@pytest.mark.parametrize("n_samples", [0, 1, 3, 99, 10**9])
@pytest.mark.parametrize("power_t", [0.0, 0.3, 0.5, 1.0, 2.0])
def test_inverse_scaling_is_a_power(power_t, n_samples):
    expected = math.exp(-power_t * math.log1p(n_samples))
    assert InverseScaling(power_t).epoch_factor(n_samples) == pytest.approx(expected)
    assert InverseScaling(power_t)(0.7) == 1.0


def test_defaults_are_those_of_the_docstrings():
    """Plain formulas with the documented defaults."""
    for progress in (0.0, 0.07, 0.25, 0.31, 0.8, 1.0):
        rise = 0.01 + 0.99 * progress / 0.1
        fall = math.cos(math.pi / 2 * (progress - 0.1) / 0.9) ** 2
        expected = rise if progress < 0.1 else fall
        assert WarmupCosine()(progress) == pytest.approx(expected, abs=1e-15)
        up = 0.04 + 0.96 * math.sin(math.pi / 2 * progress / 0.3) ** 2
        down = 4e-6 + (1 - 4e-6) * math.cos(math.pi / 2 * (progress - 0.3) / 0.7) ** 2
        expected = up if progress < 0.3 else down
        assert OneCycle()(progress) == pytest.approx(expected, abs=1e-15)
        expected = math.cos(math.pi / 2 * progress) ** 2
        assert Cosine()(progress) == pytest.approx(expected, abs=1e-15)
        cycles = math.sin(math.pi * math.log2(1 + 15 * progress)) ** 2
        assert CosineLog()(progress) == pytest.approx(cycles, abs=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CosineLog(0), r"n_cycles=0\).*\[1, 1023\]"),
        (lambda: CosineLog(1024), r"n_cycles=1024\).*\[1, 1023\]"),
        (lambda: CosineLog(2.5), r"n_cycles=2.5\): n_cycles must be an integer"),
        (lambda: Plateau(divisor=1.0), r"divisor=1.0\).*\(1, inf\)"),
        (lambda: Plateau(min_rate=0.0), r"min_rate=0.0\).*\(0, inf\)"),
        (lambda: InverseScaling("x"), r"power_t='x'\).*\[0, inf\)"),
        (lambda: Cosine(end=1.5), r"Cosine\(end=1.5\): end .*\[0, 1\]"),
        (lambda: Cosine(end=math.nan), r"Cosine\(end=nan\): end "),
        (lambda: WarmupCosine(warmup=1.0), r"warmup must be .*\[0, 1\)"),
        (lambda: WarmupCosine(start=-0.1), r"start must be .*\[0, 1\]"),
        (lambda: OneCycle(warmup=1.0), r"warmup must be .*\[0, 1\)"),
        (lambda: OneCycle(end=2.0), r"end must be .*\[0, 1\]"),
    ],
)
def test_constants_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


class Steps(Schedule):
    """A custom schedule, not a dataclass."""

    def __init__(self, n):
        self.n = n

    def __call__(self, progress):
        return 0.1 ** math.floor(progress * self.n)


def test_custom_schedules():
    assert Steps(3).needs_horizon
    assert Steps(3) == Steps(3) != Steps(4)
    assert Steps(3).after_plateau(0.1) is None
    assert Steps(2)(0.7) == 0.1


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_fractions_may_be_zero_or_one(share):
    assert Cosine(end=share)(1.0) == share
    assert WarmupCosine(start=share)(0.0) == WarmupCosine(end=share)(1.0) == share
    assert OneCycle(start=share)(0.0) == OneCycle(end=share)(1.0) == share


@pytest.mark.parametrize("share", [-0.1, 1.5])
@pytest.mark.parametrize("cls", [WarmupCosine, OneCycle])
@pytest.mark.parametrize("name", ["start", "end"])
def test_fractions_beyond_are_refused(cls, name, share):
    with pytest.raises(ValueError, match=rf"{name} must be .*\[0, 1\]"):
        cls(**{name: share})
