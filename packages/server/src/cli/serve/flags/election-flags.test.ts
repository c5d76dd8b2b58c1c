import { isConfigurationError } from '@kube-authn/core/internal'
import { describe, expect, it } from 'vitest'
import { serveFlags } from './serve-flags.ts'
import { electionOf } from './serving-problems.ts'

const DEFAULTS = {
  leaseName: 'kube-authn-controllers',
  leaseNamespace: 'kube-system',
  leaseDurationSeconds: 15,
  renewDeadlineSeconds: 10,
  retryPeriodSeconds: 2,
}
const SHARED = '--store=postgres://127.0.0.1/auth'

function problemOf(argv: readonly string[]): string | undefined {
  try {
    serveFlags(argv)
    return undefined
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`).join('; ')
  }
}

describe('the flag --leader-elect', () => {
  it.each([
    [[], undefined],
    [['--store=sqlite:a.db'], undefined],
    [['--in-memory'], undefined],
    [[SHARED], DEFAULTS],
    [['--store=etcd+http://127.0.0.1:2379'], DEFAULTS],
    [[SHARED, '--leader-elect=false'], undefined],
    [['--leader-elect'], DEFAULTS],
    [['--in-memory', '--leader-elect=true'], DEFAULTS],
    [
      [
        SHARED,
        '--leader-elect-lease-duration=1m',
        '--leader-elect-renew-deadline=40s',
        '--leader-elect-retry-period=1500ms',
        '--leader-elect-resource-name=a.b',
        '--leader-elect-resource-namespace=default',
        '--leader-elect-resource-lock=leases',
      ],
      {
        leaseName: 'a.b',
        leaseNamespace: 'default',
        leaseDurationSeconds: 60,
        renewDeadlineSeconds: 40,
        retryPeriodSeconds: 1.5,
      },
    ],
  ])('of %j is %j', (argv, election) => {
    expect(electionOf(serveFlags(argv))).toEqual(election)
  })

  it.each([
    [['--leader-elect-lease-duration=10s'], '--leader-elect-lease-duration: must be greater than the renew'],
    [['--leader-elect-renew-deadline=2s'], '--leader-elect-renew-deadline: must be greater than the retry'],
    [['--leader-elect-retry-period=0'], '--leader-elect-retry-period: must be a positive duration'],
    [['--leader-elect-retry-period=-1s'], '--leader-elect-retry-period: must be a positive duration'],
    [['--leader-elect-lease-duration=x'], '--leader-elect-lease-duration'],
    [['--leader-elect-resource-name='], '--leader-elect-resource-name: must be the name of an object'],
    [['--leader-elect-resource-namespace=a/b'], '--leader-elect-resource-namespace: must be the name'],
    [['--leader-elect=maybe'], '--leader-elect'],
    [['--leader-elect-lease=1s'], 'did you mean'],
  ])('of %j is refused', (argv, message) => {
    expect(problemOf([SHARED, ...argv])).toContain(message)
  })

  it('does not look at the times of an election that does not take place', () => {
    expect(electionOf(serveFlags(['--leader-elect-retry-period=0']))).toBeUndefined()
  })
})
