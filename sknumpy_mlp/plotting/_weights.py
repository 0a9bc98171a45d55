"""First-layer weights as images."""

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.utils import check_array

from sknumpy_mlp._estimators.base import _BaseMLP
from sknumpy_mlp._inputs.errors import error_prefix
from sknumpy_mlp._tabular.networks import find_network
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import short_repr
from sknumpy_mlp.plotting._common import (
    check_flags,
    check_positive_int,
    check_styles,
    import_pyplot,
)


class WeightsDisplay:
    """The incoming weights of first-layer units, as images.

    For networks whose features are pixels.  All images share a color scale that is
    symmetric about zero: red is positive, blue is negative, white is zero.

    Parameters
    ----------
    images : array-like of shape (n_images, height, width)
        The weights of each unit.
    names : list of str
        The title of each image.

    Attributes
    ----------
    images_ : ndarray of shape (n_rows, n_cols) of matplotlib AxesImage or None
        The images; None in empty cells of the last row.
    axes_ : ndarray of shape (n_rows, n_cols) of matplotlib Axes or None
        The axes of the images; None in empty cells.
    bounding_ax_ : matplotlib Axes or None
        The axes that contain the grid; None if an array of axes was passed.
    colorbar_ : matplotlib Colorbar or None
        The color bar.
    figure_ : matplotlib Figure or SubFigure
        The figure.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.plotting import WeightsDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> clf = NumpyMLPClassifier(20, max_iter=20, tol=1, random_state=0).fit(X / 16, y)
    >>> display = WeightsDisplay.from_estimator(clf, n_units=6)
    >>> display.axes_.shape, display.images_[0, 0].get_array().shape
    ((2, 3), (8, 8))
    >>> display.figure_.clear()
    """

    def __init__(self, *, images: Any, names: Sequence[str]) -> None:
        self.images = images
        self.names = names

    def plot(
        self,
        ax: Any = None,
        *,
        n_cols: int | None = None,
        colorbar: bool = True,
        image_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the images.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to divide into a grid, or one axes per image; None makes a new figure.
        n_cols : int, default=None
            Number of columns of the grid; None makes it roughly square.
        colorbar : bool, default=True
            Whether to draw the color bar.
        image_kw : dict, default=None
            Keyword arguments of matplotlib's ``imshow``.

        Returns
        -------
        display : WeightsDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there is not one axes for each image, or if ``ax`` cannot be divided.
        """
        plt = import_pyplot(f"{type(self).__name__}.plot")
        check_flags(colorbar=colorbar)
        check_styles(image_kw=image_kw)
        with error_prefix("images"):
            images = check_array(
                self.images, ensure_2d=False, allow_nd=True, input_name="images"
            )
        names: Any = self.names
        if not isinstance(names, Sequence | np.ndarray) or isinstance(names, str):
            raise ValueError(
                f"names={short_repr(names)} must be a list with a name for each image."
            )
        if images.ndim != 3 or len(names) != len(images):
            raise ValueError(
                "images must be of the shape (n_images, height, width), with a name "
                f"for each, got the shape {images.shape} and {len(names)} names."
            )
        check_positive_int(n_cols=n_cols, optional=True)
        if ax is not None and not np.ndim(ax) and not hasattr(ax, "get_subplotspec"):
            raise ValueError(
                f"ax must be a matplotlib Axes, an array of them or None, got {ax!r}."
            )
        self.bounding_ax_: Any = None
        self.figure_: Any = None
        bar_ax = None
        if ax is None or not np.ndim(ax):
            axes, bar_ax = self._make_grid(plt, ax, images, n_cols, colorbar)
        else:
            axes = np.asarray(ax, dtype=object)
            self.figure_ = axes.ravel()[0].figure
        self.axes_ = axes
        # The grid of an earlier call may have empty cells.
        used = [i for i, each in enumerate(axes.ravel()) if each is not None]
        if len(used) != len(images):
            raise ValueError(
                f"ax has {len(used)} axes for {len(images)} images. Pass one for each, "
                "a single one to be divided, or None."
            )
        # A network of zeros is drawn in white.
        limit = float(np.abs(images).max()) or 1.0
        style = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit} | (image_kw or {})
        self.images_ = np.full(axes.shape, None, dtype=object)
        for i, image, name in zip(used, images, self.names, strict=True):
            each = axes.ravel()[i]
            self.images_.ravel()[i] = each.imshow(image, **style)
            each.set(xticks=[], yticks=[])
            each.set_title(name, fontsize="medium" if ax is None else "small")
        self.colorbar_ = None
        if colorbar:
            # Within a grid it has its own column, which every layout engine respects.
            where: dict[str, Any] = {"cax": bar_ax}
            if bar_ax is None:
                where = {"ax": [axes.ravel()[i] for i in used], "shrink": 0.8}
            self.colorbar_ = self.figure_.colorbar(
                self.images_.ravel()[used[0]], label="Weight", **where
            )
        return self

    def _make_grid(
        self, plt: Any, ax: Any, images: Array, n_cols: int | None, colorbar: bool
    ) -> tuple[Any, Any]:
        """Return a grid of axes, within the given axes or in a new figure.

        The second result is the axes of the color bar, or None.
        """
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        is_own = ax is None
        n_images, height, width = images.shape
        if n_cols is None:
            n_cols = math.ceil(math.sqrt(n_images))
        n_cols = min(n_cols, n_images)
        n_rows = math.ceil(n_images / n_cols)
        if ax is None:
            # 1.25 inches for the longer side of an image, plus room for its title.
            scale = 1.25 / max(height, width)
            size = (
                n_cols * max(scale * width + 0.15, 0.7) + 1.1,
                max(n_rows * (max(scale * height, 0.3) + 0.35) + 0.1, 2.0),
            )
            # Not the constrained layout: with a color bar, it disables tight_layout.
            figure = plt.figure(figsize=size, layout="tight")
            ax = figure.add_subplot()
        elif not ax.axison:
            raise ValueError(
                "ax was divided before. Pass display.axes_ to draw on the same axes "
                "again."
            )
        spec = ax.get_subplotspec()
        if spec is None:
            raise ValueError(
                "ax cannot be divided, because it belongs to no grid. Make it with "
                "plt.subplots or Figure.add_subplot, or pass an axes for each image."
            )
        ax.set_axis_off()
        self.bounding_ax_, self.figure_ = ax, ax.figure
        engine = ax.figure.get_layout_engine()
        # Room for the titles, unless the layout engine makes it.
        room = {"hspace": 0.3 if is_own else 0.5, "wspace": 0.1}
        if isinstance(engine, ConstrainedLayoutEngine):
            room = {}
        widths = [1.0] * n_cols
        if colorbar:
            # The color bar, and room for its label if there is no layout engine.
            widths += [0.12] if engine else [0.12, 1.1]
        grid = spec.subgridspec(n_rows, len(widths), width_ratios=widths, **room)
        axes = np.full((n_rows, n_cols), None, dtype=object)
        for i in range(n_images):
            axes.ravel()[i] = ax.figure.add_subplot(grid[divmod(i, n_cols)])
        return axes, ax.figure.add_subplot(grid[:, n_cols]) if colorbar else None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        image_shape: tuple[int, int] | None = None,
        n_units: int = 16,
        ax: Any = None,
        n_cols: int | None = None,
        colorbar: bool = True,
        image_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw first-layer weights of a fitted estimator.

        The units with the largest weight vectors (by Euclidean norm) are drawn, in
        their order in the layer.  This leaves out units that were hardly trained, or
        shrunk by weight decay.  In a network without hidden layers, the units are the
        outputs: for more than two classes, there is one image per class.

        Parameters
        ----------
        estimator : estimator
            A fitted ``NumpyMLPClassifier`` or ``NumpyMLPRegressor``, or a pipeline or
            search that ends with one.
        image_shape : tuple of (int, int), default=None
            Height and width of the images, whose pixels are the features in row-major
            order; None for square images.
        n_units : int, default=16
            Maximum number of units to draw.
        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to divide into a grid, or one axes per image; None makes a new figure.
        n_cols : int, default=None
            Number of columns of the grid; None makes it roughly square.
        colorbar : bool, default=True
            Whether to draw the color bar.
        image_kw : dict, default=None
            Keyword arguments of matplotlib's ``imshow``.

        Returns
        -------
        display : WeightsDisplay
            The display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it neither is nor wraps a plain estimator of this package.
        ValueError
            If ``image_shape`` does not match the number of features, or is None and
            that number is not a square.
        """
        caller = f"{cls.__name__}.from_estimator"
        import_pyplot(caller)
        network = find_network(estimator, caller)
        first = network.coefs_[0] if isinstance(network, _BaseMLP) else np.empty((0, 0))
        if len(first) != network.n_features_in_:
            raise TypeError(
                f"{caller} cannot draw {type(network).__name__}: its first weights "
                "belong to embeddings of numbers and categories, not to pixels. Use "
                "NumpyMLPClassifier or NumpyMLPRegressor for images."
            )
        shape = _check_image_shape(image_shape, len(first))
        check_positive_int(n_units=n_units)
        norms = np.linalg.norm(first, axis=0)
        # The sort is stable: of units with equal norms, the first are taken.
        units = np.sort(np.argsort(-norms, kind="stable")[:n_units])
        display = cls(
            images=first.T[units].reshape(-1, *shape),
            names=[_name_of_unit(network, int(unit)) for unit in units],
        )
        return display.plot(ax, n_cols=n_cols, colorbar=colorbar, image_kw=image_kw)


def _check_image_shape(image_shape: Any, n_features: int) -> tuple[int, int]:
    if image_shape is None:
        side = math.isqrt(n_features)
        if side * side != n_features:
            raise ValueError(
                f"The {n_features} features are no square image. Pass image_shape="
                "(height, width)."
            )
        return side, side
    shape = tuple(image_shape) if np.ndim(image_shape) == 1 else ()
    is_shape = len(shape) == 2 and all(isinstance(n, Integral) for n in shape)
    if not is_shape or math.prod(shape) != n_features or min(shape) < 1:
        raise ValueError(
            f"image_shape={short_repr(image_shape)} must be (height, width) with as "
            f"many pixels as there are features, {n_features}."
        )
    return shape


def _name_of_unit(network: Any, unit: int) -> str:
    classes = getattr(network, "classes_", None)
    if len(network.coefs_) > 1:
        return f"unit {unit}"
    if classes is not None and len(classes) == network.n_outputs_:
        return f"class {classes[unit]}"
    return f"output {unit}"
