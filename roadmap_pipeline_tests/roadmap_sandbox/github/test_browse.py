"""The pages for a browser: what people would see of pull requests and issues, escaped, read-only."""

import pytest

from roadmap_sandbox.github.browse import rendered

BODY = """<!-- marker -->
**CI: 1 of 2 failed** · <script>alert(1)</script><img src=x onerror=alert(1)>

<details><summary>Why</summary>

| job | cause |
|---|---|
| `test` | ~~flaky~~ |

</details>

```mermaid
pie title "A <b>"
```
[bad](javascript:alert(1)) [good](https://x.example/?a=1&b=2) ![picture](https://x.example/p.png)
one line
another"""


@pytest.mark.refused_requests("pages for a browser lie where GitHub's API has nothing")
def test_pull_requests_and_tracking_issues_are_found_with_their_comments(client):
    path = "/repos/acme/payments/issues/1/comments"
    assert client("POST", path, {"body": "first <b>word</b>"}).status_code == 201
    made = client("POST", path, {"body": BODY}).json()
    index = client.session.get(f"{client.root}/web", headers={"Authorization": ""})
    assert index.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in index.headers["content-security-policy"]
    assert 'href="/web/acme/payments/pull/1"' in index.text
    assert "<strong>CI: 1 of 2 failed</strong>" in index.text, "each with the first line of its last comment"
    page = client.session.get(f"{client.root}/web/acme/payments/pull/1").text
    assert page.index("first ") < page.index(made["user"]["login"], page.index("first "))
    assert "<b>word</b>" in page and rendered(BODY) in page
    for path in ("/web/acme/payments/pull/999", "/web/acme/nowhere/pull/1", "/web/x"):
        assert client.session.get(f"{client.root}{path}").status_code == 404
    assert client.session.post(f"{client.root}/web").status_code == 404, "read-only"


def test_comments_look_as_on_github_and_run_nothing():
    html = rendered(BODY)
    assert "marker" not in html
    assert "<script" not in html and "<img" not in html
    assert "&lt;script&gt;" in html and "onerror" in html, "what isn't let through is shown as text"
    assert "<details><summary>Why</summary>" in html and "</details>" in html
    assert "<td><code>test</code></td>" in html and "<s>flaky</s>" in html
    assert '<pre><code class="mermaid">pie title &quot;A &lt;b&gt;&quot;\n</code></pre>' in html
    assert 'href="javascript' not in html and 'href="https://x.example/?a=1&amp;b=2"' in html
    assert "one line<br" in html


def test_a_tag_with_attributes_is_text():
    for text in ("<details open onclick=x>", '<b class="x">', "<summary\nonclick=x>", "<iframe>"):
        assert rendered(text).count("&lt;") == 1, text
