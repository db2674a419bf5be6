"""Presets: plans for what real set-ups do to streams."""

from faults.presets.calls import Call, combined, is_file, plan_of, preset
from faults.presets.preset import ID_HEADER, PRESETS, Preset

__all__ = ["ID_HEADER", "PRESETS", "Call", "Preset", "combined", "is_file", "plan_of", "preset"]
