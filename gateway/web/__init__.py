"""What people see of Patchbay in a browser."""
