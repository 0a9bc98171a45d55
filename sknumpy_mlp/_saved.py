"""What a saved estimator says of itself, so that a later version can tell."""

from typing import Any

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
        return state | {"_form": FORM, "_saved_by": __version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        form, version = state.pop("_form", None), state.pop("_saved_by", None)
        name = type(self).__name__
        if form is None:
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
