import type { LogEntry } from '@kube-authn/core'
import type { LeaderElectionEvent } from '@kube-authn/core/internal'

/** The line of the log about an election. */
export function electionLine({
  name,
  identity,
  status,
}: LeaderElectionEvent): Pick<LogEntry, 'level' | 'message'> {
  const lease = `the lease ${name}`
  switch (status) {
    case 'standing':
      return { level: 'info', message: `controllers: standing by for ${lease} as ${identity}` }
    case 'leading':
      return { level: 'info', message: `controllers: running here, with ${lease} as ${identity}` }
    case 'lost':
      return { level: 'warn', message: `controllers: stopped here, because ${lease} was lost` }
    case 'released':
      return { level: 'info', message: `controllers: stopped here, and ${lease} given up` }
    case 'unreleased': {
      const then = 'others get it when it ends'
      const message = `controllers: stopped here; ${lease} could not be given up, as the store does not answer: ${then}`
      return { level: 'warn', message }
    }
  }
}
