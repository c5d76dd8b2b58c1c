import { MinimalReporter, type SerializedError, type TestModule, type TestSpecification } from 'vitest/node'

/** Prints failures, how to repeat them, and how many files are done: in place on a terminal, elsewhere a line after every tenth of them. */
export default class ProgressReporter extends MinimalReporter {
  #all = 0
  #done = 0
  #failed = 0

  override onTestRunStart(specifications: readonly TestSpecification[]): void {
    super.onTestRunStart(specifications)
    this.#all = specifications.length
    this.#done = 0
    this.#failed = 0
  }

  override onTestModuleEnd(module: TestModule): void {
    super.onTestModuleEnd(module)
    this.#done++
    if (!module.ok()) this.#failed++
    const line = `${this.#done} of ${this.#all} files${this.#failed === 0 ? '' : `, ${this.#failed} failed`}`
    const { stderr } = process
    if (stderr.isTTY) stderr.write(`\r${line}\u001b[K${this.#done === this.#all ? '\n' : ''}`)
    else if (this.#tenths(this.#done) > this.#tenths(this.#done - 1)) stderr.write(`${line}\n`)
  }

  override onTestRunEnd(
    modules: readonly TestModule[],
    errors: readonly SerializedError[],
    reason: 'passed' | 'interrupted' | 'failed',
  ): void {
    super.onTestRunEnd(modules, errors, reason)
    const failed = modules.filter((module) => !module.ok()).map(({ relativeModuleId }) => relativeModuleId)
    if (failed.length > 0)
      this.log(`Only what failed: npx vitest run --config test/vitest.config.ts ${failed.join(' ')}`)
  }

  #tenths(files: number): number {
    return Math.floor((files * 10) / this.#all)
  }
}
