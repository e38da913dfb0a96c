# SPDX-License-Identifier: BSD-2-Clause
"""A target that lies (tests/target) against lunboot.efi: a clean boot, or the right sentence and control back.

tests/sim and tests/test_liar.py tell every lie of the table; here a few stand for what only the firmware can show.
"""

import re

import pytest
from lab import CHAP, MUTUAL
from liar import Liar

HOST = "10.0.2.2"  # our loopback, as a guest knows it


def liar(lab, *lies, **more):
    return lab.keep(Liar(*lies, file=lab.marker_lun(), chap=CHAP, mutual=MUTUAL, digests=True, host=HOST, **more))


@pytest.mark.parametrize("lie", ["data-in-offset-huge:14", "async-1:14"])
def test_req_353_a_lie_while_the_loader_is_read_is_outlived(lab, lie):
    target = liar(lab, lie).start()
    guest = lab.boot(lab.config(target))
    assert guest.marker("lun")["disk.block-size"] == "512"
    guest.back_in_firmware()
    target.stop()
    assert re.search(r"was\s+lost\s+\(", guest.text)
    assert target.told == 1 and not target.complaint


@pytest.mark.parametrize(("lie", "words"), [("redirect-loop", ["redirect"]), ("block-size-three", ["block size", "512"])])
def test_req_140_285_a_lie_without_end_is_told(lab, lie, words):
    target = liar(lab, lie, always=True).start()
    guest = lab.boot(lab.config(target))
    sentence = guest.lunboot_failed()
    guest.back_in_firmware()
    target.stop()
    assert "MARKER-BEGIN lun" not in guest.text and target.told
    assert all(word in sentence for word in words), sentence
