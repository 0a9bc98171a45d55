import numpy as np
import pytest
import scipy.sparse as sp

from sknumpy_mlp._training.batches import Batches

N = 10


def _data(container=np.asarray):
    X = np.arange(3.0 * N).reshape(N, 3)
    return container(X), np.arange(N), np.arange(N) / 10


def _epoch(batches, rng):
    """Batches are valid until the next is drawn: copy each."""
    return [
        (
            X.toarray() if sp.issparse(X) else X.copy(),
            y.copy(),
            None if w is None else w.copy(),
        )
        for X, y, w in batches.epoch(rng)
    ]


@pytest.mark.parametrize(
    "container", [np.ascontiguousarray, np.asfortranarray, sp.csr_array]
)
@pytest.mark.parametrize("rows", [None, np.array([8, 1, 5, 2, 7])])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("batch_size", [1, 4, 5, 10])
def test_every_row_once_and_arrays_stay_together(container, rows, shuffle, batch_size):
    X, y, weight = _data(container)
    batches = Batches(X, y, weight, batch_size, rows=rows, shuffle=shuffle)
    rng = np.random.RandomState(0)
    expected = np.arange(N) if rows is None else rows
    for _ in range(3):
        parts = _epoch(batches, rng)
        seen = np.concatenate([y for _, y, _ in parts])
        assert sorted(seen) == sorted(expected)
        if not shuffle:
            np.testing.assert_array_equal(seen, expected)
        for X_batch, y_batch, w_batch in parts:
            np.testing.assert_array_equal(X_batch[:, 0], 3 * y_batch)
            np.testing.assert_array_equal(w_batch, y_batch / 10)
        assert all(len(y) == min(batch_size, len(expected)) for _, y, _ in parts[:-1])


def test_without_weights():
    X, y, _ = _data()
    batches = Batches(X, y, None, 4)
    assert all(w is None for *_, w in _epoch(batches, np.random.RandomState(0)))


def test_the_order_is_scikit_learns():
    from sklearn.utils import shuffle

    X, y, _ = _data()
    batches, rng, order = Batches(X, y, None, 4), np.random.RandomState(3), np.arange(N)
    their_rng = np.random.RandomState(3)
    for _ in range(3):
        order = shuffle(order, random_state=their_rng)
        ours = np.concatenate([y for _, y, _ in _epoch(batches, rng)])
        np.testing.assert_array_equal(ours, order)


def test_a_full_batch_is_the_data_itself():
    X, y, weight = _data()
    ((X_batch, y_batch, w_batch),) = Batches(X, y, weight, N).epoch(
        np.random.RandomState(0)
    )
    assert X_batch is X
    assert y_batch is y
    assert w_batch is weight


def test_goes_on_from_an_order():
    X, y, _ = _data()
    whole, rng = Batches(X, y, None, 3), np.random.RandomState(0)
    _epoch(whole, rng)
    expected = _epoch(whole, rng)
    first, rng = Batches(X, y, None, 3), np.random.RandomState(0)
    _epoch(first, rng)
    second = Batches(X, y, None, 3, order=first.order)
    for (a, *_), (b, *_) in zip(expected, _epoch(second, rng), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_memory_map_is_not_copied(tmp_path):
    path = tmp_path / "X.npy"
    X = np.lib.format.open_memmap(path, mode="w+", dtype=float, shape=(N, 3))
    X[:] = _data()[0]
    batches = Batches(X, np.arange(N), None, 4)
    for X_batch, y_batch, _ in _epoch(batches, np.random.RandomState(0)):
        np.testing.assert_array_equal(X_batch[:, 0], 3 * y_batch)
        assert not np.shares_memory(X_batch, X)


def test_column_major_data_is_copied_once_unless_it_is_on_disk(tmp_path):
    X = np.asfortranarray(_data()[0])
    assert Batches(X, np.arange(N), None, 4)._arrays[0].flags.c_contiguous
    assert Batches(X, np.arange(N), None, N)._arrays[0] is X
    mapped = np.lib.format.open_memmap(
        tmp_path / "X.npy", mode="w+", dtype=float, shape=(N, 3), fortran_order=True
    )
    mapped[:] = X
    for on_disk in (mapped, np.asarray(mapped), mapped[1:]):
        batches = Batches(on_disk, np.arange(len(on_disk)), None, 4)
        assert batches._arrays[0] is on_disk
        for X_batch, y_batch, _ in _epoch(batches, np.random.RandomState(0)):
            np.testing.assert_array_equal(X_batch, on_disk[y_batch])


def test_column_major_data_that_is_not_gathered_is_not_copied():
    X, y = np.asfortranarray(_data()[0]), np.arange(N)
    assert Batches(X, y, None, 4, shuffle=False)._arrays[0] is X
    rows = np.arange(N)[::-1]
    for batch_size, copied in ((4, True), (N, False)):
        batches = Batches(X, y, None, batch_size, rows=rows, shuffle=False)
        assert batches._arrays[0].flags.c_contiguous == copied


def test_row_major_data_is_not_copied():
    X = _data()[0]
    for view in (X, X[:, 1:], X[::-1], np.broadcast_to(X[:, :1], (N, 3))):
        assert Batches(view, np.arange(N), None, 4)._arrays[0] is view


def test_column_major_data_of_a_foreign_buffer_is_copied():
    X = np.frombuffer(_data()[0].T.tobytes()).reshape(3, N).T
    assert Batches(X, np.arange(N), None, 4)._arrays[0].flags.c_contiguous


def test_batches_share_their_memory():
    X, y, weight = _data()
    batches = iter(Batches(X, y, weight, 4).epoch(np.random.RandomState(0)))
    for first, second in zip(next(batches), next(batches), strict=True):
        assert np.shares_memory(first, second)
