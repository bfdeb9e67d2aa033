"""GitHub's global ids: what of a milestone's outlives the milestone itself.

Belongs here: reading ids that GitHub gave. Ids are made by GitHub alone; asking what one stands for is
``github.milestones``'.
"""

import base64
import binascii

_KIND = "MI_"
_WIDTHS = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
"""Bytes of a number by the byte before it, as MessagePack has it; a smaller one is its own byte."""
_ARRAY_OF_THREE = 0x93


def repository_id_in(milestone_id: str) -> int | None:
    """Return the id of the repository that a milestone's global id names, or None for an id that names none.

    After the kind follows an array of three numbers in MessagePack, in base 64: 0, the repository, the milestone. Ids
    of before 2021 (``MDk6TWlsZXN0b25l…``) hold the milestone alone. GitHub promises no form, so that one which differs
    in anything says nothing.
    """
    if not milestone_id.startswith(_KIND):
        return None
    text = milestone_id.removeprefix(_KIND)
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    numbers, rest = [], packed[1:]
    while rest:
        width = _WIDTHS.get(rest[0], 0)
        if len(rest) <= width or (width == 0 and rest[0] > 0x7F):
            return None
        numbers.append(int.from_bytes(rest[1 : 1 + width]) if width else rest[0])
        rest = rest[1 + width :]
    if packed[:1] != bytes([_ARRAY_OF_THREE]) or len(numbers) != 3 or numbers[0] != 0:
        return None
    return numbers[1]
