"""The library of device types that the NetBox community keeps as YAML files: one make and model in each."""
