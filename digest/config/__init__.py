"""Reads the settings of an installation: from the environment, `.env` and files with secrets."""

from digest.config.reading import PREFIX, depends_on_folder, load, origins, unknown_names
from digest.config.settings import DESCRIPTIONS, Settings

__all__ = ["DESCRIPTIONS", "PREFIX", "Settings", "depends_on_folder", "load", "origins", "unknown_names"]
