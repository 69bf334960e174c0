"""Compile the loop for the interpreter that runs this: ``python build.py FOLDER``.

kernels/python/build.rs names Cargo's OUT_DIR, from where maturin takes the result.
"""

import os
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Distribution, Extension

SOURCES = Path(__file__).resolve().parent


def build(folder: Path) -> None:
    """Put ``_evmloop`` with the suffix of this interpreter into a folder."""
    # What another interpreter left would go into the wheel.
    for stale in folder.glob("_evmloop*"):
        stale.unlink()
    # setuptools puts objects where the paths of their sources lead to; these must not lead out of the folder.
    os.chdir(SOURCES)
    extension = Extension(
        "_evmloop",
        ["_evmloop.pyx"],
        include_dirs=["."],
        extra_compile_args=["-O3", "-g0"],
    )
    modules = cythonize([extension], build_dir=str(folder), quiet=True)
    command = Distribution({"ext_modules": modules}).get_command_obj("build_ext")
    command.build_lib = command.build_temp = str(folder)
    command.ensure_finalized()
    command.run()


if __name__ == "__main__":
    build(Path(sys.argv[1]).resolve())
