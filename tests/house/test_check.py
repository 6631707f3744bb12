"""Does each rule of the house catch its breach, and say how it is mended?"""

from collections.abc import Callable
from pathlib import Path

import pytest

import check
from house import House

GOOD_MANIFEST = """
id = "count"
version = "1"
field = "facilities"
owner = "総務課"
reads = []
personal = []
kpis = []
title = { ja = "数", en = "Count", easy = "かず" }
question = { ja = "いくつ。", en = "How many?" }
help = { ja = "数えます。", en = "Counts." }
schedule = { every = "10m" }
settings = {}
seed = { city = "Fujieda", aim = "to know", source = "its report" }
[[writes]]
type = "Count"
[quality.bronze]
tests = "done"
"""
SERVICE = "src/machinami/services/count"
Lay = Callable[[dict[str, str]], Path]


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    """Lay out a small checkout from paths and texts."""

    def write(texts: dict[str, str]) -> Path:
        for name, text in texts.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return tmp_path

    return write


def breaches(root: Path, rule: str) -> list[str]:
    """Run one rule over a checkout."""
    return list(check.findings(House(root), {rule: check.RULES[rule]}))


def counting(formula: str) -> str:
    """A manifest whose KPI has this formula."""
    kpi = 'id = "seen", level = "output", direction = "up", title = { ja = "数", en = "Seen" }'
    kpi += ', counting = { ja = "数える。", en = "Count." }'
    written = 'type = "Count"\nattributes = ["heard", "since"]'
    manifest = GOOD_MANIFEST.replace("kpis = []", f"kpis = [{{ {kpi}, formula = '{formula}' }}]")
    return manifest.replace('type = "Count"', written)


LONG_FUNCTION = '"""Why so long?"""\n\n\ndef f() -> None:\n' + "    x = 1\n" * 50
BREACHES = [
    ("module-budget", "src/machinami/kit/long.py", '"""Long?"""\n' + "x = 1\n" * 400, "401 lines, 400 are allowed"),
    ("function-budget", "src/machinami/kit/f.py", LONG_FUNCTION, "f has 51 lines, 50 are allowed"),
    ("module-docstring", "src/machinami/kit/mute.py", "x = 1\n", "no docstring"),
    ("module-docstring", "tools/mute.py", '"""something"""\n', "opens with no sentence"),
    ("module-name", "src/machinami/kit/utils.py", '"""What?"""\n', "the name utils says nothing"),
    ("module-name", "src/machinami/common/tide.py", '"""What?"""\n', "the name common says nothing"),
    ("empty-init", "src/machinami/kit/__init__.py", '"""Kit."""\nx = 1\n', "__init__.py holds code"),
    ("pure-call", "src/machinami/model/m.py", '"""M?"""\nx = datetime.datetime.now()\n', "datetime.datetime.now()"),
    ("pure-call", "src/machinami/methods/m.py", '"""M?"""\nx = random.random()\n', "random.random()"),
    ("pure-call", "src/machinami/services/a/logic/m.py", '"""M?"""\nx = uuid4()\n', "uuid4()"),
    ("pure-call", "src/machinami/ingest/csv/parse.py", '"""M?"""\nx = open("f")\n', "open()"),
    ("local-import", "src/machinami/kit/m.py", '"""M?"""\ndef f() -> None:\n    import os\n', "import inside f"),
    ("stray-print", "src/machinami/kit/m.py", '"""M?"""\nprint(1)\n', "print()"),
    (
        "idle-test",
        "tests/test_m.py",
        '"""M?"""\ndef test_nothing() -> None:\n    f()\n',
        "test_nothing asserts nothing",
    ),
    ("manifest-present", f"{SERVICE}/logic.py", '"""L?"""\n', "the service count has no manifest"),
    ("manifest-complete", f"{SERVICE}/manifest.toml", GOOD_MANIFEST.replace('owner = "総務課"\n', ""), "owner"),
    ("manifest-complete", f"{SERVICE}/manifest.toml", "not toml", "this is not TOML"),
    ("manifest-complete", f"{SERVICE}/manifest.toml", GOOD_MANIFEST.replace('"count"', '"other"'), "id other in the"),
    ("setting-titles", "src/machinami/app/configuration.py", '"""C?"""\n', "town.name has no title"),
    ("service-parts", f"{SERVICE}/logic.py", '"""L?"""\n', "the service count has no model"),
    ("service-tests", f"{SERVICE}/logic.py", '"""L?"""\n', "the service count has no test_logic"),
    ("service-docstring", f"{SERVICE}/__init__.py", "\n", "the service says nothing of itself"),
    (
        "written-types",
        f"{SERVICE}/manifest.toml",
        GOOD_MANIFEST.replace("reads = []", 'reads = [{ type = "Tide" }]'),
        "count reads Tide, which nobody writes",
    ),
    ("counted-attributes", f"{SERVICE}/manifest.toml", counting("sum(seen of Count)"), "nobody writes seen of Count"),
    ("counted-attributes", f"{SERVICE}/manifest.toml", counting("2 * -count(Tide)"), "nobody writes Tide"),
    ("counted-attributes", f"{SERVICE}/manifest.toml", counting("sum(Count)"), "the formula of seen: "),
    ("dependency-declared", "src/machinami/kit/m.py", '"""M?"""\nimport some_thing.else_\n', "imports some_thing"),
    ("dependency-told", "pyproject.toml", '[project]\ndependencies = ["some_thing>=1"]\n', "why some-thing is here"),
    (
        "dependency-locked",
        "pyproject.toml",
        '[project]\ndependencies = ["some_thing>=1"]\n',
        "some-thing is in no lock",
    ),
    ("foreign-name", "docs/a.md", "see https://" + "pypi" + ".org/simple\n", "names a package registry's host"),
    ("foreign-name", "docs/a.md", "look in /" + "home/" + "hanako/town\n", "names a path of one machine"),
    (
        "shown-requirements",
        "docs/asvs.md",
        "1 met, 0 not applicable, 0 not met.\n| 1.1.1 | 1 | x | met | `tests/test_x.py::test_gone` |\n",
        "1.1.1 is shown by tests/test_x.py::test_gone, which is not there",
    ),
    (
        "shown-requirements",
        "docs/asvs.md",
        "9 met, 0 not applicable, 0 not met.\n| 1.1.1 | 1 | x | **not met** | nobody asked |\n",
        "the sums are not those of the rows",
    ),
    ("fresh-documents", "src/machinami/kit/m.py", '"""M?"""\n', "is not what the tree says now"),
]


@pytest.mark.parametrize(("rule", "path", "text", "sentence"), BREACHES)
def test_a_breach_is_found_where_it_is_and_said(lay: Lay, rule: str, path: str, text: str, sentence: str) -> None:
    said = breaches(lay({path: text}), rule)
    assert len(said) >= 1
    assert sentence in said[0]
    assert f" {rule}: " in said[0]
    assert "; " in said[0], "a finding says how it is mended"


def test_every_rule_has_a_breach_that_it_is_shown_to_catch() -> None:
    assert {rule for rule, *_ in BREACHES} == set(check.RULES)


def test_a_small_service_that_keeps_the_rules_is_left_in_peace(lay: Lay) -> None:
    root = lay(
        {
            f"{SERVICE}/__init__.py": '"""How many are there, for the officer who counts?"""\n',
            f"{SERVICE}/manifest.toml": GOOD_MANIFEST,
            f"{SERVICE}/logic.py": '"""How many?"""\n\nimport random\n\nCHANCE = random.Random(1)\n',
            f"{SERVICE}/model.py": '"""What?"""\n',
            f"{SERVICE}/service.py": '"""When?"""\n',
            "tests/services/count/test_logic.py": '"""L?"""\ndef test_it() -> None:\n    assert True\n',
            "tests/services/count/test_service.py": '"""S?"""\ndef test_it() -> None:\n    assert True\n',
        }
    )
    list(check.write_documents(House(root)))
    assert list(check.findings(House(root))) == []


def test_a_test_that_leaves_the_assertion_to_a_function_of_its_file_does_assert(lay: Lay) -> None:
    text = '"""T?"""\ndef same(a: int) -> None:\n    assert a\n\n\ndef test_it() -> None:\n    same(1)\n'
    assert breaches(lay({"tests/test_it.py": text}), "idle-test") == []


def test_written_documents_are_fresh_until_a_sentence_changes(lay: Lay) -> None:
    floors = ".importlinter", "[importlinter:contract:floors]\nlayers =\n    kit\n"
    root = lay({floors[0]: floors[1], "src/machinami/kit/m.py": '"""What is m?"""\n'})
    assert set(check.write_documents(House(root))) == {"docs/api.md", "docs/errors.md", "docs/map.md"}
    assert "What is m?" in (root / "docs/map.md").read_text("utf-8")
    assert breaches(root, "fresh-documents") == []
    lay({"src/machinami/kit/m.py": '"""What is n?"""\n'})
    assert len(breaches(root, "fresh-documents")) == 1


@pytest.mark.parametrize("formula", ["sum(heard of Count) / count(Count)", "mean(days(since, now) of Count)"])
def test_a_formula_over_what_is_written_is_left_in_peace(lay: Lay, formula: str) -> None:
    assert breaches(lay({f"{SERVICE}/manifest.toml": counting(formula)}), "counted-attributes") == []
