"""The page is one file, which asks nobody else for anything."""

from __future__ import annotations

import re

from pydarknet.boxes.palette import distinct_color
from pydarknet.serving.page import PAGE, page_reply, page_text, policy_of


def test_the_page_names_no_other_place() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert re.findall(r"(?:https?:)?//[a-z]", text.replace("http://www.w3.org/2000/svg", "")) == []
    assert re.findall(r"\son\w+=|style=\"|innerHTML|outerHTML|insertAdjacentHTML", text) == []


def test_its_policy_allows_its_own_script_alone() -> None:
    policy = policy_of("<style>a</style><script>b</script>")

    # python -c "import base64, hashlib; print(base64.b64encode(hashlib.sha256(b'b').digest()))"
    assert "script-src 'sha256-PiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWcAJ0='" in policy
    assert "style-src 'sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs='" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_no_other_page_may_frame_it() -> None:
    headers = page_reply().headers

    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_boxes_have_the_colours_in_which_they_are_drawn() -> None:
    assert 'const COLOURS = ["#ff3c78", "#00c3ff", ' in page_text()
    assert distinct_color(0) == (0xFF, 0x3C, 0x78)
