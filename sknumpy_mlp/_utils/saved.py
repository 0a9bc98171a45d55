"""What a saved estimator says of itself, so that a later version can tell."""

import copy
from typing import Any

import numpy as np

from sknumpy_mlp._version import __version__

#: The form that estimators are saved in.  It counts up when a version's estimators no
#: longer have the attributes that those before had; `Saved.__setstate__` is the place
#: to bring earlier forms up to date.
FORM = 1


class Saved:
    """Mixin of estimators, which notes in their state the form and the version.

    Whatever pickles (joblib, skops, the processes of a search) asks for the state.
    """

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        plain: dict[str, Any] = _unmapped(state)
        return plain | {"_form": FORM, "_saved_by": __version__}

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
        if form > FORM:
            raise ValueError(
                f"This {name} was saved by sknumpy_mlp {version}, in a form that "
                f"{__version__} does not know yet. Load it with sknumpy_mlp {version} "
                "or later, or fit it again."
            )
        super().__setstate__(state)  # type: ignore[misc]


def _unmapped(value: Any) -> Any:
    """Return a value with ordinary arrays in place of mapped ones, on the same memory.

    That a file is mapped says where arrays lie, not what they are.  What holds none is
    returned as it is.
    """
    if isinstance(value, np.memmap):
        return np.asarray(value)
    if type(value) in (list, tuple):
        items = [_unmapped(item) for item in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else type(value)(items)
    if type(value) is dict:
        changed = {name: _unmapped(item) for name, item in value.items()}
        same = all(new is value[name] for name, new in changed.items())
        return value if same else changed
    # Objects of this package's classes hold arrays; estimators see to themselves.
    of_ours = type(value).__module__.startswith("sknumpy_mlp.")
    if of_ours and hasattr(value, "__dict__") and not isinstance(value, Saved):
        # As a pickle sees them: a checkpoint under way knows its run, which knows it.
        attributes = value.__getstate__() or {}
        changed = _unmapped(attributes)
        if changed is not attributes:
            value = copy.copy(value)
            vars(value).update(changed)
    return value
