"""Reads the settings of an installation: from the environment, `.env` and files with secrets."""

from digest.config.settings import PREFIX, Settings, depends_on_folder, load, origins, unknown_names

__all__ = ["PREFIX", "Settings", "depends_on_folder", "load", "origins", "unknown_names"]
