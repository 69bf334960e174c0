"""Compile the loop into the current directory: ``python build.py`` with the interpreter that it is for.

kernels/python/build.rs runs this in Cargo's OUT_DIR, from where maturin takes the result.
"""

import os
import sys
from pathlib import Path

SOURCES = Path(__file__).resolve().parent


def build(target: Path) -> None:
    """Put ``_evmloop`` with the suffix of this interpreter into a folder."""
    # Imported here so that build.rs can tell what is missing from what fails.
    from Cython.Build import cythonize
    from setuptools import Distribution, Extension

    for stale in target.glob("_evmloop*"):
        stale.unlink()
    # setuptools puts objects where the path of their source leads to, so the paths must not lead out of the folder.
    os.chdir(SOURCES)
    extension = Extension(
        "_evmloop",
        ["_evmloop.pyx"],
        include_dirs=["."],
        depends=["word.h", "keccak.h"],
        extra_compile_args=["-O3", "-g0"],
    )
    modules = cythonize([extension], build_dir=str(target), quiet=True)
    command = Distribution({"ext_modules": modules}).get_command_obj("build_ext")
    command.build_lib = str(target)
    command.build_temp = str(target)
    command.ensure_finalized()
    command.run()


if __name__ == "__main__":
    build(Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve())
