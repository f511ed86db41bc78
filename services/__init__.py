"""The application domains, one Flask service each."""
