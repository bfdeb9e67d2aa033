"""Files of a repository's default branch, by path."""

import base64
import hashlib
from urllib.parse import quote

from roadmap_sandbox.content import HTML_ROOT
from roadmap_sandbox.github.messages import Request, Response, json_response, not_found
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.routing import Router
from roadmap_sandbox.github.store import Store

routes = Router()

_LINE = 60


@routes.add("GET", "contents/{name}")
def get_file(_store: Store, _request: Request, records: RepositoryRecords, name: str) -> Response:
    return _file(records, name)


@routes.add("GET", "contents/{folder}/{name}")
def get_file_in_folder(
    _store: Store, _request: Request, records: RepositoryRecords, folder: str, name: str
) -> Response:
    return _file(records, f"{folder}/{name}")


def _file(records: RepositoryRecords, path: str) -> Response:
    if path not in records.texts:
        raise not_found()
    content = records.texts[path].encode()
    sha = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    branch, quoted = records.payload["default_branch"], quote(path)
    url = f"{records.payload['url']}/contents/{quoted}?ref={branch}"
    git_url = f"{records.payload['url']}/git/blobs/{sha}"
    html_url = f"{HTML_ROOT}/{records.full_name}/blob/{branch}/{quoted}"
    encoded = base64.b64encode(content).decode()
    return json_response(
        {
            "name": path.rpartition("/")[2],
            "path": path,
            "sha": sha,
            "size": len(content),
            "url": url,
            "html_url": html_url,
            "git_url": git_url,
            "download_url": f"https://raw.githubusercontent.com/{records.full_name}/{branch}/{quoted}",
            "type": "file",
            "content": "".join(f"{encoded[start : start + _LINE]}\n" for start in range(0, len(encoded), _LINE)),
            "encoding": "base64",
            "_links": {"self": url, "git": git_url, "html": html_url},
        }
    )
