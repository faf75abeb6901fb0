"""Completes findings: with origins, evidence, phantom operations and remedies."""
