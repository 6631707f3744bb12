"""What is there to check? The checkout as values: its modules, its files, its services."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path, PurePosixPath

PURE = (
    "src/machinami/foundation/*",
    "src/machinami/model/*",
    "src/machinami/methods/*",
    "src/machinami/services/*/logic*",
    "src/machinami/services/*/model*",
    "src/machinami/ingest/*/parse*",
    "src/machinami/apis/*/shapes*",
)
LEFT_OUT = {".git", ".venv", ".cache", "build", "dist", "node_modules", "vendor", "__pycache__"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach: where, of which kind, and how it is mended."""

    path: str
    line: int
    what: str
    cure: str


@dataclass(frozen=True)
class Module:
    """One Python file: its path from the root of the checkout, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """List every node of the tree, walked once: most of what the rules take is walking."""
        return tuple(ast.walk(self.tree))

    @property
    def is_pure(self) -> bool:
        """Tell whether this file must compute without clock, chance or files."""
        return any(fnmatch(self.path, pattern) for pattern in PURE)

    @property
    def docstring(self) -> str:
        """Return the module's docstring, empty where there is none."""
        return ast.get_docstring(self.tree) or ""

    @cached_property
    def functions(self) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]:
        """List every function and method, nested ones too."""
        return tuple(node for node in self.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@dataclass(frozen=True)
class House:
    """A checkout, read once; rules look at it and at nothing else."""

    root: Path

    @cached_property
    def files(self) -> tuple[str, ...]:
        """List the files that are, or could be, committed."""
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        if not (self.root / ".git").exists():
            return tuple(sorted(self._walk()))
        listed = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=True)
        return tuple(sorted(name for name in listed.stdout.split("\0") if name and (self.root / name).is_file()))

    def _walk(self) -> Iterator[str]:
        for file in self.root.rglob("*"):
            path = file.relative_to(self.root)
            if file.is_file() and not LEFT_OUT & set(path.parts):
                yield path.as_posix()

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        """List every Python file of the product, the tools and the tests."""
        wanted = [name for name in self.files if name.endswith(".py")]
        return tuple(Module(name, text := self.text(name), ast.parse(text, name)) for name in wanted)

    @property
    def code(self) -> tuple[Module, ...]:
        """List the modules that style rules hold for: product and tools."""
        return tuple(m for m in self.modules if m.path.startswith(("src/", "tools/")))

    @property
    def tests(self) -> tuple[Module, ...]:
        """List the test modules."""
        return tuple(m for m in self.modules if PurePosixPath(m.path).name.startswith("test_"))

    def text(self, name: str) -> str:
        """Return the text of one file; empty where there is none."""
        path = self.root / name
        return path.read_text("utf-8") if path.is_file() else ""

    def folders(self, within: str) -> tuple[str, ...]:
        """List the names of the packages below a folder of the product."""
        depth = len(PurePosixPath(within).parts)
        held = {PurePosixPath(n).parts[depth] for n in self.files if n.startswith(f"{within}/")}
        return tuple(sorted(name for name in held if (self.root / within / name).is_dir()))
