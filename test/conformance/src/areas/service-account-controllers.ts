import { generateKeyPairSync } from 'node:crypto'
import { readJwt } from '@kube-authn/core/oidc'
import { LEGACY_ISSUER, type Secret, type ServiceAccount } from '@kube-authn/core/service-account'
import { type SigningKey, signingKeyFromPem } from '@kube-authn/issuer'
import { generateName } from '@kube-authn/server/internal'
import { fixedClock } from '@kube-authn/testing'
import { NotUnderstood, type UnitRunner } from '../vector.ts'
import { encoded, storedObjects } from './controllers-over-store.ts'
import { reading } from '../reading.ts'

/** Area C-tokens-controller: the lifecycle of token secrets. What an event says was deleted is there at first, unless another one has its name. */
export const tokensControllers: UnitRunner = reading(
  {
    given: [
      'event release rootCA generateName',
      { objects: 'kind namespace name uid type annotations labels data secrets' },
    ],
    expect: 'writes deleted secret created serviceAccountSecretsAppended serviceAccountSecrets name length',
  },
  async ({ given, expect }) => {
    if (typeof given['generateName'] === 'string') return generatedName(given['generateName'])
    const objects = (given['objects'] ?? []) as readonly VectorObject[]
    const world = storedObjects()
    await world.put('namespaces', { kind: 'Namespace', metadata: { name: 'default' } })
    for (const object of objects) await putVectorObject(world, object)
    const before = await world.secrets()
    const [kind = '', path = '', uid = ''] = ((given['event'] ?? '') as string).split(' ')
    const [namespace = '', name = ''] = path.split('/')
    const isThere = objects.some((each) => each.kind === kind && each.name === name)
    if (kind !== '' && !isThere) {
      const account = objects.find(isOfKind('ServiceAccount'))?.name ?? ''
      const annotations = { 'kubernetes.io/service-account.name': account }
      const type = 'kubernetes.io/service-account-token'
      const rest = kind === 'Secret' ? { annotations, type } : { uid }
      await putVectorObject(world, { kind, namespace, name, ...rest })
    }
    const { writes } = await world.run(
      {
        controllers: ['serviceaccount-token'],
        signingKey: await signingKey(),
        rootCA: (given['rootCA'] ?? '') as string,
        createSecrets: isBefore124(given['release']),
      },
      async () => {
        if (kind !== '' && !isThere) {
          await world.remove(kind === 'Secret' ? 'secrets' : 'serviceaccounts', namespace, name)
        }
      },
    )
    const result = resultOf(expect, before, await world.secrets(), await world.serviceAccounts(), writes)
    return { ...result }
  },
)

/** In the terms of `expect`. */
function resultOf(
  expect: Readonly<Record<string, unknown>>,
  before: readonly Secret[],
  after: readonly Secret[],
  accounts: readonly ServiceAccount[],
  writes: number,
): Readonly<Record<string, unknown>> {
  const created = after.find(({ uid }) => !before.some((secret) => secret.uid === uid))
  return {
    writes,
    deleted: before
      .filter(({ uid }) => !after.some((secret) => secret.uid === uid))
      .map(({ namespace, name }) => `${namespace}/${name}`),
    secret: shown(after[0], expect['secret']),
    created: created === undefined ? null : shown(created, expect['created']),
    serviceAccountSecretsAppended:
      created !== undefined && accounts.some(({ secrets }) => secrets?.at(-1) === created.name),
    serviceAccountSecrets: accounts[0]?.secrets ?? [],
  }
}

function putVectorObject(world: ReturnType<typeof storedObjects>, object: VectorObject): Promise<void> {
  const { kind, namespace, name, type, annotations = {}, labels = {} } = object
  const { uid = kind === 'Secret' ? `uid-of-${name}` : '' } = object
  const secrets = object.secrets?.map((secret) => (typeof secret === 'string' ? { name: secret } : secret))
  return world.put(kind === 'Secret' ? 'secrets' : 'serviceaccounts', {
    kind,
    metadata: { namespace, name, uid, annotations, labels },
    ...(type !== undefined && { type }),
    ...(object.data !== undefined && { data: encoded(object.data) }),
    ...(secrets !== undefined && { secrets }),
  })
}

/** Area C-legacy-cleaner: the cleanup of unused tokens. */
export const legacyCleaners: UnitRunner = reading(
  {
    given: [
      'today cleanUpPeriodDays trackedSince referencedByServiceAccount mountedByPod',
      { secret: 'type annotations labels created deletionTimestamp' },
    ],
    expect: 'deleted action labelSet',
  },
  async ({ given }) => {
    const {
      labels = {},
      created,
      deletionTimestamp,
      ...others
    } = given['secret'] as Partial<Pick<Secret, 'type' | 'annotations' | 'labels'>> & {
      readonly created: string
      readonly deletionTimestamp?: string
    }
    const secret: Secret = {
      namespace: 'default',
      name: 's',
      uid: 'the-uid',
      type: 'kubernetes.io/service-account-token',
      annotations: { 'kubernetes.io/service-account.name': 'default' },
      data: { token: 'T' },
      ...others,
      labels,
      creationTimestampMs: Date.parse(created),
      ...(deletionTimestamp !== undefined && { deletionTimestampMs: Date.parse(deletionTimestamp) }),
    }
    const world = storedObjects()
    const { namespace, name, uid, type, annotations, data } = secret
    const timeOf = (timeMs = 0): string => new Date(timeMs).toISOString()
    const isReferenced = given['referencedByServiceAccount'] === true
    await world.put('serviceaccounts', {
      kind: 'ServiceAccount',
      metadata: { namespace, name: 'default', uid: 'u1' },
      secrets: isReferenced ? [{ name: 's' }] : [],
    })
    await world.put('secrets', {
      kind: 'Secret',
      metadata: {
        namespace,
        name,
        uid,
        annotations,
        labels,
        creationTimestamp: timeOf(secret.creationTimestampMs),
        ...(secret.deletionTimestampMs !== undefined && {
          deletionTimestamp: timeOf(secret.deletionTimestampMs),
        }),
      },
      type,
      data: encoded(data),
    })
    if (typeof given['trackedSince'] === 'string') {
      await world.put('configmaps', {
        kind: 'ConfigMap',
        metadata: {
          namespace: 'kube-system',
          name: 'kube-apiserver-legacy-service-account-token-tracking',
        },
        data: { since: given['trackedSince'] },
      })
    }
    if (given['mountedByPod'] === true) {
      const spec = { volumes: [{ secret: { secretName: 's' } }] }
      await world.put('pods', { kind: 'Pod', metadata: { namespace, name: 'p' }, spec })
    }
    const { writes } = await world.run({
      controllers: ['legacy-service-account-token-cleaner'],
      clock: fixedClock(Date.parse(`${String(given['today'])}T12:00:00Z`)),
      cleanUpPeriodSeconds: Number(given['cleanUpPeriodDays']) * 86_400,
    })
    const [left] = await world.secrets()
    return { ...cleaned(left, labels, writes > 0) }
  },
)

function cleaned(
  left: Secret | undefined,
  labels: Readonly<Record<string, string>>,
  isChanged: boolean,
): Readonly<Record<string, unknown>> {
  return {
    deleted: left === undefined,
    ...(isChanged ? {} : { action: 'none' }),
    labelSet: Object.fromEntries(
      Object.entries(left?.labels ?? {}).filter(([label, value]) => labels[label] !== value),
    ),
  }
}

interface VectorObject {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly uid?: string
  readonly type?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly data?: Readonly<Record<string, string>>
  readonly secrets?: readonly (string | { readonly name: string })[]
}

const isOfKind =
  (kind: string) =>
  (object: VectorObject): boolean =>
    object.kind === kind

function isBefore124(release: unknown): boolean {
  if (release === undefined) return false
  const [, minor] = typeof release === 'string' ? (/^v?1\.(\d+)$/.exec(release) ?? []) : []
  if (minor === undefined) throw new NotUnderstood(`given.release ${JSON.stringify(release)}`)
  return Number(minor) < 24
}

/** In the terms of `expect`. */
function shown(secret: Secret | undefined, expected: unknown): unknown {
  if (secret === undefined || expected === undefined || expected === null) return secret
  const wanted = expected as Readonly<Record<string, unknown>> & {
    readonly namePattern?: string
    readonly data?: Readonly<Record<string, string>>
  }
  const { namePattern, data } = wanted
  const isLegacyToken = readJwt(secret.data['token'] ?? '')?.issuer === LEGACY_ISSUER
  const all: Readonly<Record<string, unknown>> = {
    ...secret,
    namePattern: new RegExp(namePattern ?? '').test(secret.name) ? namePattern : secret.name,
    data: {
      ...secret.data,
      ...(isLegacyToken && data?.['token'] === '<legacy jwt>' && { token: '<legacy jwt>' }),
    },
  }
  return Object.fromEntries(Object.keys(wanted).map((key) => [key, all[key]]))
}

function generatedName(base: string): Readonly<Record<string, unknown>> {
  const name = generateName(base)
  const isMade = name.startsWith(base.slice(0, 58)) && /[bcdfghjklmnpqrstvwxz2456789]{5}$/.test(name)
  return {
    name: isMade ? 'first 58 characters of the base + 5 random characters' : name,
    length: name.length,
  }
}

function signingKey(): Promise<SigningKey> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return signingKeyFromPem(privateKey.export({ type: 'sec1', format: 'pem' }).toString())
}
