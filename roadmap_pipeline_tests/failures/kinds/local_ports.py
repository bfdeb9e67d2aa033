"""Servers on ports of the machine itself: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import LOCAL, Kind

KINDS = [
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
