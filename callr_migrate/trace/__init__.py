"""What really happens: legacy calls recorded while a program runs, joined with what the analysis finds."""
