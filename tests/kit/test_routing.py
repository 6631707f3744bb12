"""Does every path find its route, and does every wrong one learn what would be right?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import InvalidRequest, MethodNotAllowed, MethodUnknown, NotFound
from machinami.kit.http import Request, Response, Route
from machinami.kit.routing import Router


def nothing(request: Request) -> Response:
    return Response()


def router(*rows: tuple[str, str]) -> Router:
    return Router(Route(method, path, nothing, summary=f"{method} {path}") for method, path in rows)


TREE = router(
    ("GET", "/"),
    ("GET", "/entities"),
    ("POST", "/entities"),
    ("GET", "/entities/{id}"),
    ("PATCH", "/entities/{id}/attrs/{name}"),
    ("GET", "/entities/special"),
    ("GET", "/static/{rest:path}"),
)


@pytest.mark.parametrize(
    ("method", "path", "pattern", "params"),
    [
        ("GET", "/", "/", {}),
        ("GET", "/entities", "/entities", {}),
        ("GET", "/entities/", "/entities", {}),
        ("HEAD", "/entities", "/entities", {}),
        ("GET", "/entities/urn:a:1", "/entities/{id}", {"id": "urn:a:1"}),
        ("GET", "/entities/urn:a:1/", "/entities/{id}", {"id": "urn:a:1"}),
        ("GET", "/entities/http%3A%2F%2Fa.b%2F1", "/entities/{id}", {"id": "http://a.b/1"}),
        ("GET", "/entities/urn:%E7%94%BA", "/entities/{id}", {"id": "urn:町"}),
        ("GET", "/entities/special", "/entities/special", {}),
        ("PATCH", "/entities/special/attrs/x", "/entities/{id}/attrs/{name}", {"id": "special", "name": "x"}),
        ("PATCH", "/entities//attrs/x", "/entities/{id}/attrs/{name}", {"id": "", "name": "x"}),
        ("GET", "/static/js/map.js", "/static/{rest:path}", {"rest": "js/map.js"}),
    ],
)
def test_a_path_finds_its_route(method: str, path: str, pattern: str, params: dict[str, str]) -> None:
    match = TREE.match(method, path)
    assert match.route.path == pattern
    assert match.params == params


@pytest.mark.parametrize("path", ["/nothing", "/entities/a/b", "", "/entities/a/attrs"])
def test_an_unknown_path_is_not_found(path: str) -> None:
    with pytest.raises(NotFound):
        TREE.match("GET", path)


def test_a_wrong_method_learns_which_are_right() -> None:
    with pytest.raises(MethodNotAllowed) as caught:
        TREE.match("PATCH", "/entities")
    assert caught.value.facts["allowed"] == ("GET", "HEAD", "OPTIONS", "POST")


@pytest.mark.parametrize("path", ["/entities", "/nowhere"])
def test_a_method_of_no_route_is_unknown(path: str) -> None:
    with pytest.raises(MethodUnknown, match="PURGE") as caught:
        TREE.match("PURGE", path)
    assert {"GET", "HEAD", "OPTIONS", "POST"} <= set(caught.value.facts["known"])


def test_an_escape_that_is_no_utf8_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="UTF-8"):
        TREE.match("GET", "/entities/%ff")


def test_the_same_route_twice_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(ValueError, match="two routes"):
        router(("GET", "/a"), ("GET", "/a/"))


ROWS = (
    ("GET", "/entities"),
    ("GET", "/entities/{id}"),
    ("PATCH", "/entities/{id}/attrs"),
    ("PATCH", "/entities/{id}/attrs/{name}"),
    ("GET", "/entities/special"),
    ("PATCH", "/entities/special/attrs"),
    ("GET", "/{town}/entities/{id}/attrs"),
    ("GET", "/static/{rest:path}"),
)
parts = st.sampled_from(["entities", "special", "attrs", "static", "a", "", "%41", "%ff", "x"])


@given(st.sampled_from(["GET", "PATCH"]), st.lists(parts, max_size=6).map("/".join))
def test_the_short_ways_lead_where_the_walk_does(method: str, path: str) -> None:
    plain = router(*ROWS)
    plain._leaves.clear()
    plain._fixed.clear()

    def found(by: Router) -> object:
        try:
            match = by.match(method, f"/{path}")
        except (NotFound, MethodNotAllowed, InvalidRequest) as error:
            return type(error)
        return match.route.path, match.params

    assert found(router(*ROWS)) == found(plain)
