"""What is kept of earlier runs, so that a run looks only at what has changed since. It costs time where it is missing, nothing else."""
