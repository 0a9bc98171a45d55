"""Incoming weights as images."""

import numpy as np
import pytest

from sknumpy_mlp.plotting import LossCurveDisplay, WeightsDisplay
from tests.conftest import unconverged
from tests.plotting.conftest import X, make_classifier, y

pytestmark = unconverged


def test_images_are_the_longest_vectors_of_weights(stopped):
    display = WeightsDisplay.from_estimator(stopped, n_units=5)
    weights = stopped.coefs_[0]
    longest = sorted(np.argsort(-np.linalg.norm(weights, axis=0))[:5])
    drawn = [image for image in display.images_.ravel() if image is not None]
    assert len(drawn) == 5
    limit = np.abs(weights[:, longest]).max()
    for unit, image in zip(longest, drawn, strict=True):
        np.testing.assert_array_equal(image.get_array(), weights[:, unit].reshape(8, 8))
        assert image.axes.get_title() == f"unit {unit}"
        assert image.get_clim() == (-limit, limit)
    assert display.axes_.shape == display.images_.shape == (2, 3)
    assert display.axes_[1, 2] is None
    assert display.bounding_ax_.figure is display.figure_
    assert display.colorbar_.vmax == limit


@pytest.mark.parametrize(
    ("n_units", "shape"),
    [(1, (1, 1)), (3, (2, 2)), (4, (2, 2)), (6, (2, 3)), (8, (3, 3)), (10, (3, 4))],
)
def test_the_grid_is_about_square(stopped, n_units, shape):
    display = WeightsDisplay.from_estimator(stopped, n_units=n_units)
    assert display.axes_.shape == shape


def test_images_in_given_axes(stopped, plt):
    _, (left, right) = plt.subplots(1, 2)
    display = WeightsDisplay.from_estimator(stopped, ax=right, n_units=4, n_cols=4)
    assert display.axes_.shape == (1, 4)
    assert display.bounding_ax_ is right
    assert display.figure_ is left.figure
    with pytest.raises(ValueError, match=r"Pass display\.axes_"):
        display.plot(ax=right)
    display.plot(ax=display.axes_, colorbar=False)
    assert display.colorbar_ is None
    assert display.bounding_ax_ is None
    _, axes = plt.subplots(2, 2)
    assert display.plot(ax=axes).images_[1, 1].axes is axes[1, 1]
    with pytest.raises(ValueError, match="ax has 2 axes for 4 images"):
        display.plot(ax=axes[0])
    free = plt.figure().add_axes([0.1, 0.1, 0.5, 0.5])
    with pytest.raises(ValueError, match="belongs to no grid"):
        display.plot(ax=free)


def test_images_drawn_again_where_the_grid_has_gaps(stopped):
    display = WeightsDisplay.from_estimator(stopped, n_units=5)
    axes = display.axes_
    display.plot(ax=axes, image_kw={"cmap": "PuOr"})
    assert display.images_[1, 2] is None
    assert display.images_[1, 1].get_cmap().name == "PuOr"


def test_the_shape_of_an_image():
    clf = make_classifier(hidden_layer_sizes=3).fit(X[:, :12], y)
    with pytest.raises(ValueError, match="12 features are no square image"):
        WeightsDisplay.from_estimator(clf)
    display = WeightsDisplay.from_estimator(clf, image_shape=(3, 4))
    assert display.images_[0, 0].get_array().shape == (3, 4)
    for bad in [(3, 5), (12,), (3, 2, 2), (-3, -4)]:
        with pytest.raises(ValueError, match="must be \\(height, width\\)"):
            WeightsDisplay.from_estimator(clf, image_shape=bad)
    for bad in [0, 2.5, True]:
        with pytest.raises(ValueError, match="n_units="):
            WeightsDisplay.from_estimator(clf, image_shape=(3, 4), n_units=bad)


def test_outputs_are_units_without_a_hidden_layer():
    clf = make_classifier(hidden_layer_sizes=()).fit(X, y)
    titles = [
        ax.get_title()
        for ax in WeightsDisplay.from_estimator(clf).axes_.ravel()
        if ax is not None
    ]
    assert titles == [f"class {k}" for k in range(10)]
    clf = make_classifier(hidden_layer_sizes=()).fit(X, y > 4)
    (title,) = [ax.get_title() for ax in WeightsDisplay.from_estimator(clf).axes_[0]]
    assert title == "output 0"


def test_a_network_of_zeros_is_white():
    display = WeightsDisplay(images=np.zeros((1, 2, 2)), names=["nothing"]).plot()
    assert display.images_[0, 0].get_clim() == (-1.0, 1.0)


def test_images_and_names_must_fit():
    with pytest.raises(ValueError, match=r"\(n_images, height, width\)"):
        WeightsDisplay(images=np.zeros((2, 2)), names=["a", "b"]).plot()
    with pytest.raises(ValueError, match="1 names"):
        WeightsDisplay(images=np.zeros((2, 2, 2)), names=["a"]).plot()


def test_tabular_networks_are_refused(tabular):
    for estimator in (tabular, tabular.estimators_[0]):
        with pytest.raises(TypeError, match="belong to embeddings"):
            WeightsDisplay.from_estimator(estimator)


def _overlap(first, second):
    return first.get_tightbbox().overlaps(second.get_tightbbox())


@pytest.mark.parametrize("layout", ["own", "tight", "constrained", "none"])
def test_images_titles_and_color_bar_do_not_overlap(layout, stopped, plt):
    if layout == "own":
        display = WeightsDisplay.from_estimator(stopped, n_units=6)
        plt.tight_layout()
    else:
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(9, 4), layout=layout if layout == "constrained" else None
        )
        display = WeightsDisplay.from_estimator(stopped, n_units=6, ax=left)
        LossCurveDisplay.from_estimator(stopped, ax=right)
        if layout == "tight":
            figure.tight_layout()
    display.figure_.canvas.draw()
    axes = [each for each in display.axes_.ravel() if each is not None]
    axes.append(display.colorbar_.ax)
    if layout != "own":
        axes.append(right)
    for i, first in enumerate(axes):
        for second in axes[:i]:
            assert not _overlap(first, second)
