"""
Custom loss: asymmetric squared error
=====================================

A shop orders goods for the next day.  The cost is the squared difference between order
and demand, times four if the order is too small.  A network is trained with this cost
as a custom loss.  (Its best constant prediction is an *expectile* of the demand: Newey
and Powell, Econometrica 55, 1987.)

Run ``python examples/custom_loss.py``.  The figure is saved as
``output/custom_loss.png`` next to this file.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from sknumpy_mlp import NumpyMLPRegressor
from sknumpy_mlp.losses import Loss, check_loss

# %%
# Loss and gradient
# -----------------
#
# A custom loss is a subclass of :class:`sknumpy_mlp.losses.Loss` with a method
# ``loss_gradient``.  It returns the loss of each row, and overwrites the raw output of
# the network with the derivative of the loss with respect to it.


class AsymmetricSquaredError(Loss):
    """Half the squared error, times ``short`` where the prediction is too small."""

    def __init__(self, short):
        self.short = short

    def loss_gradient(self, y, raw):
        raw -= y
        weight = np.where(raw < 0, self.short, 1.0)
        losses = (0.5 * weight * raw**2).sum(axis=1)
        raw *= weight
        return losses


# %%
# Data
# ----
#
# The demand is simulated.  It depends on the day of the week and on the temperature,
# and its variance is higher on warm days.


def demand(n_days, rng):
    day, temperature = rng.integers(7, size=n_days), rng.uniform(-1, 1, n_days)
    mean = 1 + 0.3 * (day >= 5) + 0.5 * temperature + 0.4 * temperature**2
    noise = rng.gamma(2.0, 0.15 * (1.2 + temperature))
    return np.column_stack([np.eye(7)[day], temperature]), mean + noise


X, y = demand(4000, np.random.default_rng(0))
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

# %%
# Gradient check
# --------------
#
# :func:`sknumpy_mlp.losses.check_loss` compares the gradient with finite differences of
# the loss, and raises an error if they differ.  ``fit`` does the same on a few rows.

loss = AsymmetricSquaredError(short=4.0)
check_loss(loss, y_train)
print("gradient check passed")

# %%
# Training
# --------
#
# Two networks that differ only in their loss are evaluated by the mean cost on test
# data, and by the fraction of days on which the order is too small.

networks = {}
print(f"{'loss':24}{'mean cost':>10}{'too small':>12}")
for name, trained_with in (
    ("squared", "squared_error"),
    ("asymmetric", loss),
):
    reg = NumpyMLPRegressor(
        trained_with,
        hidden_layer_sizes=(32, 32),
        activation="tanh",
        learning_rate="cosine",
        learning_rate_init=0.01,
        max_iter=100,
        random_state=0,
    ).fit(X_train, y_train)
    networks[name] = reg
    order = reg.predict(X_test)
    cost = loss.loss_gradient(y_test[:, np.newaxis], order[:, np.newaxis].copy())
    print(f"{name:24}{cost.mean():10.4f}{(order < y_test).mean():12.1%}", flush=True)

# %%
# With the asymmetric loss the orders are larger, and the difference grows with the
# temperature, as the variance of the demand does.

fig, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
weekday = X_test[:, :5].any(axis=1)
ax.plot(X_test[weekday, -1], y_test[weekday], ".", color="0.7", label="demand")
grid = np.linspace(-1, 1, 200)
tuesday = np.column_stack([np.tile(np.eye(7)[1], (200, 1)), grid])
for name, reg in networks.items():
    ax.plot(grid, reg.predict(tuesday), lw=2, label=f"order, {name} loss")
ax.set(xlabel="temperature (scaled)", ylabel="pieces (thousands)", title="Weekdays")
ax.legend()

output = Path(sys.argv[0]).parent / "output"
output.mkdir(exist_ok=True)
fig.savefig(output / "custom_loss.png", dpi=120)
print("figure: examples/output/custom_loss.png")
