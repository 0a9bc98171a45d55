"""Every schedule: its formula, its ends, and what may not be."""

import math
import pickle

import numpy as np
import pytest

from sknumpy_mlp.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
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


def test_what_needs_a_horizon():
    needing = {name for name in SCHEDULES if SCHEDULES[name]().needs_horizon}
    assert needing == {
        "cosine",
        "coslog",
        "flat_cosine",
        "one_cycle",
        "warmup_cosine",
    }


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


def test_warmup_cosine_rises_in_a_line_and_falls_like_a_cosine():
    curve = _curve(WarmupCosine(warmup=0.25, start=0.2, end=0.05))
    np.testing.assert_allclose(curve[:25], 0.2 + 0.8 * PROGRESS[:25] / 0.25)
    share = (PROGRESS[25:] - 0.25) / 0.75
    np.testing.assert_allclose(
        curve[25:], 0.05 + 0.95 * (1 + np.cos(np.pi * share)) / 2
    )
    np.testing.assert_allclose(_curve(WarmupCosine(warmup=0.0)), _curve(Cosine()))


def test_one_cycle_follows_its_formula():
    curve = _curve(OneCycle(rise=0.4, start=0.1, end=0.01))
    up = PROGRESS[:40] / 0.4
    np.testing.assert_allclose(curve[:40], 1 - 0.9 * (1 + np.cos(np.pi * up)) / 2)
    down = (PROGRESS[40:] - 0.4) / 0.6
    np.testing.assert_allclose(curve[40:], 0.01 + 0.99 * (1 + np.cos(np.pi * down)) / 2)
    np.testing.assert_allclose(_curve(OneCycle(rise=0.0, end=0.0)), _curve(Cosine()))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Plateau(divisor=1.0), r"divisor=1.0\).*\(1, inf\)"),
        (lambda: Plateau(min_rate=0.0), r"min_rate=0.0\).*\(0, inf\)"),
        (lambda: InverseScaling("x"), r"power_t='x'\).*\[0, inf\)"),
        (lambda: Cosine(end=1.5), r"Cosine\(end=1.5\): end .*\[0, 1\]"),
        (lambda: Cosine(end=math.nan), r"Cosine\(end=nan\): end "),
        (lambda: WarmupCosine(warmup=1.0), r"warmup must be .*\[0, 1\)"),
        (lambda: WarmupCosine(start=-0.1), r"start must be .*\[0, 1\]"),
        (lambda: OneCycle(rise=1.0), r"rise must be .*\[0, 1\)"),
        (lambda: OneCycle(end=2.0), r"end must be .*\[0, 1\]"),
    ],
)
def test_constants_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


class Steps(Schedule):
    """A user's own, without a dataclass."""

    def __init__(self, n):
        self.n = n

    def __call__(self, progress):
        return 0.1 ** math.floor(progress * self.n)


def test_a_schedule_of_ones_own():
    assert Steps(3).needs_horizon
    assert Steps(3) == Steps(3) != Steps(4)
    assert Steps(3).after_plateau(0.1) is None
    assert Steps(2)(0.7) == 0.1
