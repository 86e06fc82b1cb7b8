"""Measures the pipeline as it is deployed, on judged questions."""
