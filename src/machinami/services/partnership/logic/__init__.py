"""The rules of the partnership service: values in, values out."""
