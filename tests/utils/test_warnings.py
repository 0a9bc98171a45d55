"""Warnings point at the caller of the package, and can be collected per thread."""

import contextlib
import sys
import threading
import types
import warnings

import pytest

from sknumpy_mlp._utils.warnings import collected_warnings, warn
from tests.utils.conftest import STREAMS


def _inside_the_package(source, **names):
    """Return a function ``call`` as if it were defined in a module of the package."""
    module = types.ModuleType("sknumpy_mlp._made_up")
    vars(module).update(names)
    exec(compile(source, "made_up.py", "exec"), vars(module))
    return module.call


def test_a_warning_points_at_the_line_that_called_the_package():
    source = """
def call():
    inner()

def inner():
    warn("Look here.")
"""
    call = _inside_the_package(source, warn=warn)
    with pytest.warns(UserWarning, match="Look here") as caught:
        call()
    assert caught[0].filename == __file__


def test_context_managers_are_passed_over():
    source = """
@contextmanager
def managed():
    yield
    warn("Look here.")

def call():
    with managed():
        pass
"""
    manager = contextlib.contextmanager
    call = _inside_the_package(source, warn=warn, contextmanager=manager)
    with pytest.warns(UserWarning, match="Look here") as caught:
        call()
    assert caught[0].filename == __file__


def test_categories():
    with pytest.warns(RuntimeWarning, match="slow"):
        warn("slow", RuntimeWarning)


def test_collected_warnings_are_not_issued():
    with collected_warnings() as collected:
        warn("first")  # an error, if it were issued
        warn("second", RuntimeWarning)
        with collected_warnings() as inner:
            warn("third")
    assert collected == [("first", UserWarning), ("second", RuntimeWarning)]
    assert inner == [("third", UserWarning)]
    with pytest.warns(UserWarning, match="fourth"):
        warn("fourth")


def test_collecting_ends_with_an_error():
    with pytest.raises(KeyError), collected_warnings():
        raise KeyError
    with pytest.warns(UserWarning, match="after it"):
        warn("after it")


def test_threads_collect_their_own():
    """The blocks overlap, and end in the order in which they began."""
    barrier = threading.Barrier(2, timeout=30)
    found = {}

    def work(name):
        with collected_warnings() as collected:
            barrier.wait()
            warn(name)
            barrier.wait()
        found[name] = collected

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {name: [(name, UserWarning)] for name in "ab"}


@pytest.mark.parametrize("make", STREAMS.values(), ids=STREAMS.keys())
def test_warnings_that_nobody_can_see(make, monkeypatch):
    with monkeypatch.context() as patched, warnings.catch_warnings():
        # As Python's own does, where pytest does not record them.
        patched.setattr(warnings, "showwarning", lambda *_: sys.stderr.write(""))
        warnings.simplefilter("always")
        patched.setattr(sys, "stderr", make())
        warn("It did not converge.")
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="converge"):
            warn("It did not converge.")
