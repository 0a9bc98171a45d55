"""Presets: the effort of a fit."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """Values of parameters that are 'auto'.

    Attributes
    ----------
    n_members : int
        The number of networks of an ensemble.
    max_epochs : int
        The maximum number of epochs, for up to 2,500 rows.
    """

    n_members: int
    max_epochs: int


#: The presets by the names that the parameter ``preset`` takes.
PRESETS = {
    "fast": Preset(n_members=4, max_epochs=48),
    "default": Preset(n_members=8, max_epochs=96),
}
