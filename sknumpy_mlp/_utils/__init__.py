"""Utilities without dependencies on other modules of the package."""
