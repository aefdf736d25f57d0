"""Measurements beside what users do today: ratios from one run, for people and as JSON."""
