"""A loss of one's own: when running short costs more than having too much.

A shop orders for the next day.  What is left over costs a little, what is missing
costs four times as much, and both grow with the square of the error.  The loss that
says just that is an asymmetric squared error; its best constant is an *expectile* of
the demand (Newey and Powell, Econometrica 55, 1987).  Run
``python examples/custom_loss.py``; draws the orders into ``output/custom_loss.png``.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from sknumpy_mlp import NumpyMLPRegressor
from sknumpy_mlp.losses import Loss


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


def demand(n_days, rng):
    """Demand by day of the week and temperature; it spreads more on warm days."""
    day, temperature = rng.integers(7, size=n_days), rng.uniform(-1, 1, n_days)
    mean = 1 + 0.3 * (day >= 5) + 0.5 * temperature + 0.4 * temperature**2
    noise = rng.gamma(2.0, 0.15 * (1.2 + temperature))
    return np.column_stack([np.eye(7)[day], temperature]), mean + noise


def main():
    output = Path(__file__).parent / "output"
    output.mkdir(exist_ok=True)
    X, y = demand(4000, np.random.default_rng(0))
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    loss = AsymmetricSquaredError(short=4.0)

    fig, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
    weekday = X_test[:, :5].any(axis=1)
    ax.plot(X_test[weekday, -1], y_test[weekday], ".", color="0.7", label="demand")
    print(f"{'trained with':32}{'cost':>8}{'short on':>12}")
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
        order = reg.predict(X_test)
        cost = loss.loss_gradient(y_test[:, np.newaxis], order[:, np.newaxis].copy())
        print(f"{name:32}{cost.mean():8.4f}{(order < y_test).mean():11.1%}", flush=True)
        grid = np.linspace(-1, 1, 200)
        tuesday = np.column_stack([np.tile(np.eye(7)[1], (200, 1)), grid])
        ax.plot(grid, reg.predict(tuesday), lw=2, label=f"order, by {name}")
    ax.set(xlabel="temperature", ylabel="pieces (thousands)", title="orders, weekdays")
    ax.legend()
    fig.savefig(output / "custom_loss.png", dpi=120)
    print(f"figure: {output / 'custom_loss.png'}")


if __name__ == "__main__":
    main()
