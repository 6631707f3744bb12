"""The rules of the health points service: values in, values out."""
