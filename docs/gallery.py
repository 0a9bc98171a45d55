"""What sphinx-gallery asks for; a module, so that its processes can import it."""

# From the first steps to what few need; others follow by name.
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
    """Return the arguments of an example; those that are short ignore them."""
    return ["--quick"]


class TeachingOrder:
    """Key by which the examples are sorted."""

    def __init__(self, src_dir):
        self.src_dir = src_dir

    def __call__(self, filename):
        place = ORDER.index(filename) if filename in ORDER else len(ORDER)
        return place, filename
