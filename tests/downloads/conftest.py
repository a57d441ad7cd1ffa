"""A file, and a server of it by https that this machine trusts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest
from file_server import CONTENT, FileServer, serve_files

from pydarknet.downloads.published import PublishedFile


@pytest.fixture
def server(tmp_path_factory, monkeypatch) -> Iterator[FileServer]:
    """Return a server whose authority is the one that is trusted."""
    folder = tmp_path_factory.mktemp("authority")
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "authority.pem"))
    with serve_files(folder) as served:
        yield served


@pytest.fixture
def published(server: FileServer) -> Callable[..., PublishedFile]:
    """Return a function that makes a file which lies under paths of the server."""
    digest = hashlib.sha256(CONTENT).hexdigest()

    def make(*paths: str) -> PublishedFile:
        mirrors = tuple(path if "://" in path else f"{server.url}{path}" for path in paths)
        return PublishedFile("net.weights", len(CONTENT), digest, "https://source", mirrors)

    return make
