"""Benchmarks: a provider that can be trusted to keep time, the server as deployed, clients that note when."""
