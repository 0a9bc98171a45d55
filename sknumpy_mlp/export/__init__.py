"""Fitted networks for other tools: ONNX models, and scikit-learn's own estimators.

An ONNX model predicts in C++, Java, JavaScript and on phones, without Python.  A
network with scikit-learn's activations can also become scikit-learn's estimator, which
every tool written for that one takes; and scikit-learn's can become ours.

The functions need the package onnx (``pip install 'sknumpy-mlp[onnx]'``) for ONNX
models, and nothing for scikit-learn's estimators.
"""

from sknumpy_mlp.export._onnx import onnx_inputs, to_onnx
from sknumpy_mlp.export._sklearn import from_sklearn, to_sklearn

__all__ = [
    "from_sklearn",
    "onnx_inputs",
    "to_onnx",
    "to_sklearn",
]
