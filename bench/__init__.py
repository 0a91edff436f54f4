"""Measurements that hold on any machine: how the time grows when a quote grows."""
