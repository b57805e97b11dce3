from __future__ import annotations

from pathlib import Path

import pytest

from liuke.workspace.definitions import Definitions, DefinitionsInvalid, read_definitions


def written(folder: Path, text: str) -> Path:
    path = folder / "liuke.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    assert read_definitions(written(tmp_path, "")) == Definitions()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[company]\ntime_zone = "Mars"', "company.time_zone (it says 'Mars')"),
        ("[churn]\ntail = 2", "churn.tail (it says 2)"),
        ("[churn]\nhorizon = 90", "churn.horizon (it says 90): there is no such key"),
        ("[tiers]\ncut_points = [0.9, 0.5, 0.95]", "cut points must rise"),
        ("[tiers]\ncut_points = [0.5]", "4 tiers need 3 cut points"),
        ("[budget\n", "is not a TOML file"),
        ("[holdout]\nshare = 0.9", "holdout.share"),
    ],
)
def test_a_wrong_value_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DefinitionsInvalid) as refused:
        read_definitions(written(tmp_path, text))
    assert told in str(refused.value)


def test_all_wrong_values_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(DefinitionsInvalid) as refused:
        read_definitions(written(tmp_path, "[churn]\ntail = 2\ngrace_days = -1"))
    assert len(str(refused.value).splitlines()) == 2


def test_the_machine_s_limits_do_not_change_the_hash_but_definitions_do() -> None:
    plain = Definitions()
    assert Definitions.model_validate({"limits": {"threads": 8}}).hash == plain.hash
    assert Definitions.model_validate({"churn": {"grace_days": 31}}).hash != plain.hash
