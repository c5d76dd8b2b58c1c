import type { ObjectStore } from '@kube-authn/store'
import { credentials } from './credentials.ts'
import { faults } from './faults.ts'
import { fileChecks } from './file-checks.ts'
import { runFileUsers, runWriter, writeFirst } from './file-clients.ts'
import { history } from './history.ts'
import { issuerChecks } from './issuer-checks.ts'
import { runIssuer, runIssuerFaults, runTokens } from './issuer-clients.ts'
import { issuerModel } from './issuer-model.ts'
import { runObjectClient } from './object-clients.ts'
import { writeChecks } from './write-checks.ts'
import { seededRandom } from './random.ts'
import { type Process, replica, type Replica } from './replica.ts'
import { controllerChecks } from './controller-checks.ts'
import { copyChecks } from './copy-checks.ts'
import { runCopyClient } from './copy-clients.ts'
import { sessionChecks } from './session-checks.ts'
import { runSessions } from './session-clients.ts'
import { revocationChecks } from './revocation-checks.ts'
import { runSealedSessions } from './sealed-session-clients.ts'
import { runOperator, runRequests } from './revocation-clients.ts'
import { type OnChange, storeModel } from './store-model.ts'
import { type Owner, timeline } from './timeline.ts'
import type { Invariant, Violation } from './violation.ts'
import { virtualFiles } from './virtual-files.ts'
import { virtualRuntime } from './virtual-runtime.ts'
import { watchClients } from './watch-clients.ts'
import type { World } from './world.ts'

/** Options of {@link simulate}. */
export interface SimulationOptions {
  readonly seed: number
  /** How much virtual time passes. */
  readonly minutes: number
  /** What is wrong with the store as replicas use it. Default: nothing. */
  readonly spoil?: ((store: ObjectStore, owner: Owner) => ObjectStore) | undefined
  /** Receives the story, line by line. */
  readonly tell?: (line: string) => void
}

/** What a simulation found. */
export interface Findings {
  readonly seed: number
  readonly violation: Violation | undefined
  /** The virtual time until the violation, or of the whole. */
  readonly simulatedMs: number
  readonly steps: number
  /** How often what happened. */
  readonly counts: ReadonlyMap<string, number>
}

const REPLICAS = ['r1', 'r2', 'r3']
const START_MS = Date.UTC(2030, 0, 1)
const LOOK_MS = 1000
/** What a process plans besides what its clients have it do. */
const MOST_STEPS = 60

/** Lets replicas work for some virtual time, and ends with the first violation. The same seed is the same run. */
export async function simulate({
  seed,
  minutes,
  spoil,
  tell = () => {},
}: SimulationOptions): Promise<Findings> {
  const time = timeline(START_MS)
  const random = seededRandom(String(seed))
  const counts = new Map<string, number>()
  let violation: Violation | undefined
  const violated = (invariant: Invariant, what: string): void => {
    violation ??= { invariant, what }
  }
  const story = (line: string): void => tell(`${clockTime(time.nowMs - START_MS)} ${line}`)
  const restore = virtualRuntime(time, random.fork('runtime'))
  const { stackTraceLimit } = Error
  // Most of what is thrown is as it should be.
  Error.stackTraceLimit = 0
  const unhandled = (reason: unknown): void => violated('handled', String(reason))
  process.on('unhandledRejection', unhandled)
  let restoreFiles = (): void => {}
  try {
    const parts = { seed, spoil, tell: story, violated, counts, time, random }
    const replicas = prepare(parts)
    restoreFiles = virtualFiles(time, (owner) => replicas.find((each) => each.owner === owner)?.disk)
    await time.run(START_MS + minutes * 60_000, () => violation !== undefined)
    if (violation !== undefined) story(`violated: ${violation.what}`)
    return { seed, violation, simulatedMs: time.nowMs - START_MS, steps: time.steps, counts }
  } finally {
    process.off('unhandledRejection', unhandled)
    Error.stackTraceLimit = stackTraceLimit
    restoreFiles()
    restore()
  }
}

interface Parts extends Pick<World, 'time' | 'random' | 'tell' | 'violated'> {
  readonly spoil: SimulationOptions['spoil']
  readonly counts: Map<string, number>
}

/** Everything begins. */
function prepare({ time, random, tell, violated, counts, spoil }: Parts): readonly Replica[] {
  const seen = history()
  const changedMs: number[] = []
  const onChange: OnChange = (change, fence) => {
    changedMs[change.revision] = time.nowMs
    writes.changed(change, fence)
    seen.add(change)
    revoked.changed(change)
    tell(`store: ${change.revision} ${change.type} ${change.key.replace('/registry/', '')}`)
  }
  const model = storeModel(time, onChange)
  const tokens = credentials(random.fork('tokens'))
  const issuer = issuerModel(time, random.fork('answers of the issuer'))
  const replicas = REPLICAS.map((name) =>
    replica({
      name,
      time,
      model,
      issuer,
      random: random.fork(name),
      authenticator: tokens.authenticator,
      spoil,
      tell,
    }),
  )
  const pause = (delayMs: number): Promise<void> =>
    new Promise((resolve) => void time.after(delayMs, resolve))
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1)
  const shaking = faults({ time, model, replicas, random: random.fork('faults'), tell, count, pause })
  const world: World = {
    time,
    model,
    replicas,
    random,
    seen,
    changedMs: (revision) => changedMs[revision] ?? 0,
    calmSinceMs: shaking.calmSinceMs,
    restart: shaking.restart,
    tell,
    count,
    violated,
    pause,
  }
  const writes = writeChecks(world)
  const revoked = revocationChecks(world)
  const watches = watchClients(world)
  const sessions = sessionChecks(world)
  const copies = copyChecks(world)
  const controllers = controllerChecks(world)
  const clients = { world, tokens, writes, checks: revoked }
  const issued = { world, issuer, checks: issuerChecks(world, issuer) }
  const files = fileChecks(world)
  for (const each of replicas) writeFirst(files, each)
  for (const each of replicas) each.start()
  const work = [
    shaking.run(),
    ...['c1', 'c2', 'c3', 'c4'].map((name) => runObjectClient(world, writes, name)),
    ...['w1', 'w2', 'w3'].map((name) => watches.run(name)),
    ...['u1', 'u2', 'u3', 'u4'].map((name) => runRequests(clients, name)),
    ...['o1', 'o2'].map((name) => runOperator(clients, name)),
    ...['a1', 'a2', 'a3'].map((name) => runCopyClient({ world, writes, checks: copies }, name)),
    ...['b1', 'b2', 'b3'].map((name) => runSessions(world, sessions, name)),
    ...['s1', 's2'].map((name) => runSealedSessions(clients, name)),
    runIssuer(issued),
    runIssuerFaults(issued),
    ...['t1', 't2', 't3'].map((name) => runTokens(issued, name)),
    ...replicas.map((each) => runWriter(world, files, each)),
    ...['f1', 'f2'].map((name) => runFileUsers(world, files, name)),
  ]
  for (const each of work) each.catch((thrown: unknown) => violated('errors', String(thrown)))
  const look = (): void => {
    watches.check()
    revoked.check()
    sessions.check()
    controllers.check()
    issued.checks.check()
    for (const each of replicas)
      checkGrowth(
        world,
        each,
        (process) =>
          revoked.connectionsOf(process) + sessions.connectionsOf(process) + issued.checks.openAt(process),
      )
    time.after(LOOK_MS, look)
  }
  time.after(LOOK_MS, look)
  return replicas
}

/** A replica serves, and what its process has planned and opened is what its clients have it do, and some more. */
function checkGrowth(
  { violated, time, calmSinceMs }: World,
  each: Replica,
  connectionsOf: (process: Process) => number,
): void {
  const { owner, link } = each
  if (time.nowMs - calmSinceMs(each) < 60_000) return
  if (each.process === undefined) violated('outagesEnd', `${each.name} does not begin`)
  if (owner === undefined || link === undefined) return
  const { calls, watches } = link.load
  const most = MOST_STEPS + (each.process === undefined ? 0 : connectionsOf(each.process))
  if (owner.planned > most) violated('bounded', `${each.name} has ${owner.planned} timers`)
  if (calls > 30 || watches > 16)
    violated('bounded', `${each.name} has ${calls} calls and ${watches} watches`)
}

/** As 1:02:03.004. */
function clockTime(ms: number): string {
  const rest = new Date(ms).toISOString().slice(14, 23)
  return `${Math.floor(ms / 3_600_000)}:${rest}`
}
