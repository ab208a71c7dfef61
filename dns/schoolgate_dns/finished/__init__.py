"""Finished answers: who asks, which answer is theirs, and what they were given in a minute."""
