import pickle

import pytest

from sknumpy_mlp.schedules import SCHEDULES, Adaptive, Constant, InverseScaling


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_values(name):
    schedule = SCHEDULES[name]()
    assert schedule == SCHEDULES[name]()
    assert pickle.loads(pickle.dumps(schedule)) == schedule
    assert schedule.epoch_factor(0) == 1.0
    assert hash(schedule) == hash(SCHEDULES[name]())


def test_constant():
    assert Constant().epoch_factor(10**6) == 1.0
    assert Constant().after_plateau(0.1) is None


def test_inverse_scaling():
    assert InverseScaling(power_t=0.5).epoch_factor(99) == pytest.approx(0.1)
    assert InverseScaling(power_t=0.0).epoch_factor(99) == 1.0
    assert InverseScaling().after_plateau(0.1) is None


def test_adaptive():
    schedule = Adaptive()
    assert schedule.epoch_factor(99) == 1.0
    assert schedule.after_plateau(0.1) == 0.1 / 5
    assert schedule.after_plateau(1e-6) is None
    assert schedule.after_plateau(9e-7) is None
