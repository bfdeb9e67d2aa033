"""Text in whatever encoding a tool wrote it, as UTF-8.

Belongs here: telling encodings apart by their first bytes and by the zeros in them, for whole files and for logs that
come in pieces, and taking away what ``gh run view --log`` puts before a log's lines. What is in a text is no concern of
this module. Text in UTF-8 is passed on as it is, at the speed of looking for a zero in it.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

_SIGNS = 4 << 10
"""Bytes at the beginning that tell the encoding."""
_LONGEST_LINE = 128 << 10
_FIRST_LINES, _FIRST_BYTES = 20, 16 << 10
"""The place of a line as ``gh`` prints it, if any is."""
_UTF8_MARK = codecs.BOM_UTF8
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NARROW_LE = re.compile(rb"\n[^\0]|\d{4}-\d\d-\d\dT\d\d:")
_NARROW_BE = re.compile(rb"(?:\A|[^\0])\n|\d{4}-\d\d-\d\dT\d\d:")
"""Ends of lines, and times, in UTF-8."""
_REPLACEMENT = "\ufffd".encode()
_TIME = rb"\d{4}-\d\d-\d\dT[\d:.]{8,}Z"
_TIMESTAMP = re.compile(rb"\A(?:\xef\xbb\xbf)?%b ?" % _TIME)
_PRINTED_BY_GH = re.compile(
    rb"(?m)^(?:\xef\xbb\xbf)?(?!%b)([^\t\n]{1,500}\t(?:UNKNOWN STEP\t|[^\t\n]{1,500}\t(?=(?:\xef\xbb\xbf)?%b)))"
    % (_TIME, _TIME)
)
"""The part before a line: the job, the step, and tabs. A step is named wherever a time follows."""


def encoding(beginning: bytes) -> str | None:
    """Return the encoding that a text's first bytes show by a mark or by zeros; None for UTF-8 and what it can't tell.

    A text without a mark is UTF-16 when a third of its characters, and the ends of its lines, are of the first 256 and
    it has no zeros else.
    """
    for mark, name in _MARKS:
        if beginning.startswith(mark):
            return name
    if b"\0" not in beginning[:_SIGNS]:
        return None
    sample = beginning[:_SIGNS]
    even, odd = sample[0::2], sample[1::2]
    zeros_even, zeros_odd = even.count(0), odd.count(0)
    if zeros_odd * 3 >= len(odd) and zeros_even * 50 <= len(even) and _NARROW_LE.search(sample) is None:
        return "utf-16-le"
    if zeros_even * 3 >= len(even) and zeros_odd * 50 <= len(odd) and _NARROW_BE.search(sample) is None:
        return "utf-16-be"
    return None


def text(data: bytes) -> str:
    """Return a text of any encoding, without its mark: as it shows, else UTF-8, else as Windows wrote it in the West.

    Where it is UTF-8 for the most part, what can't be read is replaced.
    """
    shown = encoding(data)
    if shown is not None:
        return data.decode(shown, "replace").removeprefix("\ufeff")
    return characters(data.removeprefix(_UTF8_MARK))


def characters(data: bytes) -> str:
    """Return bytes as UTF-8, or, where nothing in them is, as Windows-1252 and what that leaves open as Latin-1."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    read = data.decode("utf-8", "replace")
    if any(character > "\x7f" and character != "\ufffd" for character in read):
        return read
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def log(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a log that comes in pieces of any size in UTF-8, as the runner wrote it, line for line.

    Lines that a Windows tool wrote in UTF-16 into a log of another encoding become text, too. What is held at a time is
    a piece, and a line that has zeros in it.
    """
    return _as_written(_decoded(iter(pieces)))


def _decoded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    beginning = _beginning(pieces, lambda read: len(read) >= _SIGNS)
    shown = encoding(beginning)
    if shown is None:
        yield from _without_zeros(chain([beginning], pieces))
        return
    decoder = codecs.getincrementaldecoder(shown)("replace")
    first = decoder.decode(beginning)
    yield first.removeprefix("\ufeff").encode()
    for piece in pieces:
        yield decoder.decode(piece).encode()
    yield decoder.decode(b"", final=True).encode()


def _beginning(pieces: Iterator[bytes], is_enough: Callable[[bytes], bool]) -> bytes:
    read = b""
    for piece in pieces:
        read = read + piece if read else piece
        if is_enough(read):
            break
    return read


def _without_zeros(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the lines that hold zeros as text."""
    rest = b""
    for piece in pieces:
        waiting = rest + piece if rest else piece
        if b"\0" not in waiting:
            rest = b""
            yield waiting
            continue
        end = waiting.rfind(b"\n") + 1
        if not end and len(waiting) > _LONGEST_LINE:
            end = len(waiting)
        rest = waiting[end:]
        yield b"\n".join(map(_line, waiting[:end].split(b"\n")))
    yield _line(rest)


def _line(line: bytes) -> bytes:
    """Return a line without zeros.

    In UTF-16, cut at the byte of its end that is a newline's, or in an encoding unknown.
    """
    if b"\0" not in line:
        return line
    stamp = _TIMESTAMP.match(line)
    content = line[stamp.end() if stamp else 0 :]
    # the other half of the newline before; of little endian, as Windows writes
    wide = content[1:] if content.startswith(b"\0") else content
    wide = wide[: len(wide) // 2 * 2]
    zeros = wide[1::2].count(0)
    if zeros * 6 >= len(wide) and b"\0" not in wide[0::2] and _REPLACEMENT not in wide:
        content = wide.decode("utf-16-le", "replace").encode()
    else:
        content = content.replace(b"\0", b"")
    return line[: stamp.end()] + content if stamp else content


def _as_written(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield a log without what ``gh run view --log`` prints before its lines."""
    beginning = _beginning(pieces, lambda read: len(read) >= _SIGNS and _has_lines(read))
    lines = beginning[:_FIRST_BYTES].split(b"\n", _FIRST_LINES)[:_FIRST_LINES]
    if not any(line.count(b"\t") > 1 and _PRINTED_BY_GH.match(line) for line in lines):
        yield beginning
        yield from pieces
        return
    known: set[bytes] = set()
    rest = b""
    for piece in chain([beginning], pieces):
        waiting = rest + piece
        end = waiting.rfind(b"\n") + 1
        if not end and len(waiting) > _LONGEST_LINE:
            end = len(waiting)
        rest = waiting[end:]
        yield b"\n".join([_without_prefix(line, known) for line in waiting[:end].split(b"\n")])
    yield _without_prefix(rest, known)


def _has_lines(read: bytes) -> bool:
    return len(read) >= _FIRST_BYTES or read.count(b"\n") >= _FIRST_LINES


def _without_prefix(line: bytes, known: set[bytes]) -> bytes:
    """Return a line without its job and step.

    ``known`` are those that stood before other lines, for lines without a time.
    """
    match = _PRINTED_BY_GH.match(line)
    if match is not None:
        known.add(match[1])
        return line[match.end() :]
    end = line.find(b"\t", line.find(b"\t") + 1) + 1
    return line[end:] if line[:end] in known else line
