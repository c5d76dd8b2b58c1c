import { StoreError } from '@kube-authn/store'
import type { Random } from './random.ts'
import type { Replica } from './replica.ts'
import { HEALTHY } from './store-link.ts'
import type { StoreModel } from './store-model.ts'
import type { Timeline } from './timeline.ts'

/** Where faults are injected. */
export interface Faulty {
  readonly time: Timeline
  readonly model: StoreModel
  readonly replicas: readonly Replica[]
  readonly random: Random
  readonly tell: (line: string) => void
  readonly count: (name: string) => void
  readonly pause: (delayMs: number) => Promise<void>
}

/** What goes wrong, and when it is over. */
export interface Faults {
  run(): Promise<never>
  /** Ends the process of a replica, and begins another one. */
  restart(replica: Replica): void
  /** Since when nothing is wrong that concerns a replica. */
  calmSinceMs(replica: Replica): number
}

/** Begins a fault. Returns what it is, and how it ends. */
type Fault = (faulty: Faulty, replica: Replica) => { readonly what: string; readonly end?: () => void }

/** A fault of the store, or of everything, concerns all replicas. */
interface Kind {
  readonly begin: Fault
  readonly concernsAll?: boolean
  /** It happens while the process runs: a machine that sleeps does not fall asleep, and if its clock were set meanwhile, it could not know that it slept. */
  readonly isAwake?: boolean
  readonly longestMs: number
}

const link =
  (what: string, change: (random: Random) => Partial<Replica['faults']>): Fault =>
  ({ random }, { name, faults: found }) => {
    const changed = change(random)
    Object.assign(found, changed)
    const undone = Object.fromEntries(Object.entries(HEALTHY).filter(([key]) => Object.hasOwn(changed, key)))
    return {
      what: `${name}: ${what} ${JSON.stringify(changed)}`,
      end: () => void Object.assign(found, undone),
    }
  }

const KINDS: readonly Kind[] = [
  { begin: link('slow', (random) => ({ slowMs: random.pick([50, 500, 3000, 9000]) })), longestMs: 60_000 },
  { begin: link('cut', (random) => ({ cut: random.pick(['refused', 'silent']) })), longestMs: 240_000 },
  { begin: link('loses requests', () => ({ lostRequests: 0.3 })), longestMs: 60_000 },
  { begin: link('loses answers', () => ({ lostAnswers: 0.5 })), longestMs: 60_000 },
  { begin: link('requests late', () => ({ lateRequests: 0.5 })), longestMs: 60_000 },
  { begin: link('answers late', () => ({ lateAnswers: 0.5 })), longestMs: 120_000 },
  { begin: link('watches stall', () => ({ isStalled: true })), longestMs: 90_000 },
  { begin: breakWatches, longestMs: 0 },
  { begin: resetLink, longestMs: 0 },
  { begin: crash, longestMs: 20_000 },
  { begin: standStill, longestMs: 0 },
  { begin: sleep, longestMs: 0, isAwake: true },
  { begin: setClock, longestMs: 0, isAwake: true },
  { begin: changeRate, longestMs: 0, isAwake: true },
  { begin: restartStore, longestMs: 40_000, concernsAll: true },
  { begin: fillDisk, longestMs: 40_000, concernsAll: true },
  { begin: forgetChanges, longestMs: 0, concernsAll: true },
]

function breakWatches({ random }: Faulty, { name, link: connection }: Replica): ReturnType<Fault> {
  const code = random.pick(['storeUnavailable', 'watchTooSlow'] as const)
  connection?.breakWatches(new StoreError(code, 'a watch broke'))
  return { what: `${name}: watches break (${code})` }
}

function resetLink(_: Faulty, { name, link: connection }: Replica): ReturnType<Fault> {
  connection?.reset('connection reset')
  return { what: `${name}: connections reset` }
}

function crash(_: Faulty, replica: Replica): ReturnType<Fault> {
  replica.kill()
  return { what: `${replica.name}: killed`, end: () => replica.start() }
}

function standStill({ random }: Faulty, replica: Replica): ReturnType<Fault> {
  const forMs = random.pick([100, 2000, 15_000, 120_000])
  replica.freeze(forMs)
  return { what: `${replica.name}: stands still for ${forMs} ms` }
}

function sleep({ random }: Faulty, replica: Replica): ReturnType<Fault> {
  const forMs = random.pick([2000, 45_000, 600_000])
  replica.freeze(forMs)
  replica.clock.sleep(forMs)
  return { what: `${replica.name}: sleeps for ${forMs} ms` }
}

function setClock({ random }: Faulty, { name, clock }: Replica): ReturnType<Fault> {
  const aheadMs = random.pick([
    -3_600_000, -300_000, -40_000, -900, -900, 0, 900, 900, 40_000, 300_000, 3_600_000,
  ])
  clock.jump(aheadMs - clock.aheadMs())
  return { what: `${name}: clock set to ${aheadMs} ms ahead` }
}

function changeRate({ random }: Faulty, { name, clock }: Replica): ReturnType<Fault> {
  const rate = random.pick([0, 0, 0.5, 0.99, 1, 1, 1.01, 2])
  clock.setRate(rate)
  return { what: `${name}: clock goes at ${rate}` }
}

function restartStore({ model, replicas }: Faulty): ReturnType<Fault> {
  model.become({ isUp: false })
  for (const each of replicas) each.link?.reset('connection reset')
  return { what: 'store: down', end: () => model.become({ isUp: true }) }
}

function fillDisk({ model }: Faulty): ReturnType<Fault> {
  model.become({ isReadOnly: true })
  return { what: 'store: disk full', end: () => model.become({ isReadOnly: false }) }
}

function forgetChanges({ model, random }: Faulty): ReturnType<Fault> {
  const revision = model.history.revision - random.pick([0, 0, 5])
  model.compact(revision)
  return { what: `store: changes up to ${revision} forgotten` }
}

/** Storms of faults, and calm between them, in which everything must work. */
export function faults(faulty: Faulty): Faults {
  const { time, replicas, random, tell, count, pause, model } = faulty
  const calmSince = new Map<Replica, number>()
  const active = new Map<Replica, number>()
  /** Faults of the same kind at the same place do not overlap. */
  const places = new Set<string>()

  const shake = (concerned: readonly Replica[], by: number): void => {
    for (const each of concerned) {
      active.set(each, (active.get(each) ?? 0) + by)
      const stillMs = Math.max(0, (each.owner?.stillUntilMs ?? 0) - time.nowMs)
      calmSince.set(each, Math.max(calmSince.get(each) ?? 0, time.nowMs + stillMs))
    }
  }
  const inject = (kind: Kind, replica: Replica): void => {
    const place = kind.concernsAll === true ? kind.begin.name : `${KINDS.indexOf(kind)} ${replica.name}`
    if (places.has(place) || (replica.owner === undefined && kind.concernsAll !== true)) return
    if (kind.isAwake === true && (replica.owner?.stillUntilMs ?? 0) > time.nowMs) return
    const concerned = kind.concernsAll === true ? replicas : [replica]
    const { what, end } = kind.begin(faulty, replica)
    tell(what)
    count('fault')
    shake(concerned, 1)
    const finish = (): void => {
      end?.()
      places.delete(place)
      shake(concerned, -1)
      if (end === undefined) return
      tell(`${what}: over`)
      // Watches that waited go on.
      model.become({})
    }
    if (end === undefined) finish()
    else {
      places.add(place)
      time.after(random.below(kind.longestMs), finish)
    }
  }
  return {
    async run() {
      for (;;) {
        await pause(random.between(30_000, 150_000))
        const lastsMs = random.between(5000, 180_000)
        const endMs = time.nowMs + lastsMs
        while (time.nowMs < endMs) {
          inject(random.pick(KINDS), random.pick(replicas))
          await pause(random.below(20_000))
        }
      }
    },
    restart(replica) {
      shake([replica], 1)
      replica.kill()
      replica.start()
      shake([replica], -1)
    },
    calmSinceMs: (replica) =>
      (active.get(replica) ?? 0) > 0 || replica.process === undefined
        ? Infinity
        : (calmSince.get(replica) ?? 0),
  }
}
