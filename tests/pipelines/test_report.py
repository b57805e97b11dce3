from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from liuke.pipelines.report import ReportInvalid, report
from liuke.pipelines.snapshot import NoSnapshot, Snapshot, SnapshotDamaged
from liuke.workspace.folder import Workspace, new_workspace
from tests.pipelines import report_snapshot as made

LANGUAGES = ("zh", "en")
CODES = re.compile(
    r"\b(won_back|win_back|let_go|manager_call|three_failures|not_worth_keeping|rfm_cells|base_rate|overdue_ratio"
    r"|tenure_days|listen_and_remedy|unanswered_or_reason_found|churn_rate|P2|Q1|COM|NEG)\b"
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return new_workspace(tmp_path / "acme")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the report of one full snapshot in both languages."""
    workspace = new_workspace(tmp_path_factory.mktemp("full") / "acme")
    made.full(workspace)
    return {language: page(workspace, language) for language in LANGUAGES}


def page(workspace: Workspace, language: str) -> str:
    output = workspace.path / f"report.{language}.html"
    report(workspace, output, language=language)
    return output.read_text(encoding="utf-8")


def text_of(page: str) -> str:
    """Return what a reader sees: no style, no tags, entities resolved."""
    without_style = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", without_style))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_needs_nothing_but_itself(pages: dict[str, str], language: str) -> None:
    written = pages[language]
    assert set(re.findall(r"""https?://[^"'\s<)]+""", written)) == {"http://www.w3.org/2000/svg"}
    for foreign in ("<script", "<link", "<img", "<iframe", "@import", "src=", "javascript:", " onload"):
        assert foreign not in written
    clips = re.findall(r'id="([^"]+)"', "".join(re.findall(r"<svg.*?</svg>", written, re.DOTALL)))
    assert len(clips) == len(set(clips)) and set(re.findall(r"url\(#([^)]+)\)", written)) <= set(clips)
    assert "url(" not in re.sub(r"url\(#", "", written)
    assert written.count("<svg ") == 9
    assert "<!doctype html>" in written and "prefers-color-scheme: dark" in written and "@media print" in written


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_code_is_shown_raw(pages: dict[str, str], language: str) -> None:
    assert CODES.findall(text_of(pages[language])) == []


def test_the_english_report_holds_no_chinese(workspace: Workspace) -> None:
    made.full(workspace, name="Dawn Stores", reason="price went up")
    assert re.findall("[\u3400-\u9fff]+", text_of(page(workspace, "en"))) == []


def test_the_chinese_report_holds_no_english_words(pages: dict[str, str]) -> None:
    words = set(re.findall(r"(?<![\w/])[A-Za-z]{3,}(?![\w/])", text_of(pages["zh"])))
    assert words <= {"AUC", "RFM", "Asia", "Shanghai"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_company_calls_things_is_never_markup(workspace: Workspace, language: str) -> None:
    made.full(workspace, name=made.HOSTILE, reason=made.HOSTILE)
    written = page(workspace, language)
    assert "<script" not in written
    assert written.count("&lt;script&gt;") >= 3
    assert made.HOSTILE in text_of(written)


def test_the_report_tells_the_figures_as_people_write_them(pages: dict[str, str]) -> None:
    chinese, english = text_of(pages["zh"]), text_of(pages["en"])
    for shown in ("1,020", "2.5%", "1,234,567", "34,000", "123,456", "2.2% – 2.8%", "2024-05", "2.0%"):
        assert shown in chinese and shown in english
    assert "987,654" not in chinese, "a year is no month"
    assert "晨曦超市 客户保持报告 · 2024 年 6 月" in chinese and "June 2024" in english
    for said in (
        "预算 900 花了 840。",
        "对照组太小。",
        "老客户流失加快",
        "三次挽回均未成功",
        "须人工确认",
        "机器学习模型",
    ):
        assert said in chinese
    assert "不成立的发现" not in chinese


def test_the_first_contacts_are_those_that_bring_most(pages: dict[str, str]) -> None:
    written = pages["zh"]
    table = written[written.index("最该先联系的客户") :]
    shown = re.findall(r'<tr><td class="short">(\d{4})</td>', table[: table.index("</table>")])
    assert shown == [f"{i:04}" for i in range(29, 9, -1)]
    assert "共 30 位" in table
    assert "keeping pays" not in table and "胜算 90% 时挽留" in table
    assert "流失概率" in table[: table.index("</table>")], "a reason in the other language gives way to the sum"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("publish", [made.empty, made.without_rows])
def test_an_empty_snapshot_says_so_in_words(
    workspace: Workspace, language: str, publish: Callable[[Workspace], Snapshot]
) -> None:
    publish(workspace)
    written = page(workspace, language)
    assert "<svg" not in written
    said = {"zh": ("没有值得花钱挽留的客户", "还没有模型"), "en": ("Nobody is worth spending money on", "no model yet")}
    for words in said[language]:
        assert words in written
    report(workspace, workspace.path / "report.xlsx", language=language)
    book = openpyxl.load_workbook(workspace.path / "report.xlsx")
    assert len(book.sheetnames) == 8


def test_a_month_means_its_newest_snapshot(workspace: Workspace, tmp_path: Path) -> None:
    for day in (date(2024, 5, 10), date(2024, 5, 31), date(2024, 6, 30)):
        made.empty(workspace, day)
    made.empty(workspace, date(2024, 5, 31))
    output = tmp_path / "report.html"
    assert report(workspace, output, month="2024-05")["snapshot"] == "2024-05-31.002"
    assert report(workspace, output)["snapshot"] == "2024-06-30.001"
    assert report(workspace.path, output, snapshot="2024-05-10.001")["snapshot"] == "2024-05-10.001"
    with pytest.raises(NoSnapshot, match=r"no snapshot of 2024-04; .* 2024-05, 2024-06"):
        report(workspace, output, month="2024-04")


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("report.pdf", {}, r"\.html or \.xlsx"),
        ("report.html", {"language": "fr"}, "zh or en"),
        ("report.html", {"month": "2024-13"}, "YYYY-MM"),
        ("report.html", {"month": "2024-06", "snapshot": "2024-06-30.001"}, "not both"),
    ],
)
def test_a_wrong_wish_is_refused_in_words(
    workspace: Workspace, tmp_path: Path, name: str, options: dict[str, str], words: str
) -> None:
    made.empty(workspace)
    with pytest.raises(ReportInvalid, match=words):
        report(workspace, tmp_path / name, **options)
    assert not (tmp_path / name).exists()


def test_a_damaged_snapshot_gives_no_report(workspace: Workspace, tmp_path: Path) -> None:
    snapshot = made.full(workspace)
    path = snapshot.path / "customers.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(SnapshotDamaged, match=r"customers\.parquet"):
        report(workspace, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_the_answer_says_what_was_written(workspace: Workspace, tmp_path: Path) -> None:
    made.full(workspace)
    output, steps = tmp_path / "r.html", []
    done = report(workspace, output, progress=lambda done, total, step: steps.append((done, total, step)))
    assert done == {
        "file": str(output), "bytes": output.stat().st_size, "language": "zh", "snapshot": "2024-06-30.001",
    }  # fmt: skip
    assert steps[-1][:2] == (3, 3)
    before = output.read_bytes()
    report(workspace, output)
    assert output.read_bytes() == before, "the same snapshot gives the same bytes"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_workbook_opens_and_computes_nothing(workspace: Workspace, tmp_path: Path, language: str) -> None:
    made.full(workspace, name=made.HOSTILE, reason="=cmd|' /C calc'!A0")
    output = tmp_path / "report.xlsx"
    report(workspace, output, language=language)
    book = openpyxl.load_workbook(output)
    names = {
        "zh": ["摘要", "计划", "放手名单", "指标", "各批客户", "原因", "分层", "模型"],
        "en": ["Summary", "Plan", "Let go", "Metrics", "Cohorts", "Reasons", "Tiers", "Model"],
    }
    assert book.sheetnames == names[language]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert CODES.findall(" ".join(str(cell.value) for cell in cells)) == []


def test_the_plan_sheet_has_every_contact_with_its_customer(workspace: Workspace, tmp_path: Path) -> None:
    made.full(workspace)
    output = tmp_path / "report.xlsx"
    report(workspace, output, language="zh")
    rows = list(openpyxl.load_workbook(output)["计划"].iter_rows(values_only=True))
    told = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert len(told) == 60
    first = next(row for row in told if row["客户"] == "0001" and row["第几次"] == 1)
    assert first["预警"] == "预警" and first["决策"] == "召回" and first["状态"] == "活跃"
    assert first["渠道"] == "短信" and first["流失概率 (%)"] == 88.3
    assert first["联系日期"].date() == date(2024, 7, 8) and first["未来价值"] == 12_245.5


def test_a_workbook_in_english_holds_no_chinese(workspace: Workspace, tmp_path: Path) -> None:
    made.full(workspace, name="Dawn Stores", reason="price went up")
    output = tmp_path / "report.xlsx"
    report(workspace, output, language="en")
    cells = [cell.value for sheet in openpyxl.load_workbook(output) for row in sheet.iter_rows() for cell in row]
    assert [text for text in cells if isinstance(text, str) and re.search("[\u3400-\u9fff]", text)] == []
