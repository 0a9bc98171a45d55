"""Checkpoint files: a run as arrays and JSON, written atomically.

The file is an .npz archive without pickles: the arrays of the run and, as "meta", a
JSON document in UTF-8.
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

# Incremented whenever the meaning of the contents changes.
_FORMAT = 1

_LISTS = ("losses", "learning_rates", "validation_losses", "validation_scores")
_COUNTERS = ("base_rate", "n_samples_seen")
_OF_EARLY_STOPPING = ("best_score", "n_epochs_no_change")


def save_checkpoint(path: Path, run: Run) -> None:
    """Write a run to a file, which is replaced atomically.

    Raises
    ------
    OSError
        If the file cannot be written; a previous file then remains.
    """
    arrays, meta = _pack(run)
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    while not _replace(path, arrays):
        pass
    _sync_folder(path.parent)


def remove_leftovers(path: Path) -> None:
    """Delete the temporary files of processes that were killed while writing.

    A process that is still writing detects the loss and writes the file again.
    """
    pattern = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{32}}\.tmp")
    with contextlib.suppress(OSError):
        for sibling in path.parent.iterdir():
            if pattern.fullmatch(sibling.name):
                # Windows does not delete open files.
                with contextlib.suppress(OSError):
                    sibling.unlink()


def _replace(path: Path, arrays: dict[str, Any]) -> bool:
    """Replace a file; return False if the temporary file was deleted meanwhile."""
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
    """Write the arrays as `numpy.savez` would, and close the archive on failure.

    NumPy 1.26 leaves it open; the garbage collector then tries to finish the archive
    and prints an error that cannot be caught.
    """
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            # Required above 2 GiB, and the size is not known in advance.
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def load_checkpoint(path: Path, run: Run) -> tuple[int, bool]:
    """Load a file into a run that has just begun.

    The run is left unchanged if it has already been restored from another file with as
    many epochs or more.

    Returns
    -------
    n_epochs : int
        The number of epochs in the file.
    finished : bool
        Whether the run was finished by then.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If the file is not a checkpoint, is damaged, or belongs to another run; the run
        is then unchanged.
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
            stored_format, fingerprint = meta["format"], meta["fingerprint"]
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
    _check_fingerprint(path, fingerprint, run.fingerprint)
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
        "fingerprint": run.fingerprint,
        "finished": run.status == "finished",
        "n_steps": 0 if state.optimizer is None else state.optimizer.n_steps,
        "stream": _to_json(run.rng.get_state(legacy=False)),
        "layer_rng": None
        if state.layer_rng is None
        else _to_json(state.layer_rng.bit_generator.state),
    }
    meta |= {name: getattr(run, name) for name in _LISTS}
    meta |= {name: getattr(state, name) for name in _COUNTERS}
    if run.early_stopping is not None:
        meta |= {name: getattr(run.early_stopping, name) for name in _OF_EARLY_STOPPING}
    meta["callback_states"] = _pack_callback_states(run, arrays)
    return arrays, meta


def _pack_callback_states(run: Run, arrays: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the states of the callbacks as JSON, and add their arrays to ``arrays``.

    Classes without any state are left out.
    """
    packed: dict[str, list[Any]] = {}
    for i, callback in enumerate(run.callbacks):
        states = packed.setdefault(run.callback_key(callback), [])
        states.append(_pack_state(callback, f"state_{i}", arrays))
    return {
        key: states
        for key, states in packed.items()
        if any(state["values"] or state["arrays"] for state in states)
    }


def _pack_state(callback: Any, prefix: str, arrays: dict[str, Any]) -> dict[str, Any]:
    """Return a callback's state, with arrays replaced by their names in ``arrays``."""
    name = type(callback).__qualname__
    try:
        state = callback.state_dict()
    except OSError as error:  # must not be mistaken for a failure to write the file
        raise RuntimeError(f"{name}.state_dict() failed: {error!r}.") from error
    if not isinstance(state, dict):
        raise TypeError(f"{name}.state_dict() must return a dict, got {state!r}.")
    own = {key: each for key, each in state.items() if isinstance(each, np.ndarray)}
    values = {key: each for key, each in state.items() if key not in own}
    try:
        json.dumps(values)
        if any(array.dtype.hasobject for array in own.values()):
            raise TypeError("an array of objects")
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{name}.state_dict() must return a dict of arrays, numbers, strings, "
            f"None, lists and dicts, which a checkpoint can store: {error}."
        ) from error
    names = {key: f"{prefix}_{key}" for key in own}
    arrays |= {names[key]: own[key] for key in own}
    return {"values": values, "arrays": names}


def _unpack_state(
    packed: dict[str, Any], arrays: dict[str, NDArray[Any]]
) -> dict[str, Any]:
    """Return the state that `_pack_state` has packed."""
    own = {key: arrays[name] for key, name in packed["arrays"].items()}
    return {**packed["values"], **own}


def _unpack(
    path: Path, run: Run, arrays: dict[str, NDArray[Any]], meta: dict[str, Any]
) -> None:
    """Check that everything fits, then restore the run."""
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
        layer_rng = None if meta["layer_rng"] is None else _from_json(meta["layer_rng"])
        names: tuple[str, ...] = (*_LISTS, *_COUNTERS)
        if run.early_stopping is not None:
            names += _OF_EARLY_STOPPING
        values = {name: meta[name] for name in names}
        finished, n_steps = bool(meta["finished"]), int(meta["n_steps"])
        callback_states = {
            key: [_unpack_state(packed, arrays) for packed in states]
            for key, states in meta["callback_states"].items()
        }
        # A copy, since the stream may be the user's or NumPy's global one.
        rng = copy.deepcopy(run.rng)
        rng.set_state(stream)
        if layer_rng is not None and state.layer_rng is not None:
            state.layer_rng.bit_generator.state = layer_rng
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"{path} is damaged: {error!r}. Delete it, or give Checkpoint another path."
        ) from error
    run.rng, run.callback_states = rng, callback_states
    if state.stream is not None:
        state.stream = rng
    for name, array in expected.items():
        np.copyto(array, arrays[name])
    state.order = arrays.get("order")
    if "training_rows" in arrays:
        state.holdout = arrays["training_rows"], arrays["validation_rows"]
    for name in _LISTS:
        setattr(run, name, values[name])
    for name in _COUNTERS:
        setattr(state, name, values[name])
    if run.early_stopping is not None:
        for name in _OF_EARLY_STOPPING:
            setattr(run.early_stopping, name, values[name])
        run.early_stopping.best_params = arrays.get("best_params")
    if state.optimizer is not None:
        state.optimizer.n_steps = n_steps
    if finished:
        run.status = "finished"


def _to_json(value: Any) -> Any:
    """Return a random generator's state, nested dicts with arrays, as JSON."""
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


def _check_fingerprint(path: Path, stored: Any, current: dict[str, Any]) -> None:
    # As JSON represents it, in which tuples are lists.
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
            "is resumed, but its last digits may differ from those of an uninterrupted "
            "run."
        )


def _sync_folder(folder: Path) -> None:
    """Make the renaming durable, on systems that can sync folders."""
    with contextlib.suppress(OSError, AttributeError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
