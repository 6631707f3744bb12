"""Does the checkout keep the rules of the house? One function a rule; each finding says how to mend it.

`tools/check.py` prints `path:line rule: what, how to mend` and ends with 1 where anything is found;
`tools/check.py --write` writes the generated documents first; `--root` checks another checkout.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import code_rules
import paper_rules
import service_rules
from documents import generate
from house import Finding, House

Rule = Callable[[House], Iterator[Finding]]
RULES: Mapping[str, Rule] = {
    "module-budget": code_rules.module_budget,
    "function-budget": code_rules.function_budget,
    "module-docstring": code_rules.module_docstring,
    "module-name": code_rules.module_name,
    "empty-init": code_rules.empty_init,
    "pure-call": code_rules.pure_call,
    "local-import": code_rules.local_import,
    "stray-print": code_rules.stray_print,
    "idle-test": code_rules.idle_test,
    "manifest-present": service_rules.manifest_present,
    "manifest-complete": service_rules.manifest_complete,
    "setting-titles": service_rules.setting_titles,
    "service-parts": service_rules.service_parts,
    "service-tests": service_rules.service_tests,
    "service-docstring": service_rules.service_docstring,
    "written-types": service_rules.written_types,
    "counted-attributes": service_rules.counted_attributes,
    "dependency-declared": paper_rules.dependency_declared,
    "dependency-told": paper_rules.dependency_told,
    "dependency-locked": paper_rules.dependency_locked,
    "foreign-name": paper_rules.foreign_name,
    "shown-requirements": paper_rules.shown_requirements,
    "fresh-documents": paper_rules.fresh_documents,
}


def findings(house: House, rules: Mapping[str, Rule] = RULES) -> Iterator[str]:
    """Yield one line for every breach, each once, in the order of the rules."""
    for name, rule in rules.items():
        for found in dict.fromkeys(rule(house)):
            yield f"{found.path}:{found.line} {name}: {found.what}; {found.cure}"


def write_documents(house: House) -> Iterator[str]:
    """Write the generated documents that are not fresh, and yield their names."""
    for name, text in generate(house).items():
        if house.text(name) != text:
            path = house.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            yield name


def main(argv: Sequence[str] | None = None) -> int:
    """Check the checkout; 0 when every rule is kept."""
    parser = argparse.ArgumentParser(description="Check the rules of the house.")
    parser.add_argument("--write", action="store_true", help="write the generated documents first")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    words = parser.parse_args(argv)
    if words.write:
        for name in write_documents(House(words.root)):
            print(f"wrote {name}")
    lines = list(findings(House(words.root)))
    for line in lines:
        print(line)
    print(f"{len(RULES)} rules, {len(lines)} breaches")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
