"""Holds a project's APIs against their budgets, and against the baseline in tsbind.lock."""
