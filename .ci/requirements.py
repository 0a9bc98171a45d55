"""Print what the package requires to run: for pip-audit, which reads such lists.

python .ci/requirements.py newest     any version from the minimum on
python .ci/requirements.py oldest     the minimum itself
"""

import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"

for requirement in tomllib.loads(PYPROJECT.read_text())["project"]["dependencies"]:
    print(requirement.replace(">=", "==") if sys.argv[1] == "oldest" else requirement)
