"""Pieces of the tabular estimators, each of which can be switched off.

The package has no such switches: they replace its functions while a fit runs.
"""

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from unittest.mock import patch

import numpy as np

from sknumpy_mlp._estimators.config import TrainingConfig
from sknumpy_mlp._estimators.target_scale import TargetScale
from sknumpy_mlp._tabular import architecture, base, member, preprocessor, scaling
from sknumpy_mlp._tabular.calibration import Calibration
from sknumpy_mlp._training.network import Network
from sknumpy_mlp.layers import Dense, Dropout, Scaling
from sknumpy_mlp.schedules import Constant


def _with_layers(change):
    """Patch the network: ``change`` maps a list of layers to another one."""
    build = architecture.tabular_network

    def changed(*args):
        return Network(tuple(change(list(build(*args).layers))))

    return patch.object(member, "tabular_network", changed)


def _no_scaling_layer(layers):
    return [layer for layer in layers if not isinstance(layer, Scaling)]


def _one_rate(layers):
    return [
        replace(layer, lr_multipliers=(1.0, 1.0)) if isinstance(layer, Dense) else layer
        for layer in layers
    ]


def _constant_dropout(layers):
    return [
        replace(layer, schedule=Constant()) if isinstance(layer, Dropout) else layer
        for layer in layers
    ]


def _passed_through(config, n_features, build=architecture.input_layer):
    """The input layer without embeddings of numbers."""
    return build(replace(config, n_numbers=0), n_features)


def _with_scale(change):
    """Patch the target's scale: ``change`` maps a fitted one to another one."""
    fit = TargetScale.fit
    return patch.object(TargetScale, "fit", lambda *args: change(fit(*args)))


def _unscaled(scale):
    return replace(
        scale,
        location=np.zeros_like(scale.location),
        factor=np.ones_like(scale.factor),
    )


def _unclipped(scale):
    infinite = np.full_like(scale.high, np.inf)
    return replace(scale, low=-infinite, high=infinite)


def _last_epoch(params=base.member_parameters):
    return patch.object(
        base,
        "member_parameters",
        lambda *args: params(*args) | {"early_stopping": False},
    )


def _only_scaled(table, which, transform, *args, of=preprocessor.scales_of_numbers):
    """The scales of numbers, none of which is mapped to normal scores."""
    return of(table, which, False, *args)


def _with_floor_only(calibration, raw, data):
    return replace(calibration, floor=1e-3 * (calibration.label_smoothing > 0.0))


def _with_temperature_only(calibration, raw, data, fitted=Calibration.fitted):
    return fitted(replace(calibration, label_smoothing=0.0), raw, data)


#: For each piece, functions that return the patches which switch it off.
PIECES = {
    "normal scores": [
        lambda: patch.object(preprocessor, "scales_of_numbers", _only_scaled)
    ],
    "clusters": [lambda: patch.object(scaling, "_MAX_DISTANCE", 1.0)],
    "number codes": [
        lambda: patch.object(preprocessor, "learn_number_codes", lambda *_: {})
    ],
    "input clipping": [lambda: patch.object(base, "_CLIP", 1e9)],
    "periodic embedding": [
        lambda: patch.object(architecture, "input_layer", _passed_through)
    ],
    "input scaling": [lambda: _with_layers(_no_scaling_layer)],
    "learning-rate multipliers": [lambda: _with_layers(_one_rate)],
    "schedules of dropout and decay": [
        lambda: _with_layers(_constant_dropout),
        lambda: patch.object(
            member._Member, "_make_config", lambda self: TrainingConfig.of(self)
        ),
    ],
    "best epoch": [_last_epoch],
    "target scaling": [lambda: _with_scale(_unscaled)],
    "output clipping": [lambda: _with_scale(_unclipped)],
    "temperature": [lambda: patch.object(Calibration, "fitted", _with_floor_only)],
    "smoothing correction": [
        lambda: patch.object(Calibration, "fitted", _with_temperature_only)
    ],
}


@contextmanager
def without(*pieces):
    """Fits inside the block do without some of the `PIECES`."""
    with ExitStack() as stack:
        for piece in pieces:
            for switch_off in PIECES[piece]:
                stack.enter_context(switch_off())
        yield
