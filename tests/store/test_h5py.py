# SPDX-License-Identifier: Apache-2.0
#
# Reads a snapshot with the very lines that datasets/README.md shows, and checks a file by hand against the format
# described there, so that neither can drift. Arguments: the program that makes a store, the README.
import math
import os
import re
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy
except ImportError:
    print("SKIPPED: python3-h5py is not installed")
    sys.exit(77)


def blocks(readme):
    with open(readme, encoding="utf-8") as file:
        return re.findall(r"```python\n(.*?)```", file.read(), re.S)


def check_values(names):
    signals = names["signals"]
    assert sorted(signals) == ["arr", "plan", "renewal", "tickets", "use%2Fseat 50%25"], sorted(signals)
    tickets = signals["tickets"]
    assert tickets.dtype == numpy.float32
    assert tickets[0] == 1.5 and math.isnan(tickets[1]) and math.copysign(1, tickets[2]) == -1 and tickets[3] == 16777216
    arr = signals["arr"]
    assert arr.dtype == numpy.float64
    assert arr[0] == 1234567.89 and math.isnan(arr[1]) and arr[2] == 0 and arr[3] == -1e300
    assert list(names["accounts"]) == ["a-1", "b-\u00fc", "c", "d-444"]
    assert names["plan"] == ["gr\u00f6\u00dfer", None, "", "basic"]
    renewal = names["renewal"]
    assert str(renewal[0]) == "1970-01-01" and str(renewal[1]) == "2026-10-31" and str(renewal[3]) == "1969-12-31"
    assert signals["renewal"][2] == -2147483648


def check_attributes(snapshot):
    text = {name: value.decode() for name, value in snapshot.attrs.items() if isinstance(value, bytes)}
    assert text["format"] == "holdfast snapshot" and text["as_of"] == "2026-10-31"
    assert text["recorded_at"] == "2026-11-01T02:03:04Z" and text["id_name"] == "account_id"
    assert text["source"] == "export.csv" and re.fullmatch("[0-9a-f]{32}", text["fingerprint"])
    assert snapshot.attrs["rows"] == 4 and snapshot.attrs["columns"] == 5 and snapshot.attrs["format_version"] == 1
    order = sorted(snapshot["signals"].values(), key=lambda signal: signal.attrs["position"])
    assert [s.attrs["name"].decode() for s in order] == ["tickets", "arr", "plan", "renewal", "use/seat 50%"]
    assert [s.attrs["kind"].decode() for s in order] == ["count", "money", "category", "date", "ratio"]
    tickets = snapshot["signals/tickets"].attrs
    assert tickets["unit"].decode() == "tickets" and tickets["direction"].decode() == "higher: bad"
    assert tickets["missing"] == 1 and math.isnan(tickets["missing_value"])
    assert snapshot["signals/plan"].attrs["missing_value"] == -1
    assert snapshot[snapshot["signals/plan"].attrs["levels"].decode()].shape == (3,)
    assert snapshot["integrity/chunks"].shape == (6, 1)


def check_first_page(path):
    with open(path, "rb") as file:
        data = file.read()
    lines = data[:4072].rstrip(b"\0").decode().split("\n")
    fields = dict(line.split(" ", 1) for line in lines[1:9])
    assert lines[0] == "Holdfast snapshot 1"
    assert fields["as_of"] == "2026-10-31" and fields["rows"] == "4" and fields["columns"] == "5"
    assert int(fields["length"]) == len(data)
    assert re.fullmatch(b"check [0-9a-f]{16}\n\0", data[4072:4096])
    assert data[4096:4104] == b"\x89HDF\r\n\x1a\n"


def main(maker, readme):
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        subprocess.run([maker, "store"], check=True)
        names = {}
        first, *rest = blocks(readme)
        assert first.count("\n") == 3, "three lines are promised"
        exec(first, names)
        for block in rest:
            exec(block, names)
        check_values(names)
        check_attributes(names["snapshot"])
        check_first_page("store/snapshots/2026-10-31.h5")
        check_first_page("store/scores/2026-10-31.h5")
        assert names["made_of"]["definition"] == "7db8" and names["made_of"]["inputs"][999] == "input 999.csv"
        assert names["scores"]["signals/tickets"][0] == 1.5
        names["snapshot"].close()
        names["scores"].close()
    print("passed")


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
