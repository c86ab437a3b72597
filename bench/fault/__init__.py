"""Faults, by what they befall."""
