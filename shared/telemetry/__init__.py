"""Telemetry: what a process tells of its work: metrics, logs, traces, and the request that they belong to.

What happens in one room of `shared/` is counted and logged there; how such things leave the process is said here.
Uses `config` only, so that everything may use it.
"""
