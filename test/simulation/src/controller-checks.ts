import type { StoreChange } from '@kube-authn/store'
import { metadataOf, NAMESPACES } from './object-operations.ts'
import type { Process, Replica } from './replica.ts'
import type { World } from './world.ts'

/** Compares what the controllers do with what they should. */
export interface ControllerChecks {
  /** Whether one replica runs the controllers, and they do their work. */
  check(): void
}

const ACCOUNTS = '/registry/serviceaccounts/'
/** A leader that could not renew its lease stops within 10 seconds of its own time. */
const STOPPED_MS = 12_000
/** A lease lives for 15 seconds, others try to get it every two, and what failed is tried again a while later. */
const CALM_MS = 60_000

/** No controller runs yet. */
export function controllerChecks({
  time,
  seen,
  replicas,
  calmSinceMs,
  changedMs,
  violated,
  count,
}: World): ControllerChecks {
  /** A process that stood still believes for a moment what was so before. */
  const isAwake = ({ stillUntilMs }: Process): boolean => time.nowMs - stillUntilMs > STOPPED_MS
  const calmMs = (): number => time.nowMs - Math.max(...replicas.map((each: Replica) => calmSinceMs(each)))
  /** Since when a namespace has no default account. */
  const missingSinceMs = ({ key, revision }: StoreChange): number => {
    const account = seen.of(`${ACCOUNTS}${key.slice(NAMESPACES.length)}/default`).at(-1)
    if (account !== undefined && account.type !== 'deleted') return Infinity
    return Math.max(changedMs(revision), account === undefined ? 0 : changedMs(account.revision))
  }
  return {
    check() {
      const leaders = replicas.flatMap(({ process }) =>
        process?.election.isLeading === true ? [process] : [],
      )
      const awake = leaders.filter(isAwake)
      if (awake.length > 1) violated('oneLeader', `${awake.map(({ name }) => name).join(' and ')} lead`)
      if (calmMs() < CALM_MS) return
      count('calm second')
      if (leaders.length === 0) violated('controllers', 'no replica leads')
      for (const namespace of seen.state(NAMESPACES, seen.revision)) {
        if (metadataOf(namespace).deletionTimestamp !== undefined) continue
        const lateMs = time.nowMs - missingSinceMs(namespace)
        if (lateMs > CALM_MS)
          violated('controllers', `${namespace.key} has had no default account for ${lateMs} ms`)
      }
    },
  }
}
