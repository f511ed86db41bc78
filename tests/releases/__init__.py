"""Two releases side by side: what the last one, today's and the next one keep to."""
