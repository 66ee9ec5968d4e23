"""`python -m benchmarks [NAME]...`: runs the benchmarks of that name, or all of them."""

from __future__ import annotations

import argparse
import importlib
import pkgutil

import benchmarks

FRAME = {"__main__", "company", "market", "measure"}


def main() -> None:
    """Run what the command line names. A benchmark is a module here with a function ``run()`` that prints."""
    names = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name not in FRAME)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=benchmarks.__doc__)
    parser.add_argument("name", nargs="*", help=f"one of {', '.join(names)}; all of them if none is given")
    chosen = parser.parse_args().name or names
    for name in chosen:
        if name not in names:
            parser.error(f"{name!r} is not one of {', '.join(names)}")
    for name in chosen:
        print(f"== {name}")
        importlib.import_module(f"benchmarks.{name}").run()


if __name__ == "__main__":
    main()
