# SPDX-License-Identifier: Apache-2.0
#
# Runs each benchmark on a small fleet and holds its output to what it promises: one JSON object with minimum,
# median and maximum of the rates, beside the memory's; a table for people; a clear refusal of wrong options.
# How fast anything is stays out of it.
import json
import subprocess
import sys
import tempfile
import unittest

BENCH = sys.argv.pop(1)
RATES = ["accounts_per_second", "bytes_per_second", "read_bandwidth_bytes_per_second"]


def run(*arguments, **options):
    return subprocess.run([BENCH, *arguments], capture_output=True, text=True, **options)


class Bench(unittest.TestCase):
    def test_every_verb_in_json(self):
        for verb in ("ingest", "score", "train"):
            with self.subTest(verb), tempfile.TemporaryDirectory() as folder:
                done = run(verb, "--accounts", "3000", "--signals", "5", "--threads", "2", "--repeats", "3",
                           "--seed", "9", "--json", env={"TMPDIR": folder})
                self.assertEqual(done.returncode, 0, done.stderr)
                said = json.loads(done.stdout)
                self.assertEqual([said[key] for key in ("bench", "accounts", "signals", "threads", "repeats", "seed")],
                                 [verb, 3000, 5, 2, 3, 9])
                for key in RATES:
                    self.assertEqual(sorted(said[key]), ["max", "median", "min"])
                    self.assertTrue(0 < said[key]["min"] <= said[key]["median"] <= said[key]["max"], said)
                left = subprocess.run(["ls", "-A", folder], capture_output=True, text=True).stdout
                self.assertEqual(left, "", "something was left in the temporary folder")

    def test_a_table_for_people(self):
        done = run("score", "--accounts", "1000", "--repeats", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("holdfast-bench score: 1000 accounts x 24 signals", done.stdout)
        self.assertIn("memory read", done.stdout)

    def test_wrong_options_are_refused(self):
        for arguments in ([], ["nonsense"], ["score", "--accounts", "12x"], ["score", "--repeats", "0"],
                          ["score", "--threads", "-1"], ["score", "--colour"], ["score", "train"]):
            with self.subTest(arguments):
                done = run(*arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertNotEqual(done.stderr, "")

    def test_a_temporary_folder_that_is_not_there(self):
        done = run("ingest", "--accounts", "1000", env={"TMPDIR": "/nowhere/at/all"})
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("/nowhere/at/all", done.stderr)


if __name__ == "__main__":
    unittest.main()
