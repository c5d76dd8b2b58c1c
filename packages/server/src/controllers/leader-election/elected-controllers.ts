import { fencedStore } from '@kube-authn/store/internal'
import type { ObjectStore } from '@kube-authn/store'
import type { ControllersAtWork } from '../loop/controller-loop.ts'
import { type ElectionOptions, leaderElection } from './leader-election.ts'

/** Options of {@link electedControllers}. */
export interface ElectedControllersOptions extends Omit<ElectionOptions, 'lead'> {
  /** Runs the controllers over this store. */
  readonly start: (store: ObjectStore) => ControllersAtWork
}

/** Controllers that run while this process has the lease, and whose writes count only then. */
export function electedControllers({ start, ...options }: ElectedControllersOptions): ControllersAtWork {
  let running: ControllersAtWork | undefined
  const election = leaderElection({
    ...options,
    lead({ fence, ended, end }) {
      const begun = start(fencedStore(options.store, { fence, signal: ended, onFenced: end }))
      running = begun
      return async () => {
        running = undefined
        await begun.close()
      }
    },
  })
  return {
    async synced() {
      await election.decided
      await running?.synced()
    },
    isHealthy: () => running?.isHealthy() ?? election.isReached(),
    close: () => election.close(),
  }
}
