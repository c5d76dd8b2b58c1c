import { describe, expect, it, onTestFinished } from 'vitest'
import { fixedClock, settled } from '../../core/test/fakes.ts'
import { faultyStore, type FaultyStore } from '../../store/test/faulty-store.ts'
import { unhandledRejections } from '../../store/test/unhandled-rejections.ts'
import { runControllers } from '../src/controllers/run-controllers.ts'
import { storedBootstrapTokens } from '../src/credentials/stored-bootstrap-tokens.ts'
import { storedServiceAccounts } from '../src/credentials/stored-service-accounts.ts'
import { storedRbac } from '../src/rbac/stored-rbac.ts'
import { registry } from '../src/registry/registry.ts'
import { allResources } from '../src/registry/resources/index.ts'
import { revocations } from '../src/revocations/revocations.ts'
import { memoryObjectStore, StoreError, type StoreErrorCode } from '@kube-authn/store'

const CODES: readonly StoreErrorCode[] = [
  'storeUnavailable',
  'revisionUnknown',
  'revisionCompacted',
  'storeCorrupted',
  'closed',
]

const faults: readonly (readonly [string, (store: FaultyStore) => void])[] = [
  ...CODES.map((code): (typeof faults)[number] => [
    `every call fails with ${code}`,
    (store) => store.fail(new StoreError(code, 'a fault')),
  ]),
  ...[...CODES, 'watchTooSlow' as const].map((code): (typeof faults)[number] => [
    `watches end with ${code}`,
    (store) => store.breakWatches(new StoreError(code, 'a fault')),
  ]),
  ['every call fails otherwise', (store) => store.fail(new TypeError('a fault'))],
  ['watches stall', (store) => store.stall()],
  ['another store takes its place', (store) => store.replace(memoryObjectStore())],
  ['another store takes its place silently', (store) => store.replaceSilently(memoryObjectStore())],
  ['it is closed', (store) => void store.close()],
]

describe('every rejection is handled when something happens to a store:', () => {
  it.each(faults)('%s', async (_, fault) => {
    const unhandled = unhandledRejections()
    const clock = fixedClock(Date.UTC(2030, 0, 1))
    const store = faultyStore(memoryObjectStore({ clock }))
    const objects = registry({ store, resources: allResources, clock })
    await objects.createSystemNamespaces()
    const options = { store, clock }
    const [roles, revoked, accounts, tokens] = await Promise.all([
      storedRbac(options),
      revocations(options),
      storedServiceAccounts(options),
      storedBootstrapTokens(options),
    ])
    // One that is not there yet.
    const late = faultyStore(memoryObjectStore({ clock }))
    late.fail()
    void storedRbac({ store: late, clock }).catch(() => undefined)
    const controllers = [
      runControllers({ store, clock, leaderElection: {}, controllers: ['serviceaccount', 'tokencleaner'] }),
      runControllers({ store: late, clock, controllers: ['tokencleaner'] }),
    ]
    const ends: string[] = []
    accounts.watchObject({ kind: 'ServiceAccount', namespace: 'default', name: 'default' }, () => {
      ends.push('account')
    })
    onTestFinished(async () => {
      await Promise.all([roles, revoked, accounts, tokens].map((each) => each.close()))
      await Promise.all(controllers.map((each) => each.close()))
    })
    const pass = async (seconds: number): Promise<void> => {
      for (let passed = 0; passed < seconds; passed += 4) {
        clock.advance(4000)
        await settled()
      }
    }
    await pass(8)
    fault(store)
    await pass(40)
    store.mend()
    await pass(8)
    await unhandled.settled()
    expect(unhandled.all).toEqual([])
    expect(store.begun.watches).toBeGreaterThan(0)
  })
})
