"""The outputs of members for rows that they were not trained on."""

from types import SimpleNamespace

import numpy as np
import pytest

from sknumpy_mlp._tabular.held_out import (
    HeldOut,
    checksums,
    has_checksums,
    summarize,
    validation_indices,
)


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


def test_members_share_the_indices_of_a_hold_out_set():
    hold_out = np.array([0, 2])
    rows = np.array([1, 3, 5])
    members = [
        SimpleNamespace(split=SimpleNamespace(held_out=each))
        for each in (hold_out, hold_out, None, np.array([1]))
    ]
    found = validation_indices(members, rows)
    assert found[0] is found[1]
    assert [each.tolist() for each in found] == [[1, 5], [1, 5], [], [3]]
    assert {each.dtype for each in found} == {np.dtype(np.int32)}


@pytest.mark.parametrize("n_columns", [1, 3])
def test_checksums_depend_on_values_and_their_order(n_columns):
    rng = np.random.default_rng(0)
    values = rng.integers(2, size=(60, n_columns)).astype(np.float32)
    rows = np.arange(0, 60, 2)
    expected = checksums(values, rows)
    assert has_checksums(values * np.float32(1 + 1e-6), rows, expected)
    values[1] = 7.0  # none of the rows
    assert has_checksums(values, rows, expected)
    for _ in range(200):
        assert not has_checksums(values[rng.permutation(60)], rows, expected)
    values[0] += 1.0
    assert not has_checksums(values, rows, expected)


def _blocks(member, groups=None, folds=None):
    n_rows = len(member)
    held_out = HeldOut(np.arange(n_rows), np.zeros((n_rows, 1)), member, False)
    task = SimpleNamespace(groups=groups, folds=folds, seed=0)
    found = summarize(held_out, np.ones((n_rows, 2)), np.ones(n_rows), task)["block"]
    assert found.dtype == np.int8
    return found


def test_blocks_are_folds_groups_or_parts():
    folds = np.repeat(np.arange(4), 5)
    blocks = _blocks(folds)
    assert len(np.unique(blocks)) == 4
    assert (blocks == np.repeat(blocks[::5], 5)).all()
    many = np.repeat(np.arange(25), 4)
    assert np.bincount(_blocks(many)).tolist() == [12] * 5 + [8] * 5
    unequal = np.repeat(np.arange(11), [100, *[10] * 10])
    assert sorted(np.bincount(_blocks(unequal))) == [10] * 8 + [20, 100]
    alone = np.zeros(40, dtype=int)  # a hold-out set
    assert np.bincount(_blocks(alone)).tolist() == [4] * 10
    assert (np.diff(_blocks(alone)) < 0).any()  # drawn at random
    in_time = _blocks(alone, folds=[()])
    assert (in_time == np.arange(40) // 4).all()
    grouped = _blocks(alone, groups=np.repeat(np.arange(4), 10))
    assert len(np.unique(grouped)) == 4
    assert len(np.unique(_blocks(np.zeros(3, dtype=int)))) == 3
