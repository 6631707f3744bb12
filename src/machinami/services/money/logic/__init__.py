"""The rules of the money service: values in, values out."""
