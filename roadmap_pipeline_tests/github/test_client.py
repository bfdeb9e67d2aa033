"""The transport against the simulated GitHub over real HTTP, and against scripted answers that none should give."""

import gzip
import logging
import socket
import threading
import time
import traceback
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from roadmap_pipeline import interruption
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.github.client.client import (
    AmbiguousWrite,
    BudgetSpent,
    GitHubClient,
    GitHubError,
    LogState,
    MovedError,
    NotFoundError,
    RateLimited,
    UnknownRepository,
)
from roadmap_pipeline_tests.github.conftest import REPO, small_world
from roadmap_pipeline_tests.notion.scripted import Response
from roadmap_pipeline_tests.notion.scripted import serve as scripted_server
from roadmap_sandbox.github.faults import Fault

RUNS = f"/repos/{REPO}/actions/runs"


@pytest.fixture
def served(serve):
    return serve(small_world())


def test_reads_a_list_page_by_page(served):
    client = served.client()
    pages = list(client.pages(RUNS, items_key="workflow_runs"))
    assert [len(page) for page in pages] == [100, 30]
    assert [run["id"] for run in pages[0][:2]] == [130, 129]
    assert client.requests == 2 and client.writes == 0


def test_an_unchanged_answer_is_told_by_its_etag(served):
    client = served.client()
    first = client.get(RUNS, {"per_page": 5})
    again = client.get(RUNS, {"per_page": 5}, first.etag)
    assert (first.unchanged, again.unchanged, again.data) == (False, True, None)


@pytest.mark.parametrize(
    "kind", ["bad_gateway", "drop", Fault("secondary_limit", 429, 0), Fault("secondary_limit", 403, 0)]
)
def test_a_read_is_repeated(served, kind):
    served.state.faults.add(kind, times=2)
    client = served.client()
    assert client.get(f"/repos/{REPO}").data["full_name"] == REPO
    assert client.requests == 3


def test_a_read_that_keeps_failing_says_how(served):
    served.state.faults.add("bad_gateway", times=100)
    client = served.client()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interruption, "sleep", lambda _seconds: None)
        with pytest.raises(GitHubError, match="502 Server Error"):
            client.get(f"/repos/{REPO}")


def test_a_long_rate_limit_is_raised_not_waited_for(served):
    served.state.faults.add(Fault("rate_limit", 403, 3000), times=100)
    with pytest.raises(
        RateLimited, match=r"try again in (49|50|51) min, at \d\d:\d\d UTC; what was done is kept"
    ) as caught:
        served.client().get(RUNS)
    assert 2900 < caught.value.seconds < 3100
    served.state.faults.clear()
    served.state.faults.add(Fault("secondary_limit", 429, 500))
    with pytest.raises(RateLimited) as caught:
        served.client().post(f"/repos/{REPO}/issues", {"title": "x"})
    assert caught.value.seconds == pytest.approx(500)


def test_a_short_rate_limit_is_waited_for(served):
    served.state.faults.add(Fault("rate_limit", 403, 0))
    assert served.client().get(f"/repos/{REPO}").status == 200


@pytest.mark.parametrize("kind", ["bad_gateway", "bad_gateway_after_commit", "drop", "drop_after_commit"])
def test_a_write_of_unknown_outcome_is_not_repeated(served, kind):
    served.state.faults.add(kind, method="POST")
    client = served.client()
    with pytest.raises(AmbiguousWrite):
        client.post(f"/repos/{REPO}/issues", {"title": "Only once"})
    assert client.writes == 1
    assert [entry[0] for entry in served.journal()].count("POST") == 1


def test_a_write_refused_for_its_rate_is_sent_again(served):
    served.state.faults.add(Fault("secondary_limit", 429, 0), method="POST")
    client = served.client()
    assert client.post(f"/repos/{REPO}/issues", {"title": "Twice sent"}).status == 201
    assert client.writes == 2


def test_errors_name_the_variable_to_look_at(served):
    with pytest.raises(ConfigurationError, match=r"GITHUB_TOKEN.*401"):
        served.client("not-the-token").get("/user")
    with pytest.raises(ConfigurationError, match="GITHUB_REPOSITORY: acme/missing"):
        served.client().repository("acme/missing")
    with pytest.raises(NotFoundError):
        served.client().get(f"{RUNS}/987654321")
    with pytest.raises(ConfigurationError, match="GITHUB_API_URL"):
        GitHubClient("token", base_url="ftp://example.org")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(ConfigurationError, match=r"GITHUB_API_URL.*can't be reached"):
            GitHubClient("token", base_url=f"http://127.0.0.1:{unused.getsockname()[1]}").get("/user")


def test_a_refused_write_says_which_field(served):
    with pytest.raises(GitHubError) as caught:
        served.client().post(f"/repos/{REPO}/issues", {"title": "x", "body": "y" * 70_000})
    assert caught.value.status == 422
    assert not isinstance(caught.value, AmbiguousWrite)


def test_a_renamed_repository_is_not_followed_without_its_query(serve):
    served = serve(small_world(), renamed={"acme/pay": REPO})
    client = served.client()
    with pytest.raises(MovedError):
        client.get("/repos/acme/pay/actions/runs", {"per_page": 1})
    assert client.repository("acme/pay").data["full_name"] == REPO


def test_a_log_or_why_there_is_none(served):
    client = served.client()
    log = client.job_log(REPO, 1000)
    assert not isinstance(log, LogState)
    assert b"##[error]" in b"".join(log)
    assert client.job_log(REPO, 1002) is LogState.EXPIRED
    assert client.job_log(REPO, 1003) is LogState.MISSING


def test_the_token_shows_nowhere(served, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    client = served.client()
    list(client.job_log(REPO, 1000))
    client.post(f"/repos/{REPO}/issues", {"title": "x"})
    client.viewer_login()
    secret = "sandbox-github-token"
    assert secret not in caplog.text
    assert secret not in repr(client) and secret not in repr(vars(client))
    with pytest.raises(ConfigurationError) as caught:
        GitHubClient(f"{secret}\n")
    assert secret not in str(caught.value)
    with pytest.raises(ConfigurationError) as caught:
        GitHubClient("t", base_url=f"https://me:{secret}@example.org")
    assert secret not in str(caught.value)
    assert secret not in client.cache_key(RUNS)
    assert client.cache_key(RUNS) != served.client("another").cache_key(RUNS)


def test_each_request_is_one_line_and_the_query_of_a_signed_address_is_none(served, caplog):
    caplog.set_level(logging.DEBUG)
    client = served.client()
    first = client.get(RUNS, {"per_page": 5})
    client.get(RUNS, {"per_page": 5}, first.etag)
    own = [record.getMessage() for record in caplog.records if record.name == "roadmap_pipeline.github.requests"]
    assert len(own) == 2
    assert f"GET {served.base_url}{RUNS}?per_page=5: 200 in" in own[0]
    assert "(unchanged)" in own[1] and "requests left" in own[1]
    location = client._read(f"/repos/{REPO}/actions/jobs/1000/logs", {}, {}).headers["location"]
    signature = location.partition("?")[2]
    caplog.clear()
    assert not isinstance(client.job_log(REPO, 1000), LogState)
    assert signature
    names = [part.partition("=")[0] for part in signature.split("&")]
    assert "where it leads: 200" in caplog.text
    assert not [name for name in names if f"{name}=" in caplog.text]


def test_no_trace_of_a_failed_download_shows_the_signed_address(scripted, caplog):
    caplog.set_level(logging.DEBUG)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/log?sig=s3cret"
        client, _ = scripted([Response(302, "", {"Location": address})] * 7)
        with pytest.MonkeyPatch.context() as patch, pytest.raises(GitHubError) as caught:
            patch.setattr(interruption, "sleep", lambda _seconds: None)
            client.job_log(REPO, 1000)
    shown = "".join(traceback.format_exception(caught.value))
    assert "s3cret" not in shown + caplog.text


@pytest.fixture
def scripted():
    """``scripted(answers) -> (GitHubClient, requests seen)``, on a server that gives these answers and then 200."""
    with ExitStack() as stack:

        def start(script, **options):
            url, seen = stack.enter_context(scripted_server(script))
            client = GitHubClient("t", base_url=url, **{"points_per_minute": None, **options})
            stack.callback(client.close)
            return client, seen

        yield start


HTML = {"Content-Type": "text/html"}


@pytest.mark.parametrize(
    "broken",
    [
        Response(200, "<html>Sign in</html>", HTML),
        Response(200, '{"workflow_runs": [{"id": 1'),
        Response(200, ""),
        Response(200, {"message": "Server Error", "documentation_url": "https://docs.github.com"}),
        Response(202, {}),
        Response(500, "<html>Unicorn!</html>", HTML),
        Response(503, {"message": "Service unavailable"}),
        Response(drop=True),
    ],
    ids=["html", "cut", "empty", "error in 200", "202", "html 500", "503", "drop"],
)
def test_an_answer_that_is_none_is_asked_for_again(scripted, broken):
    client, seen = scripted([broken, Response(200, {"full_name": REPO})])
    assert client.get(f"/repos/{REPO}").data == {"full_name": REPO}
    assert len(seen) == client.requests == 2


def test_a_body_cut_short_is_asked_for_again(serve):
    """The connection ends before the length that was announced."""
    body = gzip.compress(b'{"id": 1}' * 100)

    def answer(listener):
        for cut in (True, False):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                content = body[:-20] if cut else b'{"id": 1}'
                kind = f"Content-Encoding: gzip\r\nContent-Length: {len(body)}" if cut else "Content-Length: 9"
                connection.sendall(f"HTTP/1.1 200 OK\r\n{kind}\r\n\r\n".encode() + content)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        client = GitHubClient("t", base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", points_per_minute=None)
        assert client.get("/x").data == {"id": 1}
        client.close()
        thread.join()


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        (Response(201, "<html>", HTML), "6 bytes of .* is not JSON"),
        (Response(502, "<html>", HTML), "answered 502"),
        (Response(drop=True), "outcome is unknown"),
    ],
)
def test_a_write_with_such_an_answer_is_not_repeated(scripted, broken, text):
    client, seen = scripted([broken])
    with pytest.raises(AmbiguousWrite, match=text):
        client.post(f"/repos/{REPO}/issues", {"title": "x"})
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("status", "message"),
    [(403, "Resource protected by organization SAML enforcement"), (451, "Repository access blocked"), (404, "x")],
)
def test_a_repository_that_may_not_be_read_says_why(scripted, status, message):
    client, seen = scripted([Response(status, {"message": message})])
    with pytest.raises(UnknownRepository, match=r"GITHUB_REPOSITORY: acme/payments.*GITHUB_TOKEN"):
        client.repository(REPO)
    assert len(seen) == 1


def test_a_list_that_is_none_is_an_error_not_a_crash(scripted):
    client, _ = scripted([Response(200, {"total_count": 3})])
    with pytest.raises(GitHubError, match="without the list of workflow_runs"):
        list(client.pages(RUNS, items_key="workflow_runs"))


def test_a_page_too_big_for_github_is_read_in_smaller_ones(served):
    whole = list(served.client().pages(RUNS, items_key="workflow_runs"))
    served.journal()
    too_big = "per_page=100"
    served.state.faults.add("bad_gateway", times=100, when=lambda call: too_big in call.raw_query)
    client = served.client()
    answer = client.get(RUNS, {"per_page": 100, "page": 1})
    assert [run["id"] for run in answer.data["workflow_runs"]] == [run["id"] for run in whole[0]]
    assert answer.data["total_count"] == 130
    assert answer.has_next and answer.etag is None
    assert client.requests == 4
    assert list(client.pages(RUNS, items_key="workflow_runs")) == whole
    runs = client.get(RUNS, {"per_page": 100, "page": 3}).data["workflow_runs"]
    assert runs == []
    served.state.faults.clear()
    served.state.faults.add("bad_gateway", times=100)
    before = client.requests
    with pytest.raises(GitHubError, match="502 Server Error"):
        client.get(RUNS, {"per_page": 100})
    assert client.requests - before == 2 * 4 + 2 * 4  # twice for 100, 50, 25 and 5 items, twice for four single ones


def test_what_moves_between_two_parts_comes_once(scripted):
    items = [{"id": n} for n in range(60, 0, -1)]
    first = Response(200, items[:50], {"Link": '<http://x?page=2>; rel="next"'})
    client, seen = scripted([Response(504, {}), Response(502, {}), first, Response(200, items[49:])])
    answer = client.get("/x", {"per_page": 100, "page": 3}, "etag")
    assert answer.data == items
    assert not answer.has_next
    assert [request.path for request in seen[2:]] == ["/x?page=5&per_page=50", "/x?page=6&per_page=50"]
    assert "If-None-Match" not in seen[2].headers


@pytest.mark.parametrize("status", [403, 429])
def test_a_used_up_quota_is_known_by_its_headers_too(scripted, status):
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 500)}
    client, _ = scripted([Response(status, {"message": "No more"}, headers)])
    with pytest.raises(RateLimited) as caught:
        client.get("/x")
    assert caught.value.seconds == pytest.approx(500, abs=5)


def test_a_run_may_use_its_budget_and_no_more(served):
    first = served.client().get(RUNS, {"per_page": 5})
    client = served.client()
    with client.spending_at_most(3):
        for _ in range(3):
            client.get(RUNS, {"per_page": 5})
        assert (client.requests, client.charged) == (3, 3)
        with pytest.raises(BudgetSpent, match=r"limits\.github_requests_per_run: the 3 requests") as caught:
            client.get(RUNS, {"per_page": 5}, first.etag)
        assert (caught.value.used, caught.value.budget) == (3, 3)
        assert client.requests == 3
        client.post(f"/repos/{REPO}/issues", {"title": "written all the same"})
        assert (client.charged, client.writes) == (4, 1)
    assert client.get(f"/repos/{REPO}").status == 200


def test_unchanged_answers_cost_nothing(served):
    etag = served.client().get(RUNS, {"per_page": 5}).etag
    client = served.client()
    with client.spending_at_most(1):
        assert all(client.get(RUNS, {"per_page": 5}, etag).unchanged for _ in range(5))
        assert (client.requests, client.charged) == (5, 0)
        client.get(RUNS, {"per_page": 5})
        with pytest.raises(BudgetSpent):
            client.get(RUNS, {"per_page": 5}, etag)


def test_threads_do_not_overdraw_the_budget(served):
    client = served.client()
    spent = []

    def read():
        try:
            for _ in range(5):
                client.get(f"/repos/{REPO}")
        except BudgetSpent as error:
            spent.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    with client.spending_at_most(10):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert client.requests == client.charged == 10
    assert spent


def test_time_spent_waiting_for_the_server_is_told(scripted):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_late():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                time.sleep(0.3)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        thread = threading.Thread(target=answer_late)
        thread.start()
        client = GitHubClient("t", base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", points_per_minute=None)
        client.get("/x")
        client.close()
        thread.join()
    assert 0.25 < client.waiting_seconds < 1.5


def test_threads_get_their_own_answers(served):
    client = served.client()
    wrong = []

    def read(run_id):
        answers = [client.get(f"{RUNS}/{run_id}").data["id"] for _ in range(20)]
        wrong.extend(answer for answer in answers if answer != run_id)

    threads = [threading.Thread(target=read, args=(run_id,)) for run_id in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert client.requests == 160


def test_pacing_spreads_requests(served):
    client = served.client(points_per_minute=600)  # 10 a second, 100 at once
    started = time.monotonic()
    for _ in range(105):
        client.get("/rate_limit")
    assert time.monotonic() - started >= 0.4


def test_viewer(served):
    assert served.client().viewer_login() == "roadmap-pipeline[bot]"


@pytest.mark.parametrize("text", ["line\n", '{"looks": "like JSON"}', ""])
def test_a_log_that_a_proxy_gives_at_once_is_taken(scripted, text):
    client, seen = scripted([Response(200, text, {"Content-Type": "text/plain"})])
    assert b"".join(client.job_log(REPO, 5)) == text.encode()
    assert len(seen) == 1


@pytest.mark.parametrize("location", ["/elsewhere/5.txt?sig=a", "../../../../elsewhere/5.txt?sig=a"])
def test_a_relative_address_of_a_log_is_followed_without_the_token(scripted, location):
    client, seen = scripted([Response(302, "", {"Location": location}), Response(200, "line\n")])
    assert b"".join(client.job_log(REPO, 5)) == b"line\n"
    assert seen[1].path.endswith("elsewhere/5.txt?sig=a")
    assert "Authorization" not in seen[1].headers


def test_the_proxy_that_the_environment_names_is_asked_unless_the_host_is_left_out(monkeypatch):
    asked = []

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "9")
            self.end_headers()
            self.wfile.write(b'{"id": 1}')

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever).start()
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.server_port}")
        try:
            for left_out, is_asked in (("", True), ("github.invalid", False)):
                monkeypatch.setenv("NO_PROXY", left_out)
                client = GitHubClient("t", base_url="http://github.invalid", points_per_minute=None)
                if is_asked:
                    assert client.get("/x").data == {"id": 1}
                else:
                    with pytest.raises(ConfigurationError, match=r"github\.invalid"):
                        client.get("/x")
                client.close()
        finally:
            proxy.shutdown()
    assert asked == ["http://github.invalid:80/x"]
