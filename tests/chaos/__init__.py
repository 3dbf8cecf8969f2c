"""Faults by plan, clients that note everything, and a checker that proves from the notes that nothing was lost."""
