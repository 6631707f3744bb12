"""Does the code keep the house's style, as far as ruff, mypy and the floors cannot see?"""

import ast
import re
from collections.abc import Iterator, Set
from pathlib import PurePosixPath

from house import Finding, House

MODULE_LINES = 400
FUNCTION_LINES = 50
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
IMPURE = re.compile(
    r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|monotonic|perf_counter)|uuid[14])$"
    r"|^random\.(?!Random$)\w+$|^(open|input|print)$"
)
# A wait with a deadline asserts that it happens; a suppressed error, that there is no other.
ASSERTING = {"raises", "warns", "fail", "suppress", "until", "wait_for", "wait_until"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def module_budget(house: House) -> Iterator[Finding]:
    """A module has at most 400 lines."""
    for module in house.code:
        if (count := len(module.text.splitlines())) > MODULE_LINES:
            what = f"{count} lines, {MODULE_LINES} are allowed"
            yield Finding(module.path, MODULE_LINES, what, "find the two modules in it and part them")


def function_budget(house: House) -> Iterator[Finding]:
    """A function has at most 50 lines."""
    for module in house.code:
        for node in module.functions:
            count = (node.end_lineno or node.lineno) - node.lineno + 1
            if count > FUNCTION_LINES:
                what = f"{node.name} has {count} lines, {FUNCTION_LINES} are allowed"
                yield Finding(module.path, node.lineno, what, "name its steps and make each a function")


def module_docstring(house: House) -> Iterator[Finding]:
    """A module opens with one sentence that says what question it answers."""
    for module in house.code:
        first = module.docstring.split("\n\n")[0].strip()
        if not first:
            yield Finding(module.path, 1, "no docstring", "open with one sentence: what question it answers")
        elif not re.search(r"[.?。](\s|$)", first):
            yield Finding(module.path, 1, "its docstring opens with no sentence", "end it with a full stop or ?")


def module_name(house: House) -> Iterator[Finding]:
    """A module is named by what it is about."""
    for module in house.code:
        path = PurePosixPath(module.path)
        if vague := VAGUE_NAMES & {path.stem, path.parent.name}:
            what = f"the name {', '.join(vague)} says nothing"
            yield Finding(module.path, 1, what, "name it by the noun it is about, or move its parts home")


def empty_init(house: House) -> Iterator[Finding]:
    """An __init__.py holds a docstring and nothing else."""
    for module in house.code:
        if module.path.endswith("/__init__.py") and len(module.tree.body) > bool(module.docstring):
            line = module.tree.body[-1].lineno
            yield Finding(module.path, line, "__init__.py holds code", "move it to a module with a name")


def pure_call(house: House) -> Iterator[Finding]:
    """A pure file takes now, chance, ids and texts as arguments."""
    for module in house.code:
        if not module.is_pure:
            continue
        for node in module.nodes:
            if isinstance(node, ast.Call) and IMPURE.search(name := ast.unparse(node.func)):
                what = f"{name}() in a file that only computes"
                yield Finding(module.path, node.lineno, what, "take the value as an argument")


def local_import(house: House) -> Iterator[Finding]:
    """Imports stand at the top, where the floors can be seen."""
    for module in house.code:
        if all(node in module.tree.body for node in module.nodes if isinstance(node, ast.Import | ast.ImportFrom)):
            continue
        for function in module.functions:
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    what = f"import inside {function.name}"
                    yield Finding(module.path, node.lineno, what, "import at the top; if that is a cycle, mend it")


def stray_print(house: House) -> Iterator[Finding]:
    """Only the command line prints."""
    for module in house.code:
        if module.path.startswith(("tools/", "src/machinami/cli/")):
            continue
        for node in module.nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                yield Finding(module.path, node.lineno, "print()", "return the text, or publish or log the fact")


def idle_test(house: House) -> Iterator[Finding]:
    """A test asserts something, itself or through a function of the tests that does."""
    inside = [module for module in house.modules if module.path.startswith("tests/")]
    asserting = {f.name for module in inside for f in module.functions if _asserts(f, frozenset())}
    for module in house.tests:
        for node in module.functions:
            if node.name.startswith("test_") and not _asserts(node, asserting):
                yield Finding(module.path, node.lineno, f"{node.name} asserts nothing", "assert what must hold")


def _asserts(function: Function, asserting: Set[str]) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in asserting or name in ASSERTING or re.match(r"_?(assert|expect|check)", name):
                return True
    return False
