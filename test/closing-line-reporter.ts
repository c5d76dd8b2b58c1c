import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/**
 * Prints `N passed, N failed` (and `, N skipped`) as the last line of a run, so that several suites can be added up.
 *
 * A file that cannot be loaded has no tests that could fail, and an error outside of any test belongs to none: each
 * counts as one failure.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    let passed = 0
    let skipped = 0
    let failed = unhandledErrors.length
    for (const module of modules) {
      let failedTests = 0
      for (const { result } of [...module.children.allTests()].map((test) => ({ result: test.result() }))) {
        if (result.state === 'passed') passed++
        else if (result.state === 'skipped') skipped++
        else failedTests++
      }
      failed += failedTests
      if (failedTests === 0 && !module.ok()) failed++
    }
    const closingLine = `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`
    process.stdout.write(`\n${closingLine}\n`)
  }
}
