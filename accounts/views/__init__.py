"""Pages about accounts that allauth does not have."""
