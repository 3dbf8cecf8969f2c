"""A real server process and real clients, for the tests that are about what happens between processes."""
