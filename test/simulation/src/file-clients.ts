import { isAuthenticationError } from '@kube-authn/core/internal'
import { attributesOf } from '@kube-authn/core/authorization'
import { userInfo } from '@kube-authn/core'
import { TOKEN_FILE } from './app.ts'
import type { FileChecks, FileKind } from './file-checks.ts'
import { authenticateAt } from './issuer-clients.ts'
import { DISK, MOUNT } from './machine-disk.ts'
import type { Random } from './random.ts'
import type { Process, Replica } from './replica.ts'
import type { World } from './world.ts'

/** A version is read when it has not changed for 100 ms. */
const SETTLE_MS = 100
/** Changes of other files in the same folder. */
const OTHERS = { count: 40, everyMs: 60 }
const TOKENS = [0, 1, 2, 3]

/** All versions are as long, so that no size tells one from another. */
function shown(number: number): string {
  return `v${String(number).padStart(6, '0')}`
}

/** The tokens of a version: each says which it is, and one of four is missing. */
function tokensOf(number: number): string {
  return TOKENS.filter((each) => number % 4 !== each)
    .map((each) => `file-${each},jane,${shown(number)}\n`)
    .join('')
}

/** A role and its binding, in a file each: they fit only each other. */
function rolesOf(number: number): Readonly<Record<'role.yaml' | 'binding.yaml', string>> {
  const head = (kind: string, name: string): string =>
    `apiVersion: rbac.authorization.k8s.io/v1\nkind: ${kind}\nmetadata:\n  name: ${name}\n`
  const role = `reader-${shown(number)}`
  return {
    'role.yaml': `${head('ClusterRole', role)}rules:\n- apiGroups: ['']\n  resources: [${shown(number)}]\n  verbs: [get]\n`,
    'binding.yaml':
      `${head('ClusterRoleBinding', 'jane')}roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: ${role}\n` +
      'subjects:\n- kind: User\n  apiGroup: rbac.authorization.k8s.io\n  name: jane\n',
  }
}

/** The first version of all files, before any process begins. */
export function writeFirst(checks: FileChecks, replica: Replica): void {
  replica.disk.write(TOKEN_FILE, tokensOf(1), 'replace')
  replica.disk.swap(rolesOf(1))
  for (const kind of ['tokens', 'roles'] as const) checks.written(replica, kind, 1)
}

/** What changes the files of a machine, not always well. */
export async function runWriter(world: World, checks: FileChecks, replica: Replica): Promise<never> {
  const random = world.random.fork(`files of ${replica.name}`)
  const { disk } = replica
  disk.isCoarse = random.chance(0.3)
  for (;;) {
    await world.pause(random.between(20, random.pick([300, 3000, 90_000, 90_000])))
    if (random.chance(0.1)) disk.notify(random.pick(['soon', 'soon', 'late', 'never']))
    const kind = random.pick<FileKind>(['tokens', 'roles'])
    const number = checks.next(replica, kind)
    const how = await (kind === 'tokens' ? writeTokens : swapRoles)(
      { world, checks, random, replica },
      number,
    )
    checks.written(replica, kind, number)
    if (how === 'torn') void useSoon(world, checks, replica, random)
    if (how === 'among others') await writeOthers(world, replica)
    world.count(`file ${how}`)
    world.tell(`${replica.name}: ${kind} ${number} ${how}`)
  }
}

interface Writing {
  readonly world: World
  readonly checks: FileChecks
  readonly random: Random
  readonly replica: Replica
}

async function writeTokens({ world, checks, random, replica }: Writing, number: number): Promise<string> {
  const { disk } = replica
  const text = tokensOf(number)
  const how = random.pick([
    'replaced',
    'rewritten',
    'torn',
    'torn for long',
    'missing',
    'emptied',
    'among others',
  ] as const)
  if (how === 'replaced' || how === 'among others') disk.write(TOKEN_FILE, text, 'replace')
  else {
    if (how !== 'rewritten') checks.broken(replica, 'tokens')
    if (how === 'torn') disk.write(TOKEN_FILE, text.slice(0, random.between(1, text.length - 1)), 'in place')
    // In the middle of a record, or it would be a file with fewer of them.
    if (how === 'torn for long') disk.write(TOKEN_FILE, text.slice(0, random.pick([3, 8, 30])), 'in place')
    if (how === 'missing') disk.remove(TOKEN_FILE)
    if (how === 'emptied') disk.write(TOKEN_FILE, '', 'in place')
    const end = how === 'emptied' ? checks.emptied(replica, 'tokens') : undefined
    if (how !== 'rewritten')
      await world.pause(how === 'torn' ? random.below(SETTLE_MS - 10) : random.between(500, 20_000))
    end?.()
    disk.write(TOKEN_FILE, text, 'in place')
  }
  return how
}

async function writeOthers({ pause }: World, { disk }: Replica): Promise<void> {
  for (let count = 0; count < OTHERS.count; count++) {
    await pause(OTHERS.everyMs)
    disk.write(`${DISK}/others`, String(count), 'replace')
  }
}

/** What was read of a half-written file counts for a moment only. */
async function useSoon(world: World, checks: FileChecks, replica: Replica, random: Random): Promise<void> {
  await world.pause(random.below(100))
  await replica.visit(async (process) => {
    for (const each of TOKENS) await useToken(world, checks, replica, process, each)
  })
}

async function swapRoles({ world, checks, random, replica }: Writing, number: number): Promise<string> {
  const { disk } = replica
  const whole = rolesOf(number)
  const how = random.pick(['swapped', 'swapped', 'broken before', 'without a file before'] as const)
  if (how !== 'swapped') checks.broken(replica, 'roles')
  if (how === 'broken before')
    disk.swap({ ...whole, 'role.yaml': whole['role.yaml'].replace('rules:', 'rules: {') })
  if (how === 'without a file before') disk.remove(`${MOUNT}/${random.pick(['role.yaml', 'binding.yaml'])}`)
  const end = how === 'without a file before' ? checks.emptied(replica, 'roles') : undefined
  if (how === 'broken before') await world.pause(random.between(500, 20_000))
  if (how === 'without a file before') await world.pause(random.below(SETTLE_MS - 10))
  end?.()
  disk.swap(whole)
  return how
}

/** Users whose tokens and roles are in files. */
export async function runFileUsers(world: World, checks: FileChecks, name: string): Promise<never> {
  const random = world.random.fork(name)
  for (;;) {
    await world.pause(random.between(1, 3000))
    const replica = random.pick(world.replicas)
    const isOfTokens = random.chance(0.6)
    await replica.visit(async (process) => {
      if (isOfTokens) await useToken(world, checks, replica, process, random.pick(TOKENS))
      else await askRoles(checks, replica, process)
    })
  }
}

async function useToken(
  world: World,
  checks: FileChecks,
  replica: Replica,
  process: Process,
  token: number,
): Promise<void> {
  try {
    const uid = (await authenticateAt(process, `file-${token}`))?.user.uid
    if (uid !== undefined) {
      checks.decided(replica, process, 'tokens', Number(uid.slice(1)))
      return
    }
  } catch (thrown) {
    if (!isAuthenticationError(thrown) || thrown.code !== 'rejected') throw thrown
  }
  const isMissing =
    checks.beganEmpty(replica, process, 'tokens') ||
    checks.possible(replica, process, 'tokens').some((each) => each % 4 === token)
  if (!isMissing) world.violated('files', `file-${token} is unknown at ${replica.name}, and in its file`)
}

/** Exactly one version is in force. */
async function askRoles(checks: FileChecks, replica: Replica, process: Process): Promise<void> {
  const newest = checks.next(replica, 'roles')
  const allowed: number[] = []
  for (let number = newest; number > 0 && number > newest - 20; number--) {
    const resource = shown(number)
    const asked = attributesOf(userInfo({ username: 'jane' }), { verb: 'get', resource })
    const { verdict } = await process.app.roles.authorize(asked, {})
    if (verdict === 'allow') allowed.push(number)
  }
  if (allowed.length === 0 && checks.beganEmpty(replica, process, 'roles')) return
  checks.decided(replica, process, 'roles', allowed.length === 1 ? (allowed[0] ?? 0) : 0)
}
