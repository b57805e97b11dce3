from __future__ import annotations

import pyarrow as pa
import pytest

from liuke.reasons import text

RE_02 = [
    ("业务员走了,没人管我们", {"E1", "E2"}),
    ("答应的返利半年没给", {"P4", "I1"}),
    ("旁边新开了一家,更近", {"C3", "L1"}),
    ("网速太慢,打了三次电话都说在处理", {"Q3", "R1"}),
    ("搬到外地了", {"U1"}),
    ("一个月涨了20块还不说", {"P2", "P3"}),
    ("The agent was rude and nobody called back", {"S2", "R2"}),
    ("别家送手机", {"C1"}),
    ("不是价格问题,是信号不好", {"Q2"}),
]

SENTENCES = [
    ("套餐太贵了,不划算", {"P1"}),
    ("不贵", set()),
    ("其实一点也不贵", set()),
    ("价格没有问题", set()),
    ("价格合理,服务很好", set()),
    ("服务态度很好", set()),
    ("客服态度差,很不耐烦", {"S2"}),
    ("客服什么都不懂", {"S3"}),
    ("你们店大欺客", {"S5"}),
    ("经常断网", {"Q2"}),
    ("买来就是坏的,质量太差", {"Q1"}),
    ("账单错了,重复扣费", {"Q5"}),
    ("投诉了三次还没处理", {"R1"}),
    ("反映问题没人理", {"R2"}),
    ("网点太少,离得远", {"L1"}),
    ("老是约不上", {"L2"}),
    ("小区没有光纤,装不了", {"L4"}),
    ("朋友都用另外一家", {"C4"}),
    ("你们虚假宣传,骗人", {"I2"}),
    ("孩子长大了,用不上了", {"U3", "N2"}),
    ("老人去世了", {"U4"}),
    ("公司破产了", {"U2"}),
    ("想换口味", {"V1"}),
    ("哪家都一样,无所谓", {"V2"}),
    ("银行卡过期扣款失败", {"F3"}),
    ("携号转网到别家", {"C1"}),
    ("物流太慢,等了半个月", {"Q3"}),
    ("不仅贵而且慢死了", {"P1", "Q3"}),
    ("Too expensive for what it is", {"P1"}),
    ("It is not expensive at all", set()),
    ("It is not slow but too expensive", {"P1"}),
    ("They raised the price without notice", {"P2", "P3"}),
    ("Hidden fees on every bill", {"P3"}),
    ("The router is defective", {"Q1"}),
    ("No signal in my house", {"Q2"}),
    ("I waited for an hour, so slow", {"Q3"}),
    ("I was charged twice last month", {"Q5"}),
    ("Support was clueless", {"S3"}),
    ("My ticket is still not resolved", {"R1"}),
    ("They refused to compensate me", {"R3"}),
    ("We found a better deal elsewhere", {"C1"}),
    ("Our account manager left", {"E1"}),
    ("The product is outdated", {"N1"}),
    ("We no longer need it", {"N2"}),
    ("I am moving to Spain", {"U1"}),
    ("Lost my job", {"U2"}),
    ("My father passed away", {"U4"}),
    ("My card expired", {"F3"}),
    ("There was never an outage", set()),
    ("Everything was fine, thank you", set()),
    ("The slower plan suits me", set()),
]


@pytest.mark.parametrize(("told", "codes"), RE_02, ids=[told for told, _ in RE_02])
def test_re_02_the_vectors_tell_their_reasons(told, codes):
    assert {finding.code for finding in text.findings(told)} == codes


@pytest.mark.parametrize(("told", "codes"), SENTENCES, ids=[told for told, _ in SENTENCES])
def test_a_sentence_tells_its_reasons(told, codes):
    assert {finding.code for finding in text.findings(told)} == codes


def test_the_set_holds_fifty_sentences_of_both_languages():
    assert len(SENTENCES) >= 50
    assert sum(told.isascii() for told, _ in SENTENCES) >= 20


@pytest.mark.parametrize(
    ("told", "codes"),
    [
        ("not really so very expensive", set()),
        ("not what one two three four expensive", {"P1"}),
        ("no, expensive", {"P1"}),
        ("没有掉线", set()),
    ],
)
def test_a_negator_reaches_four_tokens_and_never_over_a_clause(told, codes):
    assert {finding.code for finding in text.findings(told)} == codes


def test_every_finding_names_the_word_it_rests_on():
    (finding,) = text.findings("Your prices are fine, the agent was RUDE")
    assert finding == text.Finding("S2", 0.5, "rude")


def test_distinct_texts_are_read_once_and_sorted():
    table = text.findings_table(pa.array(["太贵", None, "搬家", "太贵", ""]))
    assert table.column("text").to_pylist() == ["太贵", "搬家"]
    assert table.column("code").to_pylist() == ["P1", "U1"]
    assert text.findings_table(pa.chunked_array([], pa.string())).num_rows == 0


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("请打13812345678找我", "请打<number>找我"),
        ("身份证11010119900101123X", "身份证<id>"),
        ("card 4111 1111 1111 1111 please", "card <card> please"),
        ("write to jane.doe@example.org", "write to <email>"),
        ("My name is Jane Doe.", "My name is <name>."),
        ("王先生来电", "<name>先生来电"),
        ("涨了20块", "涨了20块"),
    ],
)
def test_numbers_and_names_are_masked(told, expected):
    assert text.masked(told) == expected
