import type { Model } from './linearizability.ts'
import type { Asked, Operation, Outcome } from './operation.ts'

/** One key of a store. */
export interface KeyState {
  readonly value: string | undefined
  /** `undefined`: the answer to the change was lost, and no client has seen its revision. */
  readonly revision: number | undefined
  readonly createdRevision: number | undefined
  /** The greatest revision that the key is known to have had: later changes have greater ones. */
  readonly reached: number
}

/** Only what the model needs: the outcome of an operation on this key. */
export type KeyOperation = Pick<Operation, 'asked' | 'outcome'>

const ABSENT: KeyState = { value: undefined, revision: undefined, createdRevision: undefined, reached: 0 }

/**
 * The contract of a store for one key.
 *
 * @param revisionOf the revision of the change that wrote a value, if any client has seen it.
 */
export function objectModel(
  revisionOf: (value: string) => number | undefined,
): Model<KeyState, KeyOperation> {
  return {
    initial: ABSENT,
    nameOf: ({ value, revision, createdRevision, reached }) =>
      `${value} ${revision} ${createdRevision} ${reached}`,
    step(state, { asked, outcome }) {
      if (asked.type === 'get') return isSeen(state, outcome) ? state : undefined
      const refusal = refusalOf(state, asked)
      if (outcome.type === 'refused') return refusal === outcome.code ? state : undefined
      if (refusal !== undefined && !isUncertain(state, asked)) return undefined
      if (asked.type === 'delete') {
        const revision = outcome.type === 'ok' ? outcome.revision : undefined
        if (revision !== undefined && revision <= state.reached) return undefined
        return { ...ABSENT, reached: revision ?? state.reached }
      }
      const revision = outcome.type === 'ok' ? outcome.revision : revisionOf(asked.value)
      if (revision !== undefined && revision <= state.reached) return undefined
      const next = {
        value: asked.value,
        revision,
        createdRevision: asked.type === 'create' ? revision : state.createdRevision,
        reached: revision ?? state.reached,
      }
      return outcome.type !== 'ok' || isSeen(next, outcome) ? next : undefined
    },
  }
}

/** Why a change cannot be made in that state. */
function refusalOf(
  { value, revision }: KeyState,
  asked: Exclude<Asked, { readonly type: 'get' }>,
): string | undefined {
  if (asked.type === 'create') return value === undefined ? undefined : 'objectExists'
  if (value === undefined) return 'objectNotFound'
  return revision === asked.revision ? undefined : 'revisionConflict'
}

/** Whether it depends on a revision that no client has seen. */
function isUncertain({ value, revision }: KeyState, { type }: Asked): boolean {
  return type !== 'create' && value !== undefined && revision === undefined
}

/** Whether an object that a client saw is that of the state. */
function isSeen({ value, revision, createdRevision }: KeyState, outcome: Outcome): boolean {
  if (outcome.type !== 'ok') return false
  const { object } = outcome
  if (object === undefined || value === undefined) return object === undefined && value === undefined
  return (
    object.value === value &&
    (revision === undefined || object.revision === revision) &&
    (createdRevision === undefined || object.createdRevision === createdRevision)
  )
}
