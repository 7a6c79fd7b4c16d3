# SPDX-License-Identifier: Apache-2.0
#
# Runs tools/setup among stand-ins for dpkg-query, apt-get, id and sudo that write down how they were called:
# nothing is installed, and nothing is asked of the network.
import os
import shutil
import subprocess
import tempfile
import unittest

SETUP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "setup")
NEEDED = ["bash", "env", "sed", "grep", "mktemp", "rm", "cat"]


class Setup(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="holdfast-setup-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.calls = os.path.join(self.folder, "calls")
        for name in NEEDED:
            os.symlink(shutil.which(name), os.path.join(self.folder, name))
        self.stand_in("dpkg-query", 'for last; do :; done\n'
                                    '[[ " $ABSENT " == *" $last "* ]] && exit 1\n'
                                    '[[ " $REMOVED " == *" $last "* ]] && { echo -n config-files; exit 0; }\n'
                                    'echo -n installed')
        self.stand_in("id", "echo ${USER_ID:-0}")
        self.stand_in("apt-get", f'echo "$DEBIAN_FRONTEND apt-get $*" >>{self.calls}\n'
                                 '[ -z "$BROKEN" ] && exit 0\n'
                                 'echo "Get:1 http://deb.example.org/debian bookworm"\n'
                                 'echo "E: Failed to fetch http://deb.example.org/debian/x.deb  404"\nexit 100')

    def stand_in(self, name, script):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!{shutil.which('bash')}\n{script}\n")
        os.chmod(path, 0o755)

    def run_setup(self, *arguments, **environment):
        done = subprocess.run([SETUP, *arguments], env=dict(environment, PATH=self.folder), capture_output=True,
                              text=True)
        called = []
        if os.path.exists(self.calls):
            with open(self.calls, encoding="utf-8") as file:
                called = file.read().splitlines()
        return done.returncode, done.stdout, done.stderr, called

    def test_nothing_is_done_when_all_is_there(self):
        for arguments in ([], ["build"], ["test"]):
            code, out, error, called = self.run_setup(*arguments)
            self.assertEqual((code, out, error, called), (0, "tools/setup: every package is there\n", "", []))

    def test_what_is_missing_is_said_and_installed(self):
        code, out, _, called = self.run_setup("build", ABSENT="cmake libcriterion-dev", REMOVED="libhdf5-dev")
        self.assertEqual(code, 0)
        self.assertIn("installing cmake libhdf5-dev\n", out)
        self.assertEqual(len(called), 2)
        self.assertTrue(called[0].startswith("noninteractive") and called[0].endswith(" update"), called)
        self.assertTrue(called[1].endswith(" install -y --no-install-recommends cmake libhdf5-dev"), called)

    def test_the_tests_need_more(self):
        code, out, _, _ = self.run_setup("test", ABSENT="libcriterion-dev")
        self.assertEqual(code, 0)
        self.assertIn("installing libcriterion-dev\n", out)

    def test_without_rights(self):
        code, _, error, called = self.run_setup("build", ABSENT="cmake", USER_ID="1000")
        self.assertEqual((code, called), (1, []))
        self.assertIn("apt-get install --no-install-recommends cmake", error)

    def test_with_sudo(self):
        self.stand_in("sudo", f'echo "sudo" >>{self.calls}\nexec "$@"')
        code, _, _, called = self.run_setup("build", ABSENT="cmake", USER_ID="1000")
        self.assertEqual(code, 0)
        self.assertEqual([line.split()[0] for line in called], ["sudo", "noninteractive"] * 2)

    def test_another_system(self):
        os.remove(os.path.join(self.folder, "apt-get"))
        code, _, error, _ = self.run_setup()
        self.assertEqual(code, 1)
        self.assertIn("not a Debian system", error)
        self.assertIn("libhdf5-dev", error)

    def test_a_failure_is_told_without_addresses(self):
        code, out, error, called = self.run_setup("build", ABSENT="cmake", BROKEN="1")
        self.assertEqual((code, len(called)), (1, 1))
        self.assertIn("E: Failed to fetch (the package archive)", error)
        self.assertIn("missing: cmake", error)
        self.assertNotIn("example.org", out + error)

    def test_an_unknown_argument(self):
        self.assertEqual(self.run_setup("everything")[0], 2)


if __name__ == "__main__":
    unittest.main()
