"""The virtualization service: clusters and the virtual machines that run in them."""
