"""Conversion of fitted networks to ONNX models and to scikit-learn's estimators.

An ONNX model predicts in C++, Java, JavaScript and on mobile devices, without Python.
Networks with activations that scikit-learn supports can also be converted to
scikit-learn's own estimators, for tools that support those, and scikit-learn's networks
can be converted to estimators of this package.

`trusted_types` is for files without pickle: it lists the types that skops, or MLflow,
must trust to load an estimator.

ONNX models require the package onnx (in a checkout, ``pip install '.[onnx]'``), and
`trusted_types` skops; scikit-learn's estimators require nothing else.
"""

from sknumpy_mlp.export._onnx import onnx_inputs, to_onnx
from sknumpy_mlp.export._sklearn import from_sklearn, to_sklearn
from sknumpy_mlp.export._trusted_types import trusted_types

__all__ = [
    "from_sklearn",
    "onnx_inputs",
    "to_onnx",
    "to_sklearn",
    "trusted_types",
]
