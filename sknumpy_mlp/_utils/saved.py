"""Version information in the state of saved estimators."""

import copy
import inspect
from typing import Any

import numpy as np

from sknumpy_mlp._version import __version__

#: Version of the format that estimators are saved in.  Increment it when attributes of
#: fitted estimators change; convert older states in `VersionedStateMixin.__setstate__`.
FORMAT_VERSION = 1


class VersionedStateMixin:
    """Mixin that adds the format and the package version to an estimator's state.

    Everything that serializes estimators (pickle, joblib, skops, process pools) uses
    this state.
    """

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        plain: dict[str, Any] = _without_memmaps(state)
        return plain | {"_form": FORMAT_VERSION, "_saved_by": __version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        name = type(self).__name__
        if not isinstance(state, dict):
            raise ValueError(f"{state!r} is no state of a {name}.")
        state = dict(state)
        form, version = state.pop("_form", None), state.pop("_saved_by", None)
        if not isinstance(form, int) or form < 1:
            raise ValueError(
                f"This {name} was saved by sknumpy_mlp before its first release, in a "
                f"form that {__version__} does not read. Fit it again."
            )
        if form > FORMAT_VERSION:
            raise ValueError(
                f"This {name} was saved by sknumpy_mlp {version}, in a form that "
                f"{__version__} does not know yet. Load it with sknumpy_mlp {version} "
                "or later, or fit it again."
            )
        # A parameter that was added later has its default, which must be what earlier
        # versions did; otherwise, it takes another `FORMAT_VERSION`.
        parameters = inspect.signature(type(self)).parameters
        later = {
            name: each.default
            for name, each in parameters.items()
            if name not in state and each.default is not each.empty
        }
        super().__setstate__(later | state)  # type: ignore[misc]


def _without_memmaps(value: Any) -> Any:
    """Return a value with memory-mapped arrays as ordinary views of the same memory.

    Thus, an estimator loaded with ``mmap_mode`` is saved like any other.  Values
    without memory-mapped arrays are returned unchanged.
    """
    if isinstance(value, np.memmap):
        return np.asarray(value)
    if type(value) in (list, tuple):
        items = [_without_memmaps(item) for item in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else type(value)(items)
    if type(value) is dict:
        changed = {name: _without_memmaps(item) for name, item in value.items()}
        same = all(new is value[name] for name, new in changed.items())
        return value if same else changed
    # Objects of this package contain arrays; nested estimators convert themselves.
    is_ours = type(value).__module__.startswith("sknumpy_mlp.")
    if (
        is_ours
        and hasattr(value, "__dict__")
        and not isinstance(value, VersionedStateMixin)
    ):
        # The pickled state, without cycles: an active checkpoint and its run refer to
        # each other.
        attributes = value.__getstate__() or {}
        changed = _without_memmaps(attributes)
        if changed is not attributes:
            value = copy.copy(value)
            vars(value).update(changed)
    return value
