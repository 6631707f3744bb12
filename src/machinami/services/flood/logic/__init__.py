"""The rules of the flood service: values in, values out."""
