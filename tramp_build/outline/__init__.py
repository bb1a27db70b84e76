"""Catch chains that are the same, each kept once; `sites.py` says how."""
