"""Content rules at work: finding words and patterns in prompts and, while they stream, in answers."""
