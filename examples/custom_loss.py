"""
A custom loss
=============

A shop orders goods for the next day.  The cost grows with the square of the error, and
is four times as high for missing goods as for leftover ones.  The corresponding custom
loss is an asymmetric squared error; its best constant prediction is an *expectile* of
the demand (Newey and Powell, Econometrica 55, 1987).

Run ``python examples/custom_loss.py``; draws the orders into
``output/custom_loss.png`` beside this file.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from sknumpy_mlp import NumpyMLPRegressor
from sknumpy_mlp.losses import Loss, check_loss

# %%
# The loss
# --------
#
# The method ``loss_gradient`` returns the loss of each row, and overwrites the raw
# output of the network with the derivative of the loss with respect to it.


class AsymmetricSquaredError(Loss):
    """Squared error, times ``short`` where the prediction is below the target."""

    def __init__(self, short):
        self.short = short

    def loss_gradient(self, y, raw):
        raw -= y
        weight = np.where(raw < 0, self.short, 1.0)
        losses = (0.5 * weight * raw**2).sum(axis=1)
        raw *= weight
        return losses


# %%
# Days of a shop
# --------------
#
# The demand depends on the day of the week and the temperature, and has a higher
# variance on warm days, when errors are therefore more expensive.


def demand(n_days, rng):
    day, temperature = rng.integers(7, size=n_days), rng.uniform(-1, 1, n_days)
    mean = 1 + 0.3 * (day >= 5) + 0.5 * temperature + 0.4 * temperature**2
    noise = rng.gamma(2.0, 0.15 * (1.2 + temperature))
    return np.column_stack([np.eye(7)[day], temperature]), mean + noise


X, y = demand(4000, np.random.default_rng(0))
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

# %%
# The gradient, checked
# ---------------------
#
# `check_loss` compares the gradient with finite differences of the losses.  If they do
# not agree, it raises an error with the row, the output and both derivatives.  `fit`
# does the same with a few rows.

loss = AsymmetricSquaredError(short=4.0)
check_loss(loss, y_train)

# %%
# Two networks
# ------------
#
# They differ only in their loss, and are both evaluated by the costs of the shop.

networks = {}
print(f"{'trained with':24}{'cost':>8}{'short on':>12}")
for name, trained_with in (
    ("squared error", "squared_error"),
    ("the shop's own costs", loss),
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
    print(f"{name:24}{cost.mean():8.4f}{(order < y_test).mean():11.1%}", flush=True)

# %%
# With the custom loss the network orders more, and the excess grows with the
# temperature: from the loss alone it has learned where the demand is uncertain.

fig, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
weekday = X_test[:, :5].any(axis=1)
ax.plot(X_test[weekday, -1], y_test[weekday], ".", color="0.7", label="demand")
grid = np.linspace(-1, 1, 200)
tuesday = np.column_stack([np.tile(np.eye(7)[1], (200, 1)), grid])
for name, reg in networks.items():
    ax.plot(grid, reg.predict(tuesday), lw=2, label=f"order, by {name}")
ax.set(xlabel="temperature", ylabel="pieces (thousands)", title="orders, weekdays")
ax.legend()

output = Path(sys.argv[0]).parent / "output"
output.mkdir(exist_ok=True)
fig.savefig(output / "custom_loss.png", dpi=120)
print("figure: examples/output/custom_loss.png")
