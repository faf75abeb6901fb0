"""Compares snapshots and decides what each difference means."""
