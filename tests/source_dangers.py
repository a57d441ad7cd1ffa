"""What a source may not call: code from outside, shells, and readers that run what they read."""

from __future__ import annotations

import ast
from collections.abc import Iterator

BUILTINS = ["eval", "exec", "compile", "__import__", "breakpoint"]
LISTS = {  # of what is dangerous in each module; an empty list is all of it
    "os": "execl execle execlp execlpe execv execve execvp execvpe popen posix_spawn posix_spawnp"
    " spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe startfile system",
    "subprocess": "getoutput getstatusoutput",
    "asyncio": "create_subprocess_exec create_subprocess_shell",
    "importlib": "machinery util.spec_from_file_location",
    "pickle": "Unpickler load loads",
    "torch": "hub jit.load load ops.load_library package utils.cpp_extension",
    "torch.distributed": "all_gather_object broadcast_object_list gather_object recv_object_list"
    " rpc scatter_object_list",
    "pandas": "eval read_pickle",
    "yaml": "FullLoader Loader UnsafeLoader full_load full_load_all load load_all unsafe_load"
    " unsafe_load_all",
    "multiprocessing": "connection managers",
    "shutil": "unpack_archive",
    "tempfile": "mktemp",
    "xml": "dom etree sax",
    **dict.fromkeys(["_pickle", "cloudpickle", "code", "codeop", "dbm", "dill", "joblib"], ""),
    **dict.fromkeys(["marshal", "pty", "runpy", "shelve", "tarfile", "xmlrpc"], ""),
}
DANGERS = []  # with all names below them
for module, names in LISTS.items():
    DANGERS += [f"{module}.{name}" for name in names.split()] or [module]
BELOW = tuple(f"{name}." for name in DANGERS)
MUST_BE = {"shell": False, "allow_pickle": False, "weights_only": True, "trust_remote_code": False}
NEEDED = {"numpy.load": "allow_pickle"}  # which must stand there, whatever the default is
METHODS = ("extractall",)
STARTS = ("subprocess.Popen", "subprocess.run", "subprocess.call", "subprocess.check_call")
STARTS += ("subprocess.check_output",)


def dangers(source: str) -> list[str]:
    """Return the calls, names and imports of a source that are dangerous, as `LINE TEXT`."""
    nodes = list(ast.walk(ast.parse(source)))
    known = dict(imported(nodes))
    found = []
    for node in nodes:
        if isinstance(node, (ast.Name, ast.Attribute)) and is_danger(full_name(node, known)):
            found.append(f"{node.lineno} {ast.unparse(node)}")
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found += [f"{node.lineno} {name}" for name in names_of(node) if is_danger(name)]
        elif isinstance(node, ast.Call) and is_dangerous(node, known):
            found.append(f"{node.lineno} {ast.unparse(node)}")
    return found


def imported(nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield the names that a source imports, and what they stand for."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (first, first)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def names_of(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the full names of what an import reads from other packages."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [] if node.level else [f"{node.module}.{alias.name}" for alias in node.names]


def full_name(node: ast.expr, known: dict[str, str]) -> str:
    """Return a dotted name with what its first part stands for; empty for another expression."""
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.Attribute):
        before = full_name(node.value, known)
        return f"{before}.{node.attr}" if before else ""
    return ""


def is_danger(name: str) -> bool:
    """Return whether a name is one of the dangers, or below one."""
    return f"{name}.".startswith(BELOW)


def is_dangerous(call: ast.Call, known: dict[str, str]) -> bool:
    """Return whether a call has a keyword, a method or a command line that it may not have."""
    wrong = [
        word.arg
        for word in call.keywords
        if word.arg in MUST_BE
        and not (isinstance(word.value, ast.Constant) and word.value.value is MUST_BE[word.arg])
    ]
    method = isinstance(call.func, ast.Attribute) and call.func.attr in METHODS
    built_in = isinstance(call.func, ast.Name) and call.func.id in BUILTINS
    needed = NEEDED.get(name := full_name(call.func, known))
    lacks = needed is not None and needed not in [word.arg for word in call.keywords]
    by_text = name in STARTS and not is_list(call.args[0])
    return any((wrong, lacks, method, built_in, by_text))


def is_list(node: ast.expr) -> bool:
    """Return whether an expression is a list of words, or a name that says so."""
    return isinstance(node, ast.List) or (isinstance(node, ast.Name) and node.id == "words")
