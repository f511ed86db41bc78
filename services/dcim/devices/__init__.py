"""What holds for devices: facts that others know of them, rules, and where they stand."""
