"""
Raw tables: a complete workflow
===============================

A complete workflow with ``TabularMLPRegressor``: a pandas frame with strings, missing
values and dates; out-of-fold and test scores; prediction intervals; saving and loading;
the prediction for a new row.  The data are simulated prices of used cars.

Run ``python examples/tabular.py``, with ``--quick`` for fewer rows and epochs.  The
figures are saved as ``output/tabular.png`` and ``output/tabular_price.png`` next to
this file.
"""

import argparse
import sys
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split

from sknumpy_mlp import TabularMLPRegressor

parser = argparse.ArgumentParser(description="A raw table with TabularMLPRegressor")
parser.add_argument("--quick", action="store_true", help="fewer rows and epochs")
quick = parser.parse_args().quick
output = Path(sys.argv[0]).parent / "output"
output.mkdir(exist_ok=True)

# %%
# The table
# ---------
#
# Each row is a car that was sold in 2025, with its power in kW, its mileage in 1,000 km
# and its price in 1,000 $.  The value decreases exponentially with age and mileage; the
# half-life depends on the fuel.  Roadsters are more expensive in summer.  Noise with a
# standard deviation of 1,000 $ is added.  Some values of ``fuel``, ``power`` and
# ``mileage`` are missing.

NEW_PRICE = {"compact": 20, "estate": 26, "van": 30, "suv": 36, "roadster": 44}
HALF_LIFE = {"petrol": 7.0, "diesel": 6.0, "electric": 4.0}


def simulate_cars(n, rng):
    body = rng.choice(list(NEW_PRICE), n)
    fuel = rng.choice(list(HALF_LIFE), n, p=[0.5, 0.3, 0.2])
    power = rng.normal(110, 20, n).round()
    days = (365 * rng.gamma(2.5, 2.0, n)).astype(int)
    mileage = (days / 365 * rng.gamma(8.0, 2.0, n)).round(1)
    day = pd.to_timedelta(rng.integers(365, size=n), "D")
    sold = pd.Timestamp("2025-01-01") + day

    new = np.array([NEW_PRICE[b] for b in body]) + 0.1 * (power - 110)
    half_life = np.array([HALF_LIFE[f] for f in fuel])
    price = new * 0.5 ** (days / 365 / half_life) * np.exp(-mileage / 400)
    in_summer = np.abs(sold.month - 7) < 2
    price += 2.0 * ((body == "roadster") & in_summer) + rng.normal(0, 1.0, n) + 2.0

    cars = pd.DataFrame(
        {
            "body": body,
            "fuel": fuel,
            "power": power,
            "mileage": mileage,
            "registered": sold - pd.to_timedelta(days, "D"),
            "sold": sold,
        }
    )
    for column, fraction in (("fuel", 0.05), ("power", 0.1), ("mileage", 0.1)):
        cars.loc[rng.random(n) < fraction, column] = None
    return cars, pd.Series(price.round(2), name="price")


cars, price = simulate_cars(1000 if quick else 3000, np.random.default_rng(0))
print(cars.head().to_string())
print(f"\n{len(cars)} rows; missing values:")
print(cars.isna().sum().to_string())

# %%
# Dates as numbers
# ----------------
#
# Strings, dates and missing values need no preprocessing: strings are encoded as
# categories, dates as numbers, and missing numbers are imputed.  But no column tells
# the age of the car at its sale, the difference of two dates.  It is computed here, and
# with it the season: the day of the year as a point on a circle, on which December is
# next to January.


def encode_dates(cars):
    angle = 2 * np.pi * cars["sold"].dt.day_of_year / 365
    return cars.drop(columns=["registered", "sold"]).assign(
        age=(cars["sold"] - cars["registered"]).dt.days / 365,
        season_cos=np.cos(angle),
        season_sin=np.sin(angle),
    )


X_train, X_test, y_train, y_test = train_test_split(
    encode_dates(cars), price, test_size=1 / 3, random_state=0
)
print(X_train.dtypes.to_string())

# %%
# Out-of-fold score and test score
# --------------------------------
#
# The estimator is a k-fold ensemble: each of eight networks is trained on seven eighths
# of the rows, and validated on the remaining fold.  For each row there is thus a
# prediction by a network that was not trained on it.  The score of these out-of-fold
# predictions, ``oof_score_``, estimates the score on new data without a test set.

reg = TabularMLPRegressor(random_state=0)
if quick:
    reg.set_params(n_members=3, max_iter=16)
reg.fit(X_train, y_train)
error = mean_absolute_error(y_test, reg.predict(X_test))
print(f"R2, out-of-fold: {reg.oof_score_:.3f}")
print(f"R2, test set:    {reg.score(X_test, y_test):.3f}")
print(f"mean absolute error, test set: {1000 * error:.0f} $")

# %%
# Prediction intervals
# --------------------
#
# ``prediction_interval`` computes conformal prediction intervals from the out-of-fold
# errors.  Intervals with a nominal coverage of 90% should contain 90% of the prices
# of new cars.  They are wide where errors are large: the price of an expensive car is
# harder to predict.

nominal = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
measured = []
print("coverage: nominal   on the test set   width of the interval")
for coverage in nominal:
    low, high = reg.prediction_interval(X_test, coverage).T
    measured.append(np.mean((low <= y_test) & (y_test <= high)))
    width = 1000 * (high - low).mean()
    print(f"{coverage:17.0%}{measured[-1]:18.1%}{width:22,.0f} $")

# %%
# The left panel shows 60 cars of the test set, sorted by their predicted price; the
# right one the coverage on the whole test set, which is close to the nominal coverage
# (the diagonal).

shown = X_test.index[:60]
order = np.argsort(reg.predict(X_test.loc[shown]))
X_shown, y_shown = X_test.loc[shown].iloc[order], y_test.loc[shown].iloc[order]
low, high = reg.prediction_interval(X_shown, 0.9).T
is_inside = (low <= y_shown) & (y_shown <= high)

fig, (left, right) = plt.subplots(
    1, 2, figsize=(10, 4), width_ratios=[1.7, 1], layout="constrained"
)
place = np.arange(len(X_shown))
left.vlines(place, low, high, color="C0", lw=4, alpha=0.4, label="90% interval")
left.plot(place[is_inside], y_shown[is_inside], "k.", label="price inside")
left.plot(place[~is_inside], y_shown[~is_inside], "rx", label="price outside")
left.set(xlabel="cars of the test set, by predicted price", ylabel="price (1,000 $)")
left.legend(loc="upper left")
right.plot([0.45, 1], [0.45, 1], color="gray", lw=1)
right.plot(nominal, measured, "o-")
right.set(
    xlabel="nominal coverage",
    ylabel="fraction of test prices inside",
    aspect=1,
)
fig.savefig(output / "tabular.png", dpi=120)

# %%
# Predicted price by age
# ----------------------
#
# The predicted prices of compact cars with a mileage of 16,000 km per year, and their
# 90% intervals.  The dashed curves are the mean prices of the simulation.

# sphinx_gallery_thumbnail_number = 2
ages = np.linspace(0, 12, 49)
fig, ax = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
for color, (fuel, half_life) in enumerate(HALF_LIFE.items()):
    grid = pd.DataFrame(
        {
            "body": "compact",
            "fuel": fuel,
            "power": 110.0,
            "mileage": 16.0 * ages,
            "age": ages,
            "season_cos": 0.0,
            "season_sin": 1.0,
        }
    )
    true = 20 * 0.5 ** (ages / half_life) * np.exp(-16.0 * ages / 400) + 2.0
    ax.fill_between(ages, *reg.prediction_interval(grid).T, alpha=0.15, lw=0)
    ax.plot(ages, reg.predict(grid), color=f"C{color}", lw=2, label=fuel)
    ax.plot(ages, true, "--", color=f"C{color}", lw=1)
ax.set(xlabel="age in years", ylabel="price (1,000 $)", xlim=(0, 12))
ax.set_title("Compact cars: prediction, 90% interval, true mean (dashed)")
ax.legend(title="fuel")
fig.savefig(output / "tabular_price.png", dpi=120)
print("figures: examples/output/tabular.png, tabular_price.png")

# %%
# Save, load, predict
# -------------------
#
# Like any estimator of scikit-learn, a fitted one is saved with joblib.  The loaded one
# predicts the price of a new car, whose mileage is not known.

path = output / "cars.joblib"
joblib.dump(reg, path)
loaded = joblib.load(path)
difference = np.abs(loaded.predict(X_test) - reg.predict(X_test)).max()
print(f"largest difference between their predictions: {difference}")

new_car = pd.DataFrame(
    {
        "body": ["suv"],
        "fuel": ["diesel"],
        "power": [120.0],
        "mileage": [np.nan],
        "registered": [pd.Timestamp("2021-03-15")],
        "sold": [pd.Timestamp("2025-09-01")],
    }
)
row = encode_dates(new_car)
((low, high),) = loaded.prediction_interval(row, coverage=0.9)
print(f"predicted price: {1000 * loaded.predict(row)[0]:,.0f} $")
print(f"90% interval:    {1000 * low:,.0f} to {1000 * high:,.0f} $")
