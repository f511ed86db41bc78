"""The operating side of Patchbay: starts, watches and stops the processes on one machine."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
