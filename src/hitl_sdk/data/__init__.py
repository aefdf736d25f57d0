"""Dated tables of the services: Regions, quotas, prices. Data with its source, not code."""
