# SPDX-License-Identifier: Apache-2.0
#
# Tests of the guards themselves: each is run on a small sound tree or library, where it must be silent, and
# then on the same with one violation planted, which it must name.
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools")
LICENCE = "// SPDX-License-Identifier: Apache-2.0\n//\n// A file of a planted tree.\n"

SOUND = {
    "README.md": "Holdfast\n",
    "include/holdfast/base.h": LICENCE + "#define HF_API __attribute__((visibility(\"default\")))\n"
                                         "HF_API int hf_one(void);\n",
    "include/holdfast/csv.h": LICENCE + "#include \"holdfast/base.h\"\n",
    "include/holdfast/workflow.h": LICENCE + "#include <holdfast/csv.h>\n",
    "src/CMakeLists.txt": "# rooms\n",
    "src/base/CMakeLists.txt": "# base\n",
    "src/base/base_room.h": LICENCE + "#include \"holdfast/base.h\"\n",
    "src/base/memory.c": LICENCE + "#include \"base/base_room.h\"\n#include <stdlib.h>\nvoid *p;\n"
                                   "void hf_a(void) { p = malloc(1); }\n",
    "src/frame/frame_room.h": LICENCE + "#include \"base/base_room.h\"\n",
    "src/csv/csv_parse.h": LICENCE,
    "src/csv/csv_parse.c": LICENCE + "#include \"csv/csv_parse.h\"\n#include \"frame/frame_room.h\"\n"
                                     "#include \"holdfast/csv.h\"\n#include <zlib.h>\n",
    "src/store/snapshot.c": LICENCE + "#include <hdf5.h>\n",
    "src/churn/solver.c": LICENCE + "#include <linear.h>\n",
    "src/workflow/ingest.c": LICENCE + "#include \"holdfast/workflow.h\"\n#include \"frame/frame_room.h\"\n",
    "src/cli/main.c": LICENCE + "#include \"cli/verbs.h\"\n#include \"holdfast/workflow.h\"\n",
    "src/cli/verbs.h": LICENCE,
    "bench/bench_score.c": LICENCE + "#include \"kernels/kernels_room.h\"\n#include <holdfast/csv.h>\n",
    "tests/csv/test_csv.c": LICENCE + "#include \"csv/csv_parse.h\"\n",
    "tools/check_it": "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n",
}


def run_tool(name, *arguments):
    done = subprocess.run([sys.executable, os.path.join(TOOLS, name), *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class Planted(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="holdfast-guards-")
        self.addCleanup(shutil.rmtree, self.root, True)
        for path, text in SOUND.items():
            self.write(path, text)

    def write(self, path, text, mode="w"):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, mode, encoding="utf-8") as file:
            file.write(text)

    def expect_clean(self, tool):
        code, said = run_tool(tool, self.root)
        self.assertEqual((code, said), (0, ""))

    def expect_problem(self, tool, place, word):
        code, said = run_tool(tool, self.root)
        self.assertEqual(code, 1, said)
        lines = said.strip().split("\n")
        self.assertTrue(any(place in line and word in line for line in lines), said)
        self.assertTrue(all(place in line for line in lines), said)  # and nothing else is blamed


class Layers(Planted):
    def include(self, path, header, word):
        """Adds an include to a file of the sound tree and expects it to be named with its line."""
        line = '#include "%s"\n' % header if header[0] != "<" else "#include %s\n" % header
        self.write(path, line, "a")
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            number = len(file.readlines())
        self.expect_problem("check_layers", f"{path}:{number}:", word)

    def test_a_sound_tree_passes(self):
        self.expect_clean("check_layers")

    def test_a_lower_room_includes_a_higher_one(self):
        self.include("src/base/memory.c", "frame/frame_room.h", "lower")

    def test_a_lower_room_includes_a_higher_public_header(self):
        self.include("src/base/memory.c", "holdfast/csv.h", "lower")

    def test_angle_brackets_are_includes_too(self):
        self.include("src/base/memory.c", "<holdfast/csv.h>", "lower")

    def test_rooms_on_one_floor_are_strangers(self):
        self.write("src/store/store_room.h", LICENCE)
        self.include("src/csv/csv_parse.c", "store/store_room.h", "lower")

    def test_a_private_header_stays_private(self):
        self.include("src/workflow/ingest.c", "csv/csv_parse.h", "private")

    def test_the_command_sees_public_headers_only(self):
        self.include("src/cli/main.c", "base/base_room.h", "public")

    def test_a_public_header_includes_a_room_header(self):
        self.include("include/holdfast/csv.h", "base/base_room.h", "not installed")

    def test_public_headers_keep_to_the_floors(self):
        self.include("include/holdfast/base.h", "holdfast/csv.h", "lower")

    def test_the_bench_sees_few_rooms(self):
        self.write("src/csv/csv_room.h", LICENCE)
        self.include("bench/bench_score.c", "csv/csv_room.h", "public")

    def test_hdf5_belongs_to_the_store(self):
        self.include("src/csv/csv_parse.c", "<hdf5.h>", "src/store")

    def test_hdf5_by_its_parts_too(self):
        self.include("src/frame/frame_room.h", "<H5Dpublic.h>", "src/store")

    def test_blas_belongs_to_linalg(self):
        self.include("src/churn/solver.c", "<cblas.h>", "src/linalg")

    def test_the_solver_belongs_to_churn(self):
        self.include("src/workflow/ingest.c", "<linear.h>", "src/churn")

    def test_one_file_alone_speaks_to_the_solver(self):
        self.write("src/churn/path.c", LICENCE + "#include <linear.h>\n")
        code, said = run_tool("check_layers", self.root)
        self.assertEqual(code, 1)
        self.assertIn("src/churn/path.c:4:", said)
        self.assertIn("src/churn/solver.c:4:", said)

    def test_a_source_file_is_never_included(self):
        self.include("src/csv/csv_parse.c", "csv/csv_cells.c", "never included")

    def test_an_unknown_quoted_header(self):
        self.include("src/csv/csv_parse.c", "nowhere.h", "neither")

    def test_an_include_in_a_comment_is_none(self):
        self.write("src/base/memory.c", '/*\n#include "frame/frame_room.h"\n*/\n// #include "cli/verbs.h"\n', "a")
        self.expect_clean("check_layers")

    def test_a_room_that_is_not_in_the_house(self):
        self.write("src/cellar/wine.c", LICENCE)
        self.expect_problem("check_layers", "src/cellar", "no such room")

    def test_a_stranger_at_the_top(self):
        self.write("docs/page.md", "text\n")
        self.expect_problem("check_layers", "docs", "top")

    def test_what_building_leaves_is_not_looked_at(self):
        self.write("build/release/utils.c", "int x;\n")
        self.expect_clean("check_layers")

    def test_file_names_are_unique(self):
        self.write("tests/store/snapshot.c", LICENCE)
        self.expect_problem("check_layers", "tests/store/snapshot.c", "unique")

    def test_a_name_that_says_nothing(self):
        for name in ("utils", "csv_common", "misc_things", "test_helpers"):
            with self.subTest(name):
                path = f"src/csv/{name}.h"
                self.write(path, LICENCE)
                self.expect_problem("check_layers", path, "purpose")
                os.remove(os.path.join(self.root, path))

    def test_names_are_snake_case(self):
        self.write("src/csv/CsvCells.c", LICENCE)
        self.expect_problem("check_layers", "src/csv/CsvCells.c", "snake_case")

    def test_length_is_limited(self):
        self.write("src/csv/csv_parse.h", "\n" * (800 - LICENCE.count("\n")), "a")
        self.expect_clean("check_layers")
        self.write("src/csv/csv_parse.h", "\n", "a")
        self.expect_problem("check_layers", "src/csv/csv_parse.h:801:", "801 lines")

    def test_the_licence_line(self):
        self.write("src/csv/csv_cells.c", "// Cells.\n" + LICENCE)
        self.expect_problem("check_layers", "src/csv/csv_cells.c:1:", "SPDX")

    def test_the_licence_line_of_a_script(self):
        self.write("tools/make_it", "#!/bin/sh\n# Makes it.\n# SPDX-License-Identifier: Apache-2.0\n")
        self.expect_problem("check_layers", "tools/make_it:1:", "SPDX")

    def test_allocation_goes_through_base(self):
        self.write("src/csv/csv_parse.c", "// malloc( in a comment and\nconst char *t = \"malloc(1)\";\n", "a")
        self.expect_clean("check_layers")
        self.write("src/csv/csv_parse.c", "void *hf_q(void) { return calloc(1, 1); }\n", "a")
        self.expect_problem("check_layers", "src/csv/csv_parse.c:", "calloc")

    def test_no_static_functions_in_public_headers(self):
        self.write("include/holdfast/csv.h", "static inline int two(void) { return 2; }\n", "a")
        self.expect_problem("check_layers", "include/holdfast/csv.h:5:", "static")


class Words(Planted):
    def test_a_sound_tree_passes(self):
        self.write("README.md", "Set HOLDFAST_DATASETS, by default `../shared" "/datasets`. mkstemp(\"a.XXXXXX\")\n")
        self.expect_clean("check_words")

    def test_marks_of_unfinished_work(self):
        for word in ("TO" "DO", "FIX" "ME", "X" "XX"):
            with self.subTest(word):
                self.write("src/csv/csv_parse.h", LICENCE + f"// {word}: later\n")
                self.expect_problem("check_words", "src/csv/csv_parse.h:4:", word)

    def test_paths_of_one_machine(self):
        for text in ("/wo" "rk/main/src", "see ../sha" "red/notes", "/ho" "me/somebody/x", "sha" "red/datasets/a"):
            with self.subTest(text):
                self.write("README.md", f"first\n{text}\n")
                self.expect_problem("check_words", "README.md:2:", "a ")

    def test_in_a_checkout_ignored_files_are_left_alone(self):
        if not shutil.which("git"):
            self.skipTest("git is not installed")
        subprocess.run(["git", "init", "-q", self.root], check=True)
        self.write(".gitignore", "/scratch/\n")
        self.write("scratch/notes.md", "TO" "DO\n")
        self.expect_clean("check_words")
        self.write("notes.md", "TO" "DO\n")
        self.expect_problem("check_words", "notes.md:1:", "TO" "DO")


class Headers(Planted):
    def check(self):
        return run_tool("check_headers", os.path.join(self.root, "include"))

    def test_sound_headers_pass(self):
        self.write("include/holdfast/base.h", "#pragma once\n" + LICENCE + "int hf_one(void);\n")
        code, said = self.check()
        self.assertEqual(code, 0, said)

    def test_a_header_that_needs_another(self):
        self.write("include/holdfast/csv.h", LICENCE + "int hf_two(size_t n);\n")
        code, said = self.check()
        self.assertEqual(code, 1)
        self.assertIn("holdfast/csv.h: does not compile alone as c17", said)

    def test_a_header_that_is_no_cpp(self):
        self.write("include/holdfast/csv.h", LICENCE + "int hf_two(int class);\n")
        code, said = self.check()
        self.assertEqual(code, 1)
        self.assertIn("holdfast/csv.h: does not compile alone as c++17", said)
        self.assertNotIn("holdfast/csv.h: does not compile alone as c17", said)

    def test_a_header_that_is_not_pedantic(self):
        self.write("include/holdfast/csv.h", LICENCE + "struct hf_empty {};\n")
        code, said = self.check()
        self.assertEqual(code, 1)
        self.assertIn("holdfast/csv.h: does not compile alone as c17", said)

    def test_a_header_without_a_guard(self):
        self.write("include/holdfast/csv.h", LICENCE + "typedef struct { int a; } hf_pair;\n")
        code, said = self.check()
        self.assertEqual(code, 1)
        self.assertIn("holdfast/csv.h: does not compile alone", said)


class Symbols(Planted):
    def check(self, code):
        self.write("library.c", '#include <holdfast/base.h>\n#include <stdio.h>\n#include <stdlib.h>\n' + code)
        library = os.path.join(self.root, "libplanted.so")
        include = os.path.join(self.root, "include")
        subprocess.run(["gcc", "-O0", "-shared", "-fPIC", "-fvisibility=hidden", "-I", include, "-o", library,
                        os.path.join(self.root, "library.c")], check=True)
        return run_tool("check_symbols", library, include)

    def test_a_sound_library_passes(self):
        self.assertEqual(self.check("int hf_one(void) { return 1; }\nint hf_inner(void) { return 2; }\n"), (0, ""))

    def test_a_name_without_the_prefix(self):
        code, said = self.check("int hf_one(void) { return 1; }\nHF_API int oops(void);\nint oops(void) { return 1; }\n")
        self.assertEqual((code, said), (1, "oops: exported without the prefix hf_\n"))

    def test_an_export_that_no_header_declares(self):
        code, said = self.check("int hf_one(void) { return 1; }\nHF_API int hf_x(void);\nint hf_x(void) { return 1; }\n")
        self.assertEqual((code, said), (1, "hf_x: exported, but no public header declares it\n"))

    def test_a_declaration_that_is_not_exported(self):
        self.write("include/holdfast/csv.h", '#include "holdfast/base.h"\n// HF_API int hf_none(void);\n'
                                             "HF_API const char *hf_forgotten(int a,\n int b);\n")
        code, said = self.check("int hf_one(void) { return 1; }\n")
        self.assertEqual((code, said), (1, "hf_forgotten: declared in holdfast/csv.h, but not exported\n"))

    def test_a_library_that_prints_or_exits(self):
        for call in ("printf(\"%d\", 1)", "fputs(\"x\", stderr)", "exit(1)", "abort()", "srand(1)"):
            with self.subTest(call):
                code, said = self.check("int hf_one(void) { %s; return 1; }\n" % call)
                self.assertEqual(code, 1, said)
                self.assertIn("imported", said)


class Format(Planted):
    def check(self, text):
        shutil.copy(os.path.join(TOOLS, "..", ".clang-format"), self.root)
        self.write("src/csv/csv_parse.h", text)
        path = os.path.join(self.root, "src", "csv", "csv_parse.h")
        done = subprocess.run([os.path.join(TOOLS, "format"), "--check", path], capture_output=True, text=True)
        if done.returncode == 77:
            self.skipTest("clang-format 14 is not installed")
        return done.returncode, done.stdout

    def test_a_formatted_file_passes(self):
        self.assertEqual(self.check(LICENCE + "int hf_two(int a);\n"), (0, ""))

    def test_a_file_that_is_not_formatted(self):
        code, said = self.check(LICENCE + "int  hf_two( int a );\n")
        self.assertEqual(code, 1)
        self.assertIn("csv_parse.h: not formatted", said)


if __name__ == "__main__":
    unittest.main(verbosity=1)
