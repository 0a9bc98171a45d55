"""Checkpoints: a run as a file of arrays and JSON, written in one piece or not at all.

Nothing is pickled.  The file is an .npz archive: the arrays of the run, and under
"meta" a JSON document in UTF-8.
"""

import contextlib
import copy
import json
import os
import platform
import re
import uuid
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._training.run import Run
from sknumpy_mlp._utils.warnings import warn

# Counts up whenever what is stored changes its meaning.
_FORMAT = 1

_LISTS = ("losses", "learning_rates", "validation_losses", "validation_scores")
_COUNTERS = ("base_rate", "best_score", "n_epochs_no_change", "n_samples_seen")


def save_checkpoint(path: Path, run: Run) -> None:
    """Write a run to a file that is either the old one or the new one, never torn.

    Raises
    ------
    OSError
        If the file cannot be written; an earlier one is then still there.
    """
    arrays, meta = _pack(run)
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    while not _replace(path, arrays):
        pass
    _sync_folder(path.parent)


def remove_leftovers(path: Path) -> None:
    """Delete what processes that were killed while they wrote have left beside a file.

    Should one of them be alive after all, it will notice and write once more.
    """
    pattern = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{32}}\.tmp")
    with contextlib.suppress(OSError):
        for sibling in path.parent.iterdir():
            if pattern.fullmatch(sibling.name):
                # Windows deletes no file that is being written.
                with contextlib.suppress(OSError):
                    sibling.unlink()


def _replace(path: Path, arrays: dict[str, Any]) -> bool:
    """Write arrays to a new file in place of the old one; False if it was deleted."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("xb") as file:
            _write(file, arrays)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.replace(temporary, path)
        except FileNotFoundError:
            return False
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return True


def _write(file: BinaryIO, arrays: dict[str, Any]) -> None:
    """Write what `numpy.savez` would, and let go of the archive if that fails.

    Where NumPy 1.26 does not, the archive tries to end itself when it is collected,
    and Python prints an error that nobody can catch.
    """
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            # Large files may need it, and their length is not known beforehand.
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def load_checkpoint(path: Path, run: Run) -> tuple[int, bool]:
    """Put what a file holds into a run that has just begun.

    A run that another file has brought as far or further stays as it is.

    Returns
    -------
    n_epochs : int
        The number of epochs in the file.
    finished : bool
        Whether they are all.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If the file is no checkpoint, is damaged, or belongs to another run; the run
        is then as it was.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise OSError(
            error.errno,
            f"{path} cannot be read as a checkpoint: {error}. Delete it, or give "
            "Checkpoint another path.",
        ) from error
    with file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            meta = json.loads(arrays.pop("meta").tobytes())
            stored_format, identity = meta["format"], meta["identity"]
            versions = dict(meta["versions"])
            progress = len(meta["losses"]), bool(meta["finished"])
        except Exception as error:
            raise ValueError(
                f"{path} is damaged, or is no checkpoint of this package: {error!r}. "
                "Delete it, or give Checkpoint another path."
            ) from error
    if stored_format != _FORMAT:
        raise ValueError(
            f"{path} was written in format {stored_format} by sknumpy_mlp "
            f"{versions.get('sknumpy_mlp')}; this version reads format {_FORMAT}. "
            "Finish the run with the version that began it."
        )
    _check_identity(path, identity, run.identity)
    _check_versions(path, versions)
    if not run.n_epochs or progress > (run.n_epochs, run.status == "finished"):
        _unpack(path, run, arrays, meta)
    return progress


# ------------------------------------------------------------------ run -> arrays, JSON


def _pack(run: Run) -> tuple[dict[str, Any], dict[str, Any]]:
    state = run.state
    arrays: dict[str, Any] = {"params": run.params}
    if run.best_params is not None:
        arrays["best_params"] = run.best_params
    if state.optimizer is not None:
        for i, moment in enumerate(state.optimizer.moments):
            arrays[f"moment_{i}"] = moment
    if state.order is not None:
        arrays["order"] = state.order
    if state.holdout is not None:
        arrays["training_rows"], arrays["validation_rows"] = state.holdout
    meta = {
        "format": _FORMAT,
        "versions": _versions(),
        "identity": run.identity,
        "finished": run.status == "finished",
        "n_steps": 0 if state.optimizer is None else state.optimizer.n_steps,
        "stream": _to_json(run.rng.get_state(legacy=False)),
        "noise": None
        if state.noise is None
        else _to_json(state.noise.bit_generator.state),
    }
    meta |= {name: getattr(run, name) for name in _LISTS}
    meta |= {name: getattr(state, name) for name in _COUNTERS}
    meta["memories"] = _pack_memories(run, arrays)
    return arrays, meta


def _pack_memories(run: Run, arrays: dict[str, Any]) -> dict[str, list[Any]]:
    """Return what callbacks remember as JSON, and put arrays among the others."""
    packed: dict[str, list[Any]] = {}
    for i, callback in enumerate(run.callbacks):
        name, memory = type(callback).__qualname__, _memory(callback)
        own = {
            key: each for key, each in memory.items() if isinstance(each, np.ndarray)
        }
        rest = {key: each for key, each in memory.items() if key not in own}
        try:
            json.dumps(rest)
            if any(array.dtype.hasobject for array in own.values()):
                raise TypeError("an array of objects")
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"{name}.memory() must return a dict of arrays, numbers, texts, None, "
                f"lists and dicts, as a checkpoint can hold them: {error}."
            ) from error
        keys = {key: f"memory_{i}_{key}" for key in own}
        arrays |= {keys[key]: own[key] for key in own}
        packed.setdefault(run.kind_of(callback), []).append(
            {"values": rest, "arrays": keys}
        )
    nothing: dict[str, Any] = {"values": {}, "arrays": {}}
    return {
        name: each for name, each in packed.items() if each.count(nothing) < len(each)
    }


def _memory(callback: Any) -> dict[str, Any]:
    name = type(callback).__qualname__
    try:
        memory = callback.memory()
    except OSError as error:  # which is none of the checkpoint's
        raise RuntimeError(f"{name}.memory() failed: {error!r}.") from error
    if not isinstance(memory, dict):
        raise TypeError(f"{name}.memory() must return a dict, got {memory!r}.")
    return memory


def _unpack_memories(
    packed: dict[str, list[Any]], arrays: dict[str, NDArray[Any]]
) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [
            each["values"] | {key: arrays[of] for key, of in each["arrays"].items()}
            for each in memories
        ]
        for name, memories in packed.items()
    }


def _unpack(
    path: Path, run: Run, arrays: dict[str, NDArray[Any]], meta: dict[str, Any]
) -> None:
    """Check that everything fits, then put it in place."""
    state = run.state
    moments = [] if state.optimizer is None else list(state.optimizer.moments)
    expected = {"params": run.params}
    expected |= {f"moment_{i}": moment for i, moment in enumerate(moments)}
    best = {"best_params": run.params} if "best_params" in arrays else {}
    for name, array in (expected | best).items():
        found = arrays.get(name)
        if found is None or (found.shape, found.dtype) != (array.shape, array.dtype):
            has = "nothing" if found is None else f"{found.dtype} of {found.shape}"
            raise ValueError(
                f"{path} holds {has} as {name}, where this fit has {array.dtype} of "
                f"{array.shape}: it belongs to another run. Delete it, or give "
                "Checkpoint another path."
            )
    try:
        stream = _from_json(meta["stream"])
        noise = None if meta["noise"] is None else _from_json(meta["noise"])
        values = {name: meta[name] for name in (*_LISTS, *_COUNTERS)}
        finished, n_steps = bool(meta["finished"]), int(meta["n_steps"])
        memories = _unpack_memories(meta.get("memories", {}), arrays)
        # A stream of the run's own: the user's, or NumPy's global one, is not to jump.
        rng = copy.deepcopy(run.rng)
        rng.set_state(stream)
        if noise is not None and state.noise is not None:
            state.noise.bit_generator.state = noise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"{path} is damaged: {error!r}. Delete it, or give Checkpoint another path."
        ) from error
    run.rng, run.memories = rng, memories
    if state.stream is not None:
        state.stream = rng
    for name, array in expected.items():
        np.copyto(array, arrays[name])
    run.best_params = arrays.get("best_params")
    state.order = arrays.get("order")
    if "training_rows" in arrays:
        state.holdout = arrays["training_rows"], arrays["validation_rows"]
    for name in _LISTS:
        setattr(run, name, values[name])
    for name in _COUNTERS:
        setattr(state, name, values[name])
    if state.optimizer is not None:
        state.optimizer.n_steps = n_steps
    if finished:
        run.status = "finished"


def _to_json(value: Any) -> Any:
    """Nested dicts of numbers and arrays, as a random stream's state is."""
    if isinstance(value, dict):
        return {name: _to_json(item) for name, item in value.items()}
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.name, "values": value.tolist()}
    return value.item() if isinstance(value, np.generic) else value


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"dtype", "values"}:
            return np.array(value["values"], value["dtype"])
        return {name: _from_json(item) for name, item in value.items()}
    return value


# ------------------------------------------------------------------------------- checks


def _check_identity(path: Path, stored: Any, current: dict[str, Any]) -> None:
    # What JSON makes of it: tuples are lists there.
    current = json.loads(json.dumps(current))
    if stored == current:
        return
    differences = [
        f"{name} was {stored.get(name)!r} and is {current.get(name)!r}"
        for name in sorted(stored.keys() | current.keys())
        if stored.get(name) != current.get(name)
    ]
    raise ValueError(
        f"{path} belongs to another run: {'; '.join(differences)}. Resume with the "
        "same parameters and data, delete the file, or give Checkpoint another path."
    )


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in ("sknumpy_mlp", "numpy", "scipy", "scikit-learn"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:  # run from a folder, not installed
            versions[name] = "unknown"
    return versions


def _check_versions(path: Path, stored: dict[str, str]) -> None:
    current = _versions()
    changed = [
        f"{name} {stored.get(name)} -> {current[name]}"
        for name in current
        if stored.get(name) != current[name]
    ]
    if changed:
        warn(
            f"{path} was written with other versions ({', '.join(changed)}): the run "
            "goes on, but its last digits may differ from those of a run without a "
            "break."
        )


def _sync_folder(folder: Path) -> None:
    """Make the new name last, where the system can do that for folders."""
    with contextlib.suppress(OSError, AttributeError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
