"""The rules of needs and visions: values in, values out."""
