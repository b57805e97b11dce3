from __future__ import annotations

import pytest

from liuke.metrics.units import DIRECT, units


def where(path: str, paths: list[str], *, crossed_units: int = 12) -> dict[str, bool]:
    return {
        row["org_unit"]: row["is_crossed"]
        for row in units(paths, crossed_units=crossed_units).to_pylist()
        if row["unit"] == path
    }


def test_a_unit_counts_in_itself_and_all_above() -> None:
    assert list(where("总部/广东/深圳", ["总部/广东/深圳"])) == ["", "总部", "总部/广东", "总部/广东/深圳"]


def test_those_directly_on_a_parent_stand_in_its_pseudo_child() -> None:
    paths = ["总部/广东", "总部/广东/深圳", ""]
    assert list(where("总部/广东", paths)) == ["", "总部", "总部/广东", f"总部/广东/{DIRECT}"]
    assert list(where("", paths)) == ["", DIRECT]


def test_a_company_without_units_is_only_itself() -> None:
    assert where("", [""]) == {"": True}


@pytest.mark.parametrize("path", ["总部 / 广东", "/总部/广东/", "总部//广东"])
def test_blanks_and_extra_slashes_do_not_make_other_units(path: str) -> None:
    assert list(where(path, [path, "总部/广东"])) == ["", "总部", "总部/广东"]


def test_segments_are_crossed_with_whole_levels_only_while_units_are_few() -> None:
    paths = [f"总部/{city}" for city in ("深圳", "广州", "北京")]
    assert where("总部/深圳", paths, crossed_units=3) == {"": True, "总部": True, "总部/深圳": False}
    assert where("总部/深圳", paths, crossed_units=4) == {"": True, "总部": True, "总部/深圳": True}
