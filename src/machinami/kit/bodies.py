"""What does a program say in the body of its request? One JSON object, for every face that takes one."""

from typing import Any

import orjson

from machinami.foundation.errors import BadRequestData


def json_object(body: bytes) -> dict[str, Any]:
    """The object. Raises BadRequestData for what is no JSON, or no object."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequestData(f"The body is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise BadRequestData("The body must be a JSON object {…}")
    return document
