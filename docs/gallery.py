"""Settings of sphinx-gallery, in a module so that its processes can import them."""

# From basic to advanced; examples that are not listed follow by name.
ORDER = [
    "quickstart.py",
    "plot_iris_gridsearch.py",
    "classic_networks.py",
    "tabular.py",
    "housing.py",
    "housing_intervals.py",
    "imbalanced.py",
    "custom_loss.py",
    "mnist.py",
    "mnist_dropout.py",
]


def arguments(gallery_conf, script_vars):
    """Return the arguments of an example; short examples ignore them."""
    return ["--quick"]


class TeachingOrder:
    """Sort key of the examples."""

    def __init__(self, src_dir):
        self.src_dir = src_dir

    def __call__(self, filename):
        place = ORDER.index(filename) if filename in ORDER else len(ORDER)
        return place, filename
