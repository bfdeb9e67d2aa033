"""Releases: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import RELEASE, Kind

KINDS = [
    Kind(
        RELEASE,
        "policy_gate",
        "gh release create v1.4.0 dist/*",
        "a release with the same tag name already exists: v1.4.0",
        "same tag name already exists",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "softprops/action-gh-release@v2",
        '⚠️ GitHub release failed with status: 422\n[{"resource":"Release","code":"already_exists","field":'
        '"tag_name"}]\n##[error]Too many retries.',
        "already_exists",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "cargo publish",
        "error: crate acme@1.4.0 already exists on crates.io index",
        "already exists on crates.io",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "pypa/gh-action-pypi-publish@release/v1",
        "Uploading acme-1.4.0-py3-none-any.whl\nERROR    HTTPError: 400 Bad Request from"
        " https://upload.pypi.org/legacy/"
        "\n         File already exists ('acme-1.4.0-py3-none-any.whl'). See https://pypi.org/help/#file-name-reuse\n"
        "##[error]Process completed with exit code 1.",
        "File already exists",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "git push origin v1.4.0",
        "To https://github.com/acme/web\n ! [rejected]        v1.4.0 -> v1.4.0 (already exists)\nerror: failed to push"
        " some refs to 'https://github.com/acme/web'\nhint: Updates were rejected because the tag already exists in the"
        " remote.",
        "already exists",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "dotnet nuget push *.nupkg",
        "error: Response status code does not indicate success: 409 (Conflict - The feed already contains 'Acme.Core"
        " 1.4.0').",
        "already contains",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "actions/github-script@v8",
        "HttpError: Reference already exists - https://docs.github.com/rest/git/refs#create-a-reference\n"
        "##[error]Unhandled error: HttpError: Reference already exists",
        "Reference already exists",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "gh release create v1",
        "HTTP 422: Validation Failed (https://api.github.com/repos/acme/web/releases)\nRelease.tag_name already exists",
        "",
    ),
    Kind(RELEASE, "policy_gate", "git tag v1.0.0", "fatal: tag 'v1.0.0' already exists", ""),
    Kind(
        RELEASE,
        "policy_gate",
        "ncipollo/release-action@v1",
        "##[error]Error 422: Validation Failed. already_exists",
        "",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "gem push a.gem",
        "Repushing of gem versions is not allowed.\nPlease use `gem yank` to remove bad gem releases.",
        "",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "docker push x",
        "tag invalid: The image tag '1.0' already exists in the 'acme' repository and cannot be overwritten because"
        " the repository is immutable.",
        "",
    ),
    Kind(
        RELEASE,
        "policy_gate",
        "cargo publish",
        "error: failed to publish to registry at https://crates.io\n\nCaused by:\n  the remote server responded with"
        " an error (status 400 Bad Request): crate version `1.2.0` is already uploaded",
        "",
    ),
    Kind(RELEASE, "policy_gate", "gh release create v2", "HTTP 422: Validation Failed\nrelease already exists", ""),
    Kind(
        RELEASE,
        "policy_gate",
        "actions/create-release@v1",
        '##[error]Validation Failed: {"resource":"Release","code":"already_exists","field":"tag_name"}',
        "",
    ),
]
