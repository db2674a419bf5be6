"""The room stays pure: importing all of it loads neither the proxy nor the database."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import contract
import contract.rules

ROOT = Path(__file__).parents[2]


def modules() -> list[str]:
    return [found.name for found in pkgutil.walk_packages(contract.__path__, "contract.")]


def test_importing_all_of_contract_loads_neither_mitmproxy_nor_sqlite3() -> None:
    names = modules()
    assert "contract.checker" in names
    assert "contract.rules.cors" in names
    code = f"import sys, {', '.join(names)}\nfrom contract.profile import builtin\nbuiltin('chat')\n"
    code += "print(sorted({name.partition('.')[0] for name in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.replace("'", "").strip("[]\n").split(", "))
    assert "contract" in loaded
    assert loaded.isdisjoint(
        {"mitmproxy", "sqlite3", "_sqlite3", "sqlite_utils", "click", "recordings", "addons"}
    )
