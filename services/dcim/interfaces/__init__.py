"""What holds for interfaces: rules, order, addresses."""
