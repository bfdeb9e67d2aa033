"""Archives: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import ARCHIVE, Kind

KINDS = [
    Kind(
        ARCHIVE,
        "artifact_cache",
        "actions/download-artifact@v5",
        "Downloading single artifact\n##[error]Unable to download artifact(s): Unable to download and extract artifact:"
        " Artifact download failed after 5 retries.",
        "Artifact download failed",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "actions/download-artifact@v5",
        "##[error]Unable to download artifact(s): Unable to download and extract artifact: unexpected end of file",
        "unexpected end of file",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "unzip -q dist.zip",
        "  End-of-central-directory signature not found.  Either this file is not\n  a zipfile, or it constitutes one"
        " disk"
        " of a multi-part archive.\nunzip:  cannot find zipfile directory in one of dist.zip",
        "zipfile",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "python merge_reports.py",
        'Traceback (most recent call last):\n  File "merge_reports.py", line 8, in <module>\nzipfile.BadZipFile: File'
        " is not a zip file",
        "BadZipFile",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "tar -xzf build-output.tgz",
        "gzip: stdin: unexpected end of file\ntar: Unexpected EOF in archive\ntar: Error is not recoverable: exiting"
        " now",
        "nexpected",
    ),
    Kind(
        ARCHIVE,
        "dependency_install",
        "curl -sL https://example.com/tool.tgz | tar xz",
        "\ngzip: stdin: not in gzip format\ntar: Child returned status 1\ntar: Error is not recoverable: exiting now",
        "not in gzip format",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "dawidd6/action-download-artifact@v11",
        "==> Extracting: web.zip\n##[error]ADM-ZIP: Invalid or unsupported zip format. No END header found",
        "",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "python unpack.py",
        'Traceback (most recent call last):\n  File "unpack.py", line 3, in <module>\nzipfile.BadZipFile: Bad'
        " CRC-32 for file 'a.so'",
        "",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "node read.js",
        "Error: invalid zip: End of central directory record signature not found\n    at a (read.js:1:2)",
        "",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "tar xJf bundle.tar.xz",
        "xz: (stdin): File format not recognized\ntar: Child returned status 1\ntar: Error is not recoverable:"
        " exiting now",
        "",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "actions/download-artifact@v4",
        "##[error]Unable to download artifact(s): Artifact not found for name: dist",
        "",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "unzip x",
        "Archive:  web.zip\nerror: invalid zip file with overlapped components (possible zip bomb)",
        "",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "tar xf x.tar",
        "tar: Skipping to next header\ntar: Exiting with failure status due to previous errors\ntar: Unexpected EOF"
        " in archive",
        "",
    ),
    Kind(
        ARCHIVE,
        "artifact_cache",
        "node x.js",
        "Error: ADM-ZIP: Invalid or unsupported zip format. No END header found\n    at a (x.js:1:1)",
        "",
    ),
]
