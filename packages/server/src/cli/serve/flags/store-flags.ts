import { join } from 'node:path'
import type { ConfigurationProblem } from '@kube-authn/core'
import { booleanOf, isGiven, type ParsedFlags, stringOf } from '@kube-authn/node/internal'
import { storeProblem } from '../../store-url/store-url.ts'

/** Where the objects are kept, as `--store` names it. Default: the file `store.db` in the data folder. */
export function storeValueOf(flags: ParsedFlags): string {
  if (booleanOf(flags, 'in-memory')) return 'memory'
  return isGiven(flags, 'store')
    ? stringOf(flags, 'store')
    : `sqlite:${join(stringOf(flags, 'data-dir'), 'store.db')}`
}

/** Problems of `--store`. */
export function storeProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  if (!isGiven(flags, 'store')) return []
  const value = stringOf(flags, 'store')
  const message =
    booleanOf(flags, 'in-memory') && value !== 'memory'
      ? 'must not be specified together with --in-memory'
      : storeProblem(value)
  return message === undefined ? [] : [{ path: '--store', message }]
}
