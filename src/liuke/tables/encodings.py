"""In which encoding a text file is written: right, or asked about, never silently garbled.

The order is: byte-order mark, strict UTF-8, strict GB18030. A file that decodes as GB18030 may still be Western or
Big5, so the decoded text must also look like Chinese; where two readings are about as likely, the user is asked.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from liuke.kernel.words import Words
from liuke.tables.verdicts import FileRefused

CHUNK = 1 << 20
_SAMPLE_LINES = 2_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PRINTABLE = bytes([9, 10, 13, *range(32, 127)])
_CONTROL = bytes(set(range(32)) - {9, 10, 13}) + b"\x7f"
_MARGIN = 2.5

COMMON = frozenset(
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏"
    "客户编号姓名手机电话金额日期时间订单套餐流失合同费用地址邮箱渠道产品数量单价省份北京上海广州深圳杭州成都重庆武汉南京天津苏州陈杨赵吴徐孙朱胡郭何罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶魏苏吕丁沈姚卢姜崔钟谭陆汪范伟芳娜敏静丽强磊洋艳勇军杰娟涛超霞秀英兰华刚桂"
)
_TRADITIONAL = str.maketrans(
    "个来国说们为这时会过对后么没还发当开见经头动两长样现将与进实种声问几机给业间从东关并气门电总场师书员华报马难数应车亲务计边战统请让认论义术结资队带条连变联权该领传运办达转红网专观争视济离虽坏单据导区历写语选记处张陈杨赵吴孙郑谢许韩冯邓萧蒋叶苏吕卢钟谭陆范伟丽强艳军杰涛兰刚贵户编号电话额订时间费产品渠广圳庆汉话",
    "個來國說們爲這時會過對後麼沒還發當開見經頭動兩長樣現將與進實種聲問幾機給業間從東關並氣門電總場師書員華報馬難數應車親務計邊戰統請讓認論義術結資隊帶條連變聯權該領傳運辦達轉紅網專觀爭視濟離雖壞單據導區歷寫語選記處張陳楊趙吳孫鄭謝許韓馮鄧蕭蔣葉蘇呂盧鍾譚陸範偉麗強豔軍傑濤蘭剛貴戶編號電話額訂時間費產品渠廣圳慶漢話",
)
COMMON_TRADITIONAL = frozenset("".join(COMMON).translate(_TRADITIONAL)) | frozenset("為姓氏客戶編號區臺灣")


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding found, and how.

    Parameters
    ----------
    name : str
        A codec's name.
    is_sure : bool
        False where the reading is only the likeliest: the user should look at the samples.
    is_mixed : bool
        Whether some lines are in the other of UTF-8 and GB18030.
    is_plain : bool
        Whether the file holds nothing but printable ASCII, so that no cell needs closer looks.
    note : Words or None
        What to tell the user.
    """

    name: str
    is_sure: bool = True
    is_mixed: bool = False
    is_plain: bool = False
    note: Words | None = None


def detect(path: Path) -> Encoding:
    """Return the encoding of the text file at `path`.

    Raises
    ------
    FileRefused
        If the file is not text, is cut in the middle of a character, or two encodings are equally likely.
    """
    with path.open("rb") as file:
        head = file.read(4)
    for mark, name in _MARKS:
        if head.startswith(mark):
            _check_strictly(path, name)
            return Encoding(name)
    is_plain = _scan(path)
    if is_plain:
        return Encoding("utf-8", is_plain=True)
    outcome = _decodes(path, "utf-8")
    if outcome == "cut":
        raise FileRefused.because(
            "文件在一个字符中间断开:传输不完整,请重新获取",
            "the file is cut in the middle of a character: fetch it again",
        )
    lines = _lines_beyond_ascii(path)
    if outcome == "right":
        return _utf8(lines)
    return _not_utf8(path, lines)


def is_surely_utf8(line: bytes) -> bool:
    """Return whether `line` is valid UTF-8 with a character of three bytes, which GBK text almost never is."""
    try:
        return any(ord(character) > 0x7FF for character in line.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _scan(path: Path) -> bool:
    """Refuse what is not text; return whether all is printable ASCII."""
    odd = control = size = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if len(chunk) == CHUNK and b"\n" not in chunk and b"\r" not in chunk:
                raise FileRefused.because(
                    f"第 {size // CHUNK + 1} MiB 内没有换行:一行过长,不像表格",
                    f"no line end within 1 MiB at byte {size}",
                )
            rest = chunk.translate(None, _PRINTABLE)
            odd += len(rest)
            control += len(rest) - len(rest.translate(None, _CONTROL)) if rest else 0
            if size == 0:
                _refuse_unmarked_utf16(chunk)
            size += len(chunk)
    if control > max(16, size // 200):
        raise FileRefused.because(
            "文件是二进制内容,不是文本表格", "the file is binary, not a table of text: export it as CSV or Excel"
        )
    return odd == 0


def _refuse_unmarked_utf16(chunk: bytes) -> None:
    head = chunk[:4096]
    if len(head) < 4 or head.count(0) * 10 < len(head):
        return
    even, odd = head[0::2], head[1::2]
    for name, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros.count(0) * 5 > len(zeros) and others.count(0) * 4 < zeros.count(0):
            raise FileRefused.because(
                f"像是没有标记的 UTF-16,请用 --encoding {name} 指明",
                f"looks like UTF-16 without its mark: give --encoding {name}",
            )


def _check_strictly(path: Path, name: str) -> None:
    if _decodes(path, name) != "right":
        raise FileRefused.because(
            f"文件标明是 {name},但内容不完整或已损坏,请重新获取",
            f"the file is marked as {name} but is cut or damaged: fetch it again",
        )


def _decodes(path: Path, name: str) -> str:
    """Return 'right', 'cut' (only the end is missing) or 'wrong'."""
    decoder = codecs.getincrementaldecoder(name)("strict")
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return "wrong"
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cut"
    return "right"


def _lines_beyond_ascii(path: Path) -> list[bytes]:
    found: list[bytes] = []
    with path.open("rb") as file:
        for line in file:
            for part in line.split(b"\r"):
                if not part.isascii():
                    found.append(part[:4096] if len(part) <= 4096 else part[:4000].rpartition(b",")[0])
    step = max(1, len(found) // _SAMPLE_LINES)
    return found if step == 1 else found[:1] + found[1::step]


def _utf8(lines: list[bytes]) -> Encoding:
    """Return UTF-8, unless its few two-byte characters may be GBK words such as 联通: then ask."""
    text = b"\n".join(lines)
    if is_surely_utf8(text) or len(lines) > 20:
        return Encoding("utf-8")
    runs = re.findall(rb"(?<![A-Za-z])(?:[\xb0-\xf7][\xa1-\xfe])+(?![A-Za-z])", text)
    beyond = sum(byte > 127 for byte in text)
    if sum(map(len, runs)) < beyond:
        return Encoding("utf-8")
    raise _unclear(lines, ("utf-8", "gb18030"))


def _not_utf8(path: Path, lines: list[bytes]) -> Encoding:
    in_utf8 = sum(is_surely_utf8(line) for line in lines)
    outcome = _decodes(path, "gb18030")
    if in_utf8 and in_utf8 < len(lines):
        name = "utf-8" if in_utf8 * 2 >= len(lines) else "gb18030"
        return Encoding(
            name,
            is_mixed=True,
            note=Words(
                f"文件混用两种编码:按 {name} 读取,其余行退回",
                f"two encodings are mixed: read as {name}, other lines rejected",
            ),
        )
    scores = sorted(((_likelihood(lines, name), name) for name in ("gb18030", "big5", "cp1252")), reverse=True)
    (best, name), (second, other) = scores[0], scores[1]
    if best - second < _MARGIN:
        raise _unclear(lines, (name, other))
    if name == "gb18030" and outcome != "right":
        if outcome == "cut":
            raise FileRefused.because(
                "文件在一个字符中间断开:传输不完整,请重新获取",
                "the file is cut in the middle of a character: fetch it again",
            )
        raise FileRefused.because(
            "文件既不是完整的 UTF-8 也不是 GB18030,请用 --encoding 指明或重新导出",
            "the file is neither valid UTF-8 nor valid GB18030: give --encoding or export it again",
        )
    if name == "gb18030":
        return Encoding(name)
    name = _second_opinion(lines, name)
    samples = decoded_samples(lines, name)
    return Encoding(
        name, is_sure=False, note=Words(f"编码判断为 {name}:{samples}", f"the encoding is taken for {name}: {samples}")
    )


def _second_opinion(lines: list[bytes], name: str) -> str:
    """Ask charset-normalizer between Western code pages; its word counts only there."""
    if name != "cp1252":
        return name
    try:
        b"\n".join(lines).decode("cp1252")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        guess = from_bytes(b"\n".join(lines)).best()
        return guess.encoding if guess and guess.encoding.startswith(("cp125", "latin", "iso8859")) else "latin-1"
    return name


def _likelihood(lines: list[bytes], name: str) -> float:
    """Return a sum over the characters beyond ASCII of how usual each is in text of encoding `name`."""
    total = 0.0
    for line in lines:
        text = line.decode(name, "replace")
        total += _western(text) if name == "cp1252" else _chinese(text, name)
    return total


def _chinese(text: str, name: str) -> float:
    common, codec = (COMMON, "gb2312") if name == "gb18030" else (COMMON_TRADITIONAL, "big5")
    total = 0.0
    for character in text:
        if ord(character) < 128:
            continue
        if character == "\ufffd":
            total -= 2
        elif character in common:
            total += 1
        else:
            total += _by_level(character, codec)
    return total


def _by_level(character: str, codec: str) -> float:
    try:
        first = character.encode(codec)[0]
    except UnicodeEncodeError:
        return 0.3 if ord(character) > 0xFFFF else 0.05
    if codec == "big5":
        return 0.4 if 0xA4 <= first <= 0xC6 else 0.15
    return 0.45 if 0xB0 <= first <= 0xD7 else 0.35 if first == 0xA3 or first == 0xA1 else 0.15


def _western(text: str) -> float:
    total = 0.0
    for match in re.finditer(r"[A-Za-z]*[^\x00-\x7f]+[A-Za-z]*", text):
        word = match.group()
        beyond = [character for character in word if ord(character) > 127]
        letters = sum(character.isalpha() for character in beyond)
        is_word = letters == len(beyond) and len(beyond) <= 3 and len(word) > len(beyond)
        share = 0.9 if is_word else 0.4 if len(beyond) == 1 and letters == 0 else 0.0
        total += share * len(beyond) - 2 * word.count("\ufffd")
    return total


def decoded_samples(lines: list[bytes], name: str) -> str:
    """Return up to three of `lines` decoded, to look at."""
    texts = [line.decode(name, "replace").strip()[:60] for line in lines[:3]]
    return " | ".join(texts)


def _unclear(lines: list[bytes], names: tuple[str, str]) -> FileRefused:
    shown = "; ".join(f"{name}: {decoded_samples(lines, name)}" for name in names)
    return FileRefused.because(
        f"编码无法确定,请用 --encoding 指明。{shown}", f"the encoding is not clear, choose one with --encoding. {shown}"
    )
