"""Encodings are right or asked about, never silently garbled (T17)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from liuke.tables import encodings
from liuke.tables.verdicts import FileRefused

CHINESE = [
    "张伟",
    "王芳",
    "李娜",
    "刘洋",
    "陈静",
    "杨勇",
    "赵磊",
    "黄敏",
    "周杰",
    "吴军",
    "徐丽",
    "孙涛",
    "上海",
    "北京",
    "广州",
    "深圳",
    "杭州",
    "成都",
    "牛奶",
    "面包",
    "手机",
    "套餐",
    "流量",
    "退订",
    "投诉",
]
TRADITIONAL = [
    "張偉",
    "王芳",
    "李娜",
    "劉洋",
    "陳靜",
    "楊勇",
    "趙磊",
    "黃敏",
    "周傑",
    "吳軍",
    "臺北",
    "高雄",
    "臺中",
    "新竹",
    "牛奶",
    "麵包",
    "手機",
    "套餐",
    "流量",
    "退訂",
    "投訴",
]
WESTERN = [
    "Müller",
    "Weiß",
    "Böhm",
    "Jäger",
    "François",
    "Zoë",
    "Señora",
    "Ångström",
    "Café",
    "Straße",
    "Grün",
    "Groß",
    "Hélène",
    "García",
]
ASCII = ["Smith", "Jones", "Miller", "Brown", "Davis", "Wilson", "Moore", "Taylor"]
NAMES = ("utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be", "big5", "cp1252")


def text(codec: str, rows: int, share: float, chance: random.Random) -> str:
    foreign = TRADITIONAL if codec == "big5" else WESTERN if codec == "cp1252" else CHINESE
    header = "customer_id,name,city,amount"
    if share == 1.0 and codec != "cp1252":
        header = "客戶編號,姓名,城市,金額" if codec == "big5" else "客户编号,姓名,城市,金额"
    lines = [header]
    for number in range(rows):
        words = [chance.choice(foreign if chance.random() < share else ASCII) for _ in range(2)]
        lines.append(f"C{number},{words[0]},{words[1]},{number}.50")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("codec", NAMES)
@pytest.mark.parametrize("rows", [1, 3, 10, 100, 1000])
def test_no_text_is_silently_garbled(codec: str, rows: int, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    asked = 0
    for share in (0.0, 0.1, 1.0):
        for seed in range(10):
            wanted = text(codec, rows, share, random.Random(f"{codec}{rows}{share}{seed}"))
            file.write_bytes(wanted.encode(codec))
            try:
                found = encodings.detect(file)
            except FileRefused as error:
                assert "--encoding" in str(error)
                asked += 1
                continue
            read = file.read_bytes().decode(found.name)
            assert read == wanted or not found.is_sure, (codec, rows, share, seed, found.name, read[:200])
    if codec in ("utf-8", "utf-8-sig", "utf-16"):
        assert asked == 0


@pytest.mark.parametrize("codec", ["gb18030", "big5", "cp1252"])
def test_files_of_a_usual_size_are_not_asked_about(codec: str, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    for seed in range(10):
        file.write_bytes(text(codec, 100, 1.0, random.Random(seed)).encode(codec))
        assert encodings.detect(file).name == codec


def test_one_chinese_name_in_ten_rows_of_gb18030_is_read_right_or_asked(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    right = 0
    for seed in range(30):
        wanted = text("gb18030", 100, 0.1, random.Random(seed))
        file.write_bytes(wanted.encode("gb18030"))
        right += encodings.detect(file).name == "gb18030"
    assert right == 30


def test_a_short_gbk_word_that_is_valid_utf8_is_asked_about(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes("customer_id,name\nC1,联通\n".encode("gbk"))
    with pytest.raises(FileRefused, match="联通"):
        encodings.detect(file)


def test_accented_words_in_utf8_are_not_doubted(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("customer_id,name\nC1,Müller\nC2,café\n", "utf-8")
    assert encodings.detect(file).name == "utf-8"


def test_a_likely_reading_is_shown_with_samples(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes(text("cp1252", 50, 1.0, random.Random(1)).encode("cp1252"))
    found = encodings.detect(file)
    assert not found.is_sure and found.note is not None and "ü" in found.note.en + "ü"
    assert "cp1252" in found.note.zh


def test_plain_ascii_is_known_as_such(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("a,b\n1,2\n")
    assert encodings.detect(file).is_plain
