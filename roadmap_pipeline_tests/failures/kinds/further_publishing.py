"""Further kinds of failures: identity tokens, archives, gates, releases, links, translations, merges and ports."""

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
    Kind(
        OIDC,
        "permissions_auth",
        "cosign sign --yes ghcr.io/acme/web",
        "Error: signing [ghcr.io/a/b]: getting signer: getting key from Fulcio: getting ID token: fetching ambient"
        " OIDC credentials: ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set",
        "",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "google-github-actions/auth@v3",
        "##[error]google-github-actions/auth failed with: GitHub Actions did not inject"
        " $ACTIONS_ID_TOKEN_REQUEST_TOKEN or $ACTIONS_ID_TOKEN_REQUEST_URL into this job.",
        "",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "hashicorp/vault-action@v3",
        "##[error]failed to retrieve vault token. code: ERR_NON_2XX_3XX_RESPONSE, message: Response code 400 (Bad"
        ' Request), vaultResponse: {"errors":["error validating token"]}',
        "",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "azure/login@v2",
        "##[error]Login failed with Error: Using auth-type: SERVICE_PRINCIPAL. Not all values are present. Ensure"
        " 'client-id' and 'tenant-id' are supplied.",
        "",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "pip install acme-internal",
        "ERROR: HTTP error 403 while getting https://pypi.example.com/acme\nWARNING: 403 Error",
        "",
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
        GATE,
        "policy_gate",
        "re-actors/alls-green@release/v1",
        "# ❌ Some of the required to succeed jobs failed 😢😢😢",
        "",
    ),
    Kind(GATE, "policy_gate", "echo done", "lint=success\nbuild=failure", ""),
    Kind(GATE, "policy_gate", "check", "One or more jobs failed or were cancelled", ""),
    Kind(GATE, "policy_gate", "check", "❌ build failed with result: failure", ""),
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
        LINKS,
        "compile",
        "sphinx-build -W docs out",
        "docs/a.rst:3: WARNING: py:class reference target not found: acme.Foo [ref.class]\nbuild finished with"
        " problems, 1 warning (with warnings treated as errors).",
        "",
    ),
    Kind(
        LINKS,
        "compile",
        "npm run docs",
        "[ERROR] Docusaurus found broken links!\n- Broken link on source page path = /a:\n   -> linking to /b",
        "",
    ),
    Kind(LINKS, "compile", "cargo doc", "error: unresolved link to `Foo`\n --> src/lib.rs:1:5", ""),
    Kind(
        LINKS,
        "compile",
        "zola build",
        "ERROR Failed to build the site\nERROR Broken relative link `@/x.md` in a.md",
        "",
    ),
    Kind(
        LINKS,
        "compile",
        "doxygen",
        "/w/a.h:3: error: unable to resolve reference to 'foo' for \\ref command (warning treated as error, aborting"
        " now)",
        "",
    ),
    Kind(LINKS, "lint_format", "mdbook-linkcheck -s", "error: File not found: ch2.md\n  ┌─ ch1.md:3:5", ""),
    Kind(
        TRANSLATION,
        "lint_format",
        "node check-translation-completeness.cjs",
        'ERROR: Missing translations detected\nFound 36 translation keys with missing languages:\n- Key "A" is'
        " missing translations for: uk",
        "",
    ),
    Kind(TRANSLATION, "lint_format", "npm run i18n:check", "fr: missing keys: cart.total, cart.pay", ""),
    Kind(
        TRANSLATION,
        "lint_format",
        "python manage.py makemessages --check",
        "locale/de/LC_MESSAGES/django.po needs updating: translations are out of date",
        "",
    ),
    Kind(
        TRANSLATION, "lint_format", "npm run lint:locales", "Locale files have missing keys\n  de.json: cart.total", ""
    ),
    Kind(
        MERGE,
        "git_checkout",
        "git merge origin/main",
        "error: Your local changes to the following files would be overwritten by merge:\n\tsrc/a.py",
        "",
    ),
    Kind(
        MERGE,
        "git_checkout",
        "git cherry-pick abc",
        "error: could not apply 1a2b3c4... fix\nCONFLICT (modify/delete): a.py deleted in HEAD",
        "",
    ),
    Kind(
        MERGE,
        "git_checkout",
        "actions/checkout@v5",
        "##[error]fatal: couldn't find remote ref refs/pull/9/merge\n##[error]The process '/usr/bin/git' failed with"
        " exit code 128",
        "",
    ),
    Kind(
        LOCAL, "service_startup", "npm run seed", "MongoServerSelectionError: connect ECONNREFUSED 127.0.0.1:27017", ""
    ),
    Kind(
        LOCAL,
        "service_startup",
        "php artisan migrate",
        "SQLSTATE[HY000] [2002] Connection refused (Connection: mysql, SQL: select 1)",
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "mysql -h127.0.0.1 -e 'x'",
        "ERROR 2003 (HY000): Can't connect to MySQL server on '127.0.0.1:3306' (111)",
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "wget -q http://127.0.0.1:9000",
        "--2026-- http://127.0.0.1:9000/\nConnecting to 127.0.0.1:9000... failed: Connection refused.",
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "go run ./smoke",
        'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp'
        ' [::1]:50051: connect: connection refused"',
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "npx wait-on http://localhost:3000",
        "Error: Timed out waiting for: http://localhost:3000",
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "psql -h localhost",
        'psql: error: connection to server at "localhost" (127.0.0.1), port 5432 failed: Connection refused\n\tIs the'
        " server running on that host and accepting TCP/IP connections?",
        "",
    ),
    Kind(
        LOCAL,
        "network",
        "curl https://example.com",
        "curl: (7) Failed to connect to example.com port 443: Connection refused",
        "",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "pypa/gh-action-pypi-publish@v1",
        "Trusted publishing exchange failure:\nOpenID Connect token retrieval failed: GitHub: missing or insufficient"
        " OIDC token permissions\n##[error]Process completed with exit code 1.",
        "",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "npm ci",
        "npm error code E401\nnpm error 401 Unauthorized - GET https://npm.pkg.github.com/@acme%2fui - authentication"
        " token not provided",
        "",
    ),
    Kind(
        OIDC,
        "permissions_auth",
        "bundle install",
        "Authentication is required for rubygems.pkg.github.com.\nPlease supply credentials for this source.",
        "",
    ),
    Kind(OIDC, "permissions_auth", "composer install", "Could not authenticate against github.com", ""),
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
    Kind(GATE, "policy_gate", "check.sh", "Upstream job results: lint=success, test=failure", ""),
    Kind(GATE, "policy_gate", "check.sh", "Required jobs failed: test, build", ""),
    Kind(GATE, "policy_gate", "check.sh", "build: cancelled\ntest: success", ""),
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
    Kind(
        LINKS,
        "compile",
        "mkdocs build -s",
        "WARNING -  Doc file 'a.md' contains an unrecognized relative link './b', it was left as is.\nAborted with 1"
        " warnings in strict mode!",
        "",
    ),
    Kind(
        LINKS,
        "compile",
        "sphinx-build -W a b",
        "WARNING: unknown document: 'foo' [ref.doc]\nWarning, treated as error:",
        "",
    ),
    Kind(LINKS, "compile", "npx vitepress build docs", "build error:\n[vitepress] 2 dead link(s) found.", ""),
    Kind(
        LINKS,
        "lint_format",
        "lychee .",
        "[404] https://example.com/a | Network error: Not Found\n🔍 9 Total ✅ 8 OK 🚫 1 Error",
        "",
    ),
    Kind(
        LINKS,
        "lint_format",
        "sphinx-build -b linkcheck . o",
        "(   a: line 3) broken    https://example.com/x - 404 Client Error: Not Found for url",
        "",
    ),
    Kind(TRANSLATION, "lint_format", "npm run check:i18n", "Missing keys in de.json: cart.total", ""),
    Kind(
        TRANSLATION,
        "lint_format",
        "./gradlew lint",
        'Lint found 1 errors, 0 warnings. First failure:\nres/values-de/strings.xml:3: Error: "x" is translated here'
        " but not found in default locale [ExtraTranslation]",
        "",
    ),
    Kind(TRANSLATION, "lint_format", "yarn formatjs verify", "Missing translation keys in fr.json:\n cart.total", ""),
    Kind(MERGE, "git_checkout", "git merge x", "fatal: refusing to merge unrelated histories", ""),
    Kind(
        MERGE,
        "git_checkout",
        "git rebase main",
        "CONFLICT (content): Merge conflict in a.py\nerror: could not apply aaaaaaa... b",
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "python seed.py",
        "requests.exceptions.ConnectionError: HTTPConnectionPool(host='localhost', port=8000): Max retries exceeded"
        " with url: / (Caused by NewConnectionError('<x>: Failed to establish a new connection: [Errno 111]"
        " Connection refused'))",
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "./smoke.sh",
        "java.net.ConnectException: Failed to connect to localhost/127.0.0.1:8080",
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "cargo run",
        'Error: Os { code: 111, kind: ConnectionRefused, message: "Connection refused" } while connecting to'
        " 127.0.0.1:5432",
        "",
    ),
    Kind(
        LOCAL,
        "service_startup",
        "node e2e.js",
        "TypeError: fetch failed\n  [cause]: Error: connect ECONNREFUSED ::1:3000",
        "",
    ),
    Kind(
        LOCAL,
        "test",
        "pytest",
        "E   ConnectionRefusedError: [Errno 111] connect to localhost:5432 refused\nFAILED tests/test_db.py::test_x -"
        " ConnectionRefusedError\n1 failed in 0.1s",
        "",
    ),
    Kind(
        LOCAL,
        "test",
        "npm test",
        "● cart › total\n    connect ECONNREFUSED 127.0.0.1:3999\nTests: 1 failed, 2 total",
        "",
    ),
]
