"""Each form that leads to a signature: from what was entered to what is signed, and back."""
