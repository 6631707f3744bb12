"""Which route does a request mean? A small tree over the parts of the path, shared by every carrier.

Paths are matched raw and decoded part by part, so an id may hold an encoded slash (`%2F`). A trailing slash
makes no difference. A fixed part wins over a parameter. A part in the middle may be empty: whoever takes it says
what is missing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from machinami.foundation.errors import InvalidRequest, MethodNotAllowed, MethodUnknown, NotFound
from machinami.foundation.value import value
from machinami.kit.http import Route


@value
class Match:
    """A route and the values of the parameters in its path."""

    route: Route
    params: dict[str, str]


@dataclass(slots=True)
class _Node:
    fixed: dict[str, "_Node"] = field(default_factory=dict)
    any_part: "_Node | None" = None
    rest: "_Node | None" = None
    routes: dict[str, tuple[Route, tuple[str, ...]]] = field(default_factory=dict)


class Router:
    """All routes of one server."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        self._leaves: dict[str, _Node] = {}  # a fixed path -> its node, where one parameter may follow
        self._fixed: dict[str, _Node] = {}  # a fixed path -> its node, where it is a route
        self._methods = {"HEAD", "OPTIONS"}
        for route in routes:
            self._add(route)
            self._methods.add(route.method)
        self._collect(self._root, "")

    def match(self, method: str, raw_path: str) -> Match:
        """The route for a method and a path as it came over the wire, without the query.

        HEAD is answered by the route of GET. Raises NotFound; MethodNotAllowed with the fact `allowed` (methods), which
        an OPTIONS of `*` is too; MethodUnknown for a method of no route (RFC 9110, 9.1); InvalidRequest where an escape
        does not decode.
        """
        head, _, tail = raw_path.rpartition("/")
        leaf = self._leaves.get(head)
        fixed = self._fixed.get(raw_path)
        if fixed is not None:
            node: _Node | None = fixed
            values: list[str] = []
        elif leaf is not None and leaf.any_part is not None and tail and tail not in leaf.fixed:
            node = leaf.any_part  # the shape of nearly every request: a fixed path and one id
            values = [_decode(tail)]
        else:
            values = []
            node = self._below_one(head, tail, values) or self._walk(self._root, _split(raw_path), 0, values)
        if node is None:
            self._demand_known(method)
            if method == "OPTIONS" and raw_path == "*":  # of the server as such (RFC 9110, 9.3.7)
                raise MethodNotAllowed("This is about no resource", allowed=tuple(sorted(self._methods)))
            raise NotFound(f"There is nothing at {raw_path[:200]!r}; the paths are listed at /docs")
        found = node.routes.get(method) or (node.routes.get("GET") if method == "HEAD" else None)
        if found is None:
            self._demand_known(method)
            allowed = allowed_methods(node.routes)
            raise MethodNotAllowed(f"{method} is not possible here; these are: {', '.join(allowed)}", allowed=allowed)
        route, names = found
        return Match(route, {names[0]: values[0]} if len(values) == 1 else dict(zip(names, values, strict=True)))

    def _demand_known(self, method: str) -> None:
        if method not in self._methods:
            known = sorted(self._methods)
            raise MethodUnknown(f"Nothing here knows the method {method}; it knows {', '.join(known)}", known=known)

    def _add(self, route: Route) -> None:
        node, names = self._root, []
        for part in _split(route.path):
            if part.startswith("{") and part.endswith("}"):
                name, _, kind = part[1:-1].partition(":")
                names.append(name)
                if kind == "path":
                    node.rest = node.rest or _Node()
                    node = node.rest
                else:
                    node.any_part = node.any_part or _Node()
                    node = node.any_part
            else:
                node = node.fixed.setdefault(part, _Node())
        if route.method in node.routes:
            raise ValueError(f"two routes for {route.method} {route.path}")
        node.routes[route.method] = (route, tuple(names))

    def _collect(self, node: _Node, path: str) -> None:
        if node.any_part is not None and node.any_part.routes:
            self._leaves[path] = node
        if node.routes and path:
            self._fixed[path] = node
        for part, child in node.fixed.items():
            self._collect(child, f"{path}/{part}")

    def _below_one(self, head: str, tail: str, values: list[str]) -> _Node | None:
        """What nearly every other request means: a fixed path, one id, and a fixed part."""
        path, _, part = head.rpartition("/")
        leaf = self._leaves.get(path)
        if leaf is None or leaf.any_part is None or not part or part in leaf.fixed:
            return None
        node = leaf.any_part.fixed.get(tail)
        if node is None or not node.routes:
            return None
        values.append(_decode(part))
        return node

    def _walk(self, node: _Node, parts: list[str], at: int, values: list[str]) -> _Node | None:
        if at == len(parts):
            return node if node.routes else None
        part = parts[at]
        child = node.fixed.get(part)
        if child is not None:
            found = self._walk(child, parts, at + 1, values)
            if found is not None:
                return found
        if node.any_part is not None:  # an empty part too: its route says what is missing
            values.append(_decode(part))
            found = self._walk(node.any_part, parts, at + 1, values)
            if found is not None:
                return found
            values.pop()
        if node.rest is not None:
            values.append(_decode("/".join(parts[at:])))
            return node.rest
        return None


def allowed_methods(routes: Mapping[str, object]) -> tuple[str, ...]:
    """The methods of a path in the order of an Allow header, with those that come for nothing."""
    return tuple(sorted({*routes, "OPTIONS", *(("HEAD",) if "GET" in routes else ())}))


def _split(path: str) -> list[str]:
    parts = path.split("/")
    if len(parts) > 2 and not parts[-1]:
        parts.pop()
    return parts[1:]


def _decode(part: str) -> str:
    if "%" not in part:
        return part
    try:
        return unquote(part, errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{part[:200]!r} in the path is not percent-encoded UTF-8") from error
