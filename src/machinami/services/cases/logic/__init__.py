"""The rules of the case library: values in, values out."""
