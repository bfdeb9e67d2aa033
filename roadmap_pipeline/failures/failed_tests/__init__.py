"""The tests that failed, read from the output of the step that ran them.

Belongs here: the formats in which test frameworks name a failing test, one family a file, and when two names stand for
the same test (:mod:`.names`). Whether a job failed by its tests belongs to the classifier.
"""

from roadmap_pipeline.failures.failed_tests.reading import FailedTest, FailedTests, failed_tests, tests_in

__all__ = ["FailedTest", "FailedTests", "failed_tests", "tests_in"]
