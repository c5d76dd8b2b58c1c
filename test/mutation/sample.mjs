// A checker for Stryker that passes a sample of all changes to the tests: deterministic for a seed.
import { createHash } from 'node:crypto'
import { CheckStatus } from '@stryker-mutator/api/check'
import { commonTokens, declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin'

function sampleChecker({ sample }) {
  const isIn = ({ fileName, location, mutatorName, replacement }) => {
    const place = fileName.slice(fileName.lastIndexOf('/packages/'))
    const text = JSON.stringify([sample.seed, place, location, mutatorName, replacement])
    return createHash('sha256').update(text).digest().readUInt32BE() % sample.oneIn === 0
  }
  const left = { status: CheckStatus.CompileError, reason: 'not in the sample' }
  return {
    init: () => Promise.resolve(),
    check: (mutants) =>
      Promise.resolve(
        Object.fromEntries(
          mutants.map((mutant) => [mutant.id, isIn(mutant) ? { status: CheckStatus.Passed } : left]),
        ),
      ),
  }
}
sampleChecker.inject = [commonTokens.options]

export const strykerPlugins = [declareFactoryPlugin(PluginKind.Checker, 'sample', sampleChecker)]
