"""Do the short names of a document stand for what their author meant?"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.samples import VOCAB, unhurried, words

from machinami.foundation.errors import BadRequestData, ContextNotAvailable
from machinami.model import core_terms, town_terms
from machinami.model.context import CORE_URL, CORE_URL_UNVERSIONED, Context, assemble, core, core_mapping

SHARED = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).parents[3] / "shared"))
NGSI = core_terms.NAMESPACE


def context(source: Any, **documents: Any) -> Context:
    """A context whose documents are kept under https://x.example/NAME."""
    kept = {f"https://x.example/{name}": {"@context": document} for name, document in documents.items()}
    return assemble(source, kept.get)


def test_an_unknown_name_is_in_the_default_vocabulary_and_comes_back() -> None:
    assert core().expand("level") == VOCAB + "level"
    assert core().compact(VOCAB + "level") == "level"


def test_core_names_and_prefixes_are_known() -> None:
    assert core().expand("location") == core().expand("ngsi-ld:location") == NGSI + "location"
    assert core().compact(NGSI + "location") == "location"
    assert core().compact(NGSI + "somethingElse") == "ngsi-ld:somethingElse"


def test_a_word_of_json_ld_comes_back_as_it_was_written() -> None:
    assert core().expand("id") == "@id"
    assert core().compact("@id") == "id"


def test_an_iri_stays_an_iri() -> None:
    assert core().expand("https://example.org/level") == "https://example.org/level"
    assert core().compact("https://example.org/level") == "https://example.org/level"


def test_the_core_cannot_be_redefined() -> None:
    hostile = context({"location": "https://evil.example/x", "ngsi-ld": "https://evil.example/", "type": "x"})
    assert hostile.expand("location") == NGSI + "location"
    assert hostile.expand("ngsi-ld:location") == NGSI + "location"
    assert hostile.expand("type") == "@type"


def test_the_core_wins_wherever_it_stands() -> None:
    mine = {"location": "https://example.org/location", "level": "https://example.org/level"}
    for source in ([mine, CORE_URL_UNVERSIONED], [CORE_URL_UNVERSIONED, mine], mine):
        assert context(source).expand("location") == NGSI + "location"
        assert context(source).expand("level") == "https://example.org/level"
        assert context(source).source == mine


def test_later_definitions_win_over_earlier_ones_and_null_removes() -> None:
    first, second = {"level": "https://a.example/level", "rain": "https://a.example/rain"}, {"level": None}
    assert context([first, {"level": "https://b.example/level"}]).expand("level") == "https://b.example/level"
    removed = context([first, second])
    assert removed.expand("level") == VOCAB + "level"
    assert removed.expand("rain") == "https://a.example/rain"


def test_prefixes_are_resolved_in_any_order() -> None:
    both = context({"level": "ex:level", "ex": "https://example.org/", "deep": {"@id": "level"}})
    assert both.expand("level") == "https://example.org/level"
    assert both.expand("deep") == "https://example.org/level"
    assert both.expand("ex:other") == "https://example.org/other"
    assert both.compact("https://example.org/other") == "ex:other"
    assert context({"ngsi": "ngsi-ld:"}).expand("ngsi:location") == NGSI + "location"


def test_definitions_may_be_objects() -> None:
    typed = context({"since": {"@id": "https://example.org/since", "@type": "DateTime"}, "gone": {"@id": None}})
    assert typed.expand("since") == "https://example.org/since"
    assert typed.expand("gone") == VOCAB + "gone"


def test_the_shortest_name_is_chosen_and_among_equals_the_first_of_the_alphabet() -> None:
    iri = "https://example.org/level"
    assert context({"waterLevel": iri, "b": iri, "a": iri}).compact(iri) == "a"


def test_a_name_that_would_be_misunderstood_is_not_used() -> None:
    taken = context({"level": "https://example.org/level"})
    assert taken.expand(taken.compact(VOCAB + "level")) == VOCAB + "level"
    slashes = context({"ex": "https:"})
    assert slashes.compact("https://example.org/a") == "https://example.org/a"


@pytest.mark.parametrize(
    "circle", [{"a": "b:x", "b": "a:y"}, {"a": "b", "b": "a"}, {"a": "b:x", "b": "c:x", "c": "a:x"}]
)
def test_terms_that_refer_to_themselves_are_refused(circle: dict[str, str]) -> None:
    with pytest.raises(BadRequestData, match="refers to itself"):
        context(circle)


@pytest.mark.parametrize("source", [5, [5], {"a": 5}, {"a": {"@id": "x:y", "@context": {}}}])
def test_a_malformed_context_is_refused(source: Any) -> None:
    with pytest.raises(BadRequestData):
        context(source)


def test_documents_are_looked_up_by_url_and_may_refer_to_others() -> None:
    found = context(
        ["https://x.example/outer"],
        outer=["https://x.example/inner", {"rain": "https://example.org/rain"}],
        inner={"level": "https://example.org/level"},
    )
    assert found.expand("level") == "https://example.org/level"
    assert found.expand("rain") == "https://example.org/rain"
    assert found.source == "https://x.example/outer"
    assert found.link == "https://x.example/outer"


def test_a_document_that_is_not_kept_is_named() -> None:
    with pytest.raises(ContextNotAvailable) as raised:
        context("https://x.example/unknown")
    assert raised.value.facts["url"] == "https://x.example/unknown"
    with pytest.raises(ContextNotAvailable, match="holds no @context"):
        assemble("https://x.example/a", {"https://x.example/a": {}}.get)
    with pytest.raises(ContextNotAvailable):
        context(CORE_URL.format(version="9.9"))


def test_documents_that_refer_to_each_other_without_end_are_refused() -> None:
    with pytest.raises(BadRequestData, match="levels deep"):
        context("https://x.example/a", a="https://x.example/b", b="https://x.example/a")


def test_the_town_has_its_own_names_without_looking_anything_up() -> None:
    town = context(town_terms.URL)
    assert town.expand("waterLevel") == town_terms.NAMESPACE + "waterLevel"
    assert town.compact(town.expand("Alert")) == "Alert"


def test_a_context_of_the_core_alone_is_the_core() -> None:
    assert context([CORE_URL.format(version="1.6")]) is core("1.6")
    assert core("1.6").link == CORE_URL.format(version="1.6")
    assert context(None) is core()
    assert core("1.3").expand("vocab") == VOCAB + "vocab"


def test_a_large_context_is_assembled_once_over() -> None:
    many = {f"term{number}": f"ex:term{number}" for number in range(3_000)}
    large = context({"ex": "https://example.org/", **many})
    assert large.expand("term2999") == "https://example.org/term2999"
    assert large.compact("https://example.org/term1") == "term1"


@given(
    st.dictionaries(words, st.sampled_from(["https://a.example/", "https://a.example/b#"]) | words, max_size=5),
    st.sampled_from(["https://a.example/", "https://a.example/b#", "https://c.example/", VOCAB, NGSI]),
    words,
)
@unhurried
def test_what_was_shortened_expands_to_what_it_was(terms: dict[str, str], start: str, rest: str) -> None:
    try:
        some = context(terms)
    except BadRequestData:  # terms that refer to themselves
        return
    iri = start + rest
    assert some.expand(some.compact(iri)) == iri
    assert some.compact(some.expand(some.compact(iri))) == some.compact(iri)


@pytest.mark.parametrize("version", ["1.3", "1.4", "1.6", "1.7", "1.8", "1.9"])
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
def test_the_built_in_core_is_the_published_core(version: str) -> None:
    path = SHARED / "data" / "ngsi-ld" / f"ngsi-ld-core-context-v{version}.jsonld"
    published = json.loads(path.read_text("utf-8"))["@context"]
    prefixes = {"ngsi-ld": published["ngsi-ld"], "geojson": published["geojson"]}
    expected = {}
    for term, definition in published.items():
        if not term.startswith("@"):
            iri = definition["@id"] if isinstance(definition, dict) else definition
            prefix, colon, rest = iri.partition(":")
            start = prefixes.get(prefix) if colon else None if iri.startswith("@") else VOCAB
            expected[term] = iri if start is None else start + (rest if colon else iri)
    assert core_mapping(version) == expected
    assert published["@vocab"] == core_terms.DEFAULT_VOCAB


def test_the_attributes_of_a_document_are_known_by_all_of_its_members() -> None:
    members = ("id", "type", "level", "rain", "@context")
    assert core().attributes(members) == (("level", VOCAB + "level"), ("rain", VOCAB + "rain"))
    assert core().attributes(("level", "le vel")) is None
    assert core().attributes(("level", VOCAB + "level")) is None


def test_members_without_end_leave_nothing_behind() -> None:
    own = context({"a": "https://x.example/a"})
    for number in range(2_000):
        assert own.attributes(("id", f"level{number}")) is not None
    assert own.attributes(tuple(f"x{number}" + "y" * 1_000 for number in range(5))) is not None
    assert sum(len(name) for members in own._members for name in members) < 100_000
