"""What leaves Schoolgate as a file: `pdf` writes documents, `words` makes typed text harmless."""
