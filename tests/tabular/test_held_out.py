"""The outputs of members for rows that they were not trained on."""

from types import SimpleNamespace

import numpy as np

from sknumpy_mlp._tabular.held_out import HeldOut


def _trained(held_out, raw, weight=1.0):
    return SimpleNamespace(
        split=SimpleNamespace(
            held_out=None if held_out is None else np.array(held_out)
        ),
        member=SimpleNamespace(weight=weight),
        raw=None if raw is None else np.array(raw),
    )


def _data(n_rows, weight=None):
    return SimpleNamespace(y=np.zeros(n_rows), sample_weight=weight)


def test_outputs_are_averaged_row_by_row():
    trained = [
        _trained([4, 1], [[1.0, 2.0], [3.0, 4.0]]),
        _trained([1, 2], [[5.0, 0.0], [7.0, 8.0]]),
        _trained([0], None),  # a network that was trained on all rows
    ]
    held_out = HeldOut.of(trained, lambda raw: 10.0 * raw, _data(6))
    np.testing.assert_array_equal(held_out.rows, [1, 2, 4])
    np.testing.assert_array_equal(
        held_out.mean, [[40.0, 20.0], [70.0, 80.0], [10.0, 20.0]]
    )
    np.testing.assert_array_equal(held_out.member, [1, 1, 0])
    assert not held_out.is_by_one
    assert HeldOut.of(
        [trained[0], _trained([0], [[0.0, 0.0]])], abs, _data(6)
    ).is_by_one


def test_user_validation_data_is_predicted_by_all():
    trained = [_trained(None, [[1.0], [2.0]]), _trained(None, [[3.0], [6.0]])]
    held_out = HeldOut.of(trained, lambda raw: raw, _data(2))
    np.testing.assert_array_equal(held_out.rows, [0, 1])
    np.testing.assert_array_equal(held_out.mean, [[2.0], [4.0]])
    assert not held_out.is_by_one


def test_weights_of_members_count():
    trained = [_trained([0, 1], [[1.0], [2.0]]), _trained([1, 2], [[6.0], [7.0]], 3.0)]
    held_out = HeldOut.of(trained, lambda raw: raw, _data(3))
    np.testing.assert_array_equal(held_out.mean, [[1.0], [5.0], [7.0]])


def test_rows_of_weight_zero_are_left_out():
    trained = [_trained(None, [[1.0], [2.0], [3.0]])]
    data = _data(3, np.array([1.0, 0.0, 2.0]))
    held_out = HeldOut.of(trained, lambda raw: raw, data)
    np.testing.assert_array_equal(held_out.rows, [0, 2])
    np.testing.assert_array_equal(held_out.mean, [[1.0], [3.0]])
