# SPDX-License-Identifier: Apache-2.0
#
# Installs the build into a folder of its own, moves that folder, and there builds and runs a small program
# that uses the library: once as pkg-config says, once as find_package says.
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES C)
find_package(holdfast {version} REQUIRED CONFIG)
add_executable(consumer "{source}")
target_link_libraries(consumer PRIVATE holdfast::holdfast)
"""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"failed ({done.returncode}): {' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def main():
    parser = argparse.ArgumentParser()
    for name in ("build", "compiler", "cmake", "version", "libdir"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--sanitize", default="")
    given = parser.parse_args()
    flags = [f"-fsanitize={given.sanitize}"] if given.sanitize else []
    folder = tempfile.mkdtemp(prefix="holdfast-install-")
    try:
        run(given.cmake, "--install", given.build, "--prefix", os.path.join(folder, "first"))
        prefix = os.path.join(folder, "moved here")
        os.rename(os.path.join(folder, "first"), prefix)
        library = os.path.join(prefix, given.libdir)
        source = os.path.join(HERE, "consumer.c")
        greeting = f"consumer of holdfast {given.version}\n"

        environment = dict(os.environ, PKG_CONFIG_PATH=os.path.join(library, "pkgconfig"))
        said = run("pkg-config", "--cflags", "--libs", "holdfast", env=environment)
        arguments = [argument.replace("\\ ", " ") for argument in split_words(said)]
        program = os.path.join(folder, "consumer")
        run(given.compiler, "-std=c17", *flags, source, "-o", program, *arguments, f"-Wl,-rpath,{library}")
        assert run(program, cwd=folder) == greeting

        project = os.path.join(folder, "project")
        os.mkdir(project)
        with open(os.path.join(project, "CMakeLists.txt"), "w", encoding="utf-8") as file:
            file.write(PROJECT.format(version=given.version, source=source))
        run(given.cmake, "-G", "Ninja", "-S", project, "-B", project + "/build",
            f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_C_COMPILER={given.compiler}",
            f"-DCMAKE_C_FLAGS={' '.join(flags)}")
        run(given.cmake, "--build", project + "/build")
        assert run(project + "/build/consumer", cwd=folder) == greeting

        command = os.path.join(prefix, "bin", "holdfast")
        assert given.version in run(command, "--version"), "the installed command does not say its version"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def split_words(text):
    """Words at blanks that no backslash protects, as pkg-config writes them."""
    words = [""]
    escaped = False
    for c in text.strip():
        if c == " " and not escaped:
            words.append("")
        else:
            words[-1] += c
        escaped = c == "\\" and not escaped
    return [word for word in words if word]


if __name__ == "__main__":
    main()
