"""Identity tokens, archives, gates, releases, links, translations, merges and ports: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import (
    ARCHIVE,
    GATE,
    LINKS,
    LOCAL,
    MERGE,
    OIDC,
    RELEASE,
    TRANSLATION,
    Kind,
)

KINDS = [
    # ------------------------------------------------------------------ identity tokens and what only looks missing
    Kind(
        OIDC,
        "permissions_auth",
        "npm publish --provenance",
        'npm error code EUSAGE\nnpm error Provenance generation in GitHub Actions requires "write" access to the'
        ' "id-token" permission',
        "id-token",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "azure/login@v2",
        "##[error]Login failed with Error: Please make sure to give write permissions to id-token in the workflow.",
        "id-token",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "actions/attest-build-provenance@v3",
        '##[error]missing "id-token" permission. Please add "permissions: id-token: write" to your workflow.',
        "id-token",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "aws-actions/configure-aws-credentials@v5",
        "It looks like you might be trying to authenticate with OIDC. Did you mean to set the `id-token` permission?\n"
        "##[error]Credentials could not be loaded, please check your action inputs: Could not load credentials from any"
        " providers",
        "Credentials could not be loaded",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "aws-actions/configure-aws-credentials@v5",
        "Assuming role with OIDC\n##[error]Could not assume role with OIDC: No OpenIDConnect provider found in your"
        " account for https://token.actions.githubusercontent.com",
        "Could not assume role with OIDC",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "yarn install --immutable",
        "➤ YN0000: ┌ Resolution step\n➤ YN0041: │ @acme/ui@npm:^2.0.0: Invalid authentication (as an anonymous user)\n"
        "➤ YN0000: Failed with errors in 1s 20ms",
        "YN0041",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "pnpm install --frozen-lockfile",
        " ERR_PNPM_FETCH_401  GET https://npm.pkg.github.com/@acme%2Fui: Unauthorized - 401\n\nNo authorization header"
        " was set for the request.",
        "ERR_PNPM_FETCH_401",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "dotnet restore",
        "/home/runner/work/acme/Acme.csproj : error NU1301: Failed to retrieve information about 'Acme.Core' from"
        " remote"
        " source 'https://nuget.pkg.github.com/acme/index.json'. Response status code does not indicate success: 401"
        " (Unauthorized).",
        "NU1301",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "mvn -B verify",
        "[ERROR] Failed to execute goal on project web: Could not resolve dependencies for project acme:web:jar:1:"
        " Could not transfer artifact acme:core:pom:2 from/to github (https://maven.pkg.github.com/acme/core): status"
        " code: 401, reason phrase: Unauthorized (401) -> [Help 1]",
        "status code: 401",
    ),
    Kind(
        OIDC,
        "dependency_install",
        "pnpm install --frozen-lockfile",
        " ERR_PNPM_FETCH_404  GET https://registry.npmjs.org/acme-uii: Not Found - 404\n\nacme-uii is not in the npm"
        " registry, or you have no permission to fetch it.",
        "ERR_PNPM_FETCH_404",
    ),
    # ----------------------------------------------------------------------------- unreadable artifacts and archives
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
    # ----------------------------------------------------------------------------------------------------------- gates
    Kind(
        GATE,
        "policy_gate",
        "./.github/scripts/all-green.sh",
        "build: success\ntest: failure\nlint: success",
        "test: failure",
    ),
    Kind(
        GATE,
        "policy_gate",
        'echo "$NEEDS"',
        "needs.integration.result = failure\n##[error]Process completed with exit code 1.",
        "integration",
    ),
    Kind(
        GATE,
        "policy_gate",
        "acme/gate@v1",
        "##[error]Job 'unit' finished with result 'failure'",
        "unit",
    ),
    Kind(
        GATE,
        "policy_gate",
        "lewagon/wait-on-check-action@v1",
        "unit: completed (failure)\nThe conclusion of one or more checks were not allowed. Allowed conclusions are:"
        " success, skipped. This can be configured with the 'allowed-conclusions' param.\n"
        "##[error]Process completed with exit code 1.",
        "conclusion of one or more checks",
    ),
    Kind(
        GATE,
        "policy_gate",
        "exit 1",
        "Not all jobs of this pipeline succeeded.",
        "Not all jobs",
    ),
    # ---------------------------------------------------------------------------------------------- releases and tags
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
    # ----------------------------------------------------------------------------- documentation links and references
    Kind(
        LINKS,
        "compile",
        "mkdocs build --strict",
        "INFO    -  Building documentation\nWARNING -  Doc file 'guide.md' contains a link 'instal.md', but the"
        " target is"
        " not found among documentation files.\n\nAborted with 1 warnings in strict mode!",
        "instal.md",
    ),
    Kind(
        LINKS,
        "compile",
        "sphinx-build -W --keep-going docs out",
        "/home/runner/work/acme/docs/use.rst:14: WARNING: undefined label: 'quickstart' [ref.ref]\nbuild finished with"
        " problems, 1 warning (with warnings treated as errors).",
        "undefined label",
    ),
    Kind(
        LINKS,
        "compile",
        "hugo --minify",
        'ERROR [en] REF_NOT_FOUND: Ref "setup.md": "/content/docs/_index.md:9:3": page not found\nError: error'
        " building site: logged 1 error(s)",
        "REF_NOT_FOUND",
    ),
    Kind(
        LINKS,
        "compile",
        "npx antora --log-failure-level=warn site.yml",
        "[10:00:00.000] ERROR (asciidoctor): target of xref not found: setup.adoc\n    file: docs/modules/ROOT/pages/"
        "index.adoc",
        "target of xref not found",
    ),
    Kind(
        LINKS,
        "lint_format",
        "bundle exec htmlproofer ./_site",
        "Running 3 checks (Images, Links, Scripts) on 40 files...\n* At ./_site/index.html:12:\n\n  internally"
        " linking to"
        " /setup, which does not exist\n\nHTML-Proofer found 1 failure!",
        "",
    ),
    Kind(
        LINKS,
        "lint_format",
        "npx remark . --frail",
        "README.md\n12:3-12:20 warning Cannot find heading for `#setup` in `README.md` missing-heading"
        " remark-validate-links\n\n⚠ 1 warning",
        "Cannot find heading",
    ),
    # ---------------------------------------------------------------------------------------------- translation keys
    Kind(
        TRANSLATION,
        "lint_format",
        "bundle exec i18n-tasks health",
        "Missing keys (2) | i18n-tasks v1.0.15\n| Locale | Key          | Value in other locales |\n|  de    |"
        " cart.empty"
        "   | en Your cart is empty  |",
        "Missing keys (2)",
    ),
    Kind(
        TRANSLATION,
        "lint_format",
        "node scripts/check-locales.mjs",
        "de.json: 3 missing translation keys\n  cart.empty\n  cart.total\n  cart.pay",
        "missing translation keys",
    ),
    Kind(
        TRANSLATION,
        "lint_format",
        "./gradlew lintDebug",
        '/home/runner/work/acme/app/src/main/res/values/strings.xml:9: Error: "cart_empty" is not translated in "de"'
        " (German) [MissingTranslation]\n\nFAILURE: Build failed with an exception.\n\n* What went wrong:\nExecution"
        " failed"
        " for task ':app:lintDebug'.",
        "",
    ),
    Kind(
        TRANSLATION,
        "lint_format",
        "npm run i18n:check",
        "Translation files are out of sync: fr.json lacks 'cart.total'",
        "out of sync",
    ),
    # ----------------------------------------------------------------------------------------- merges in the checkout
    Kind(
        MERGE,
        "git_checkout",
        "git merge --no-ff origin/main",
        "Auto-merging src/area.py\nCONFLICT (content): Merge conflict in src/area.py\nAutomatic merge failed; fix"
        " conflicts and then commit the result.",
        "",
    ),
    Kind(
        MERGE,
        "git_checkout",
        "git pull --ff-only",
        "hint: Diverging branches can't be fast-forwarded, you need to either:\nfatal: Not possible to fast-forward,"
        " aborting.",
        "Not possible to fast-forward",
    ),
    Kind(
        MERGE,
        "git_checkout",
        "git rebase origin/main",
        "error: could not apply 1a2b3c4... area: round up\nhint: Resolve all conflicts manually, mark them as resolved"
        " with",
        "could not apply",
    ),
    Kind(
        MERGE,
        "git_checkout",
        "git merge upstream/main",
        "error: Merging is not possible because you have unmerged files.\nfatal: Exiting because of an unresolved"
        " conflict.",
        "",
    ),
    # ------------------------------------------------------------------------- a local port against the network
    Kind(
        LOCAL,
        "service_startup",
        "node migrate.js",
        "Error: connect ECONNREFUSED 127.0.0.1:3999\n    at TCPConnectWrap.afterConnect [as oncomplete]"
        " (node:net:1611:16)",
        "ECONNREFUSED",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "curl -fsS http://localhost:8080/health",
        "curl: (7) Failed to connect to localhost port 8080 after 0 ms: Couldn't connect to server",
        "localhost port 8080",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "./smoke.sh",
        'Post "http://127.0.0.1:7000/rpc": dial tcp 127.0.0.1:7000: connect: connection refused',
        "connection refused",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "python manage.py migrate",
        'django.db.utils.OperationalError: connection to server at "localhost" (::1), port 5432 failed: Connection'
        " refused",
        "Connection refused",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "python seed.py",
        "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.",
        "localhost:6379",
    ),
    Kind(
        LOCAL,
        "network",
        "node publish.js",
        "Error: connect ECONNREFUSED 203.0.113.9:443\n    at TCPConnectWrap.afterConnect [as oncomplete]"
        " (node:net:1611:16)",
        "ECONNREFUSED",
    ),
    Kind(
        LOCAL,
        "network",
        "curl -fsS https://example.com/install.sh",
        "curl: (7) Failed to connect to example.com port 443 after 130 ms: Couldn't connect to server",
        "example.com port 443",
    ),
]
