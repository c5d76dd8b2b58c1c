import { join } from 'node:path'
import { booleanOf, isGiven, type ParsedFlags, stringOf } from '@kube-authn/node/internal'
import { namedStore } from '../../store-url/store-url.ts'
import type { AddProblem } from './flag-problems.ts'

/** Where the objects are kept, as `--store` names it. Default: the file `store.db` in the data folder. */
export function storeValueOf(flags: ParsedFlags): string {
  if (booleanOf(flags, 'in-memory')) return 'memory'
  return isGiven(flags, 'store')
    ? stringOf(flags, 'store')
    : `sqlite:${join(stringOf(flags, 'data-dir'), 'store.db')}`
}

/** Problems of `--store`. */
export function storeProblems(flags: ParsedFlags, add: AddProblem): void {
  if (!isGiven(flags, 'store')) return
  const value = stringOf(flags, 'store')
  if (booleanOf(flags, 'in-memory') && value !== 'memory') {
    add('store', 'must not be specified together with --in-memory')
    return
  }
  const store = namedStore(value)
  if ('problem' in store) add('store', store.problem)
}
