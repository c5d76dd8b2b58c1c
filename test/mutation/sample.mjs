// A checker for Stryker that lets some of all changes through to the tests: the same ones each time for the same seed.
import { createHash } from 'node:crypto'
import { CheckStatus } from '@stryker-mutator/api/check'
import { commonTokens, declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin'

class SampleChecker {
  static inject = [commonTokens.options]
  #sample

  constructor({ sample }) {
    this.#sample = sample
  }

  async init() {}

  async check(mutants) {
    return Object.fromEntries(
      mutants.map((mutant) => [
        mutant.id,
        this.#isIn(mutant)
          ? { status: CheckStatus.Passed }
          : { status: CheckStatus.CompileError, reason: 'not in the sample' },
      ]),
    )
  }

  #isIn({ fileName, location, mutatorName, replacement }) {
    const { oneIn, seed } = this.#sample
    const place = fileName.slice(fileName.lastIndexOf('/packages/'))
    const text = JSON.stringify([seed, place, location, mutatorName, replacement])
    return createHash('sha256').update(text).digest().readUInt32BE() % oneIn === 0
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Checker, 'sample', SampleChecker)]
