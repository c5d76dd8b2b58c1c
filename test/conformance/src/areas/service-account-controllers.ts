import { generateKeyPairSync } from 'node:crypto'
import { readJwt } from '@kube-authn/core/oidc'
import {
  LEGACY_ISSUER,
  type Secret,
  type ServiceAccount,
  type SigningKey,
  signingKeyFromPem,
} from '@kube-authn/core/service-account'
import {
  legacyTokenCleaner,
  serviceAccountStore,
  type ServiceAccountStore,
  tokensController,
} from '@kube-authn/server'
import { generateName } from '@kube-authn/server/internal'
import { fixedClock } from '@kube-authn/testing'
import type { UnitRunner } from '../vector.ts'
import { encoded, requireSame, storedObjects } from './controllers-over-store.ts'

/** Area C-tokens-controller: the lifecycle of token secrets. */
export const tokensControllers: UnitRunner = async ({ given, expect }) => {
  if (typeof given['generateName'] === 'string') return generatedName(given['generateName'])
  const { note } = expect
  const objects = (given['objects'] ?? []) as readonly VectorObject[]
  const store = serviceAccountStore({
    serviceAccounts: objects.filter(isOfKind('ServiceAccount')).map(accountOf),
    secrets: objects.filter(isOfKind('Secret')).map(secretOf),
  })
  const before = store.listSecrets()
  const accountsBefore = accountsIn(store, objects)
  const written = { secrets: 0, accounts: 0 }
  const unwatch = store.watch({
    checkServiceAccount: () => void written.accounts++,
    checkSecret: () => void written.secrets++,
  })
  Object.assign(written, { secrets: 0, accounts: 0 })

  const controller = tokensController({
    store,
    signingKey: await signingKey(),
    rootCA: (given['rootCA'] ?? '') as string,
    createSecrets: isBefore124(given['release']),
  })
  if (typeof given['event'] === 'string') await tell(given['event'], controller, objects)
  else {
    await Promise.all(accountsBefore.map((account) => controller.checkServiceAccount(account)))
    await Promise.all(before.map((secret) => controller.checkSecret(secret)))
  }
  controller.stop()
  unwatch()

  const writes = written.secrets + written.accounts
  const result = resultOf(expect, before, store.listSecrets(), accountsIn(store, objects), writes)
  const overStore = await tokensOverStore(given, expect, objects)
  // After an event, everything else was looked at, too.
  const { deleted, serviceAccountSecrets } = expect
  const common = 'event' in given ? present({ deleted, serviceAccountSecrets }) : expect
  requireSame(common, { ...result, note }, { ...overStore, note })
  return { ...result, note }
}

function present(members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

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

/** The same with `runControllers`. What an event says was deleted is there at first, unless another one has its name. */
async function tokensOverStore(
  given: Readonly<Record<string, unknown>>,
  expect: Readonly<Record<string, unknown>>,
  objects: readonly VectorObject[],
): Promise<Readonly<Record<string, unknown>>> {
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
  return resultOf(expect, before, await world.secrets(), await world.serviceAccounts(), writes)
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
export const legacyCleaners: UnitRunner = async ({ given, expect }) => {
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
  const store = serviceAccountStore({
    serviceAccounts: [
      {
        namespace: 'default',
        name: 'default',
        uid: 'u1',
        secrets: given['referencedByServiceAccount'] === true ? ['s'] : [],
      },
    ],
    secrets: [secret],
  })
  const version = store.getSecret('default', 's')?.resourceVersion
  await legacyTokenCleaner({
    store,
    clock: fixedClock(Date.parse(`${String(given['today'])}T12:00:00Z`)),
    cleanUpPeriodSeconds: Number(given['cleanUpPeriodDays']) * 86_400,
    trackedSince: () => (given['trackedSince'] ?? undefined) as string | undefined,
    mountedSecrets: () => (given['mountedByPod'] === true ? ['s'] : []),
  }).clean()
  const left = store.getSecret('default', 's')
  const result = cleaned(left, labels, left?.resourceVersion !== version)
  requireSame(expect, { ...result, note: '' }, { ...(await cleanedOverStore(given, secret)), note: '' })
  return { ...result, note: expect['note'] }
}

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

/** The same with `runControllers`. */
async function cleanedOverStore(
  given: Readonly<Record<string, unknown>>,
  secret: Secret,
): Promise<Readonly<Record<string, unknown>>> {
  const world = storedObjects()
  const { namespace, name, uid, type, annotations, labels = {}, data } = secret
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
  return cleaned(left, labels, writes > 0)
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

function accountOf({ namespace, name, uid = '', secrets }: VectorObject): ServiceAccount {
  const names = secrets?.map((secret) => (typeof secret === 'string' ? secret : secret.name))
  return { namespace, name, uid, ...(names && { secrets: names }) }
}

function secretOf(object: VectorObject): Secret {
  const { namespace, name, uid = `uid-of-${name}`, type, annotations, labels, data = {} } = object
  return {
    namespace,
    name,
    uid,
    data,
    ...(type !== undefined && { type }),
    ...(annotations && { annotations }),
    ...(labels && { labels }),
  }
}

function accountsIn(store: ServiceAccountStore, objects: readonly VectorObject[]): readonly ServiceAccount[] {
  return objects
    .filter(isOfKind('ServiceAccount'))
    .map(({ namespace, name }) => store.getServiceAccount(namespace, name))
    .filter((account) => account !== undefined)
}

/** As in `ServiceAccount default/default u1 deleted` and `Secret default/s deleted`. */
async function tell(
  event: string,
  controller: ReturnType<typeof tokensController>,
  objects: readonly VectorObject[],
): Promise<void> {
  const [kind = '', path = '', ...rest] = event.split(' ')
  const [namespace = '', name = ''] = path.split('/')
  if (kind === 'ServiceAccount') {
    await controller.checkServiceAccount({ namespace, name, uid: rest.at(0) ?? '' })
    return
  }
  const account = objects.find(isOfKind('ServiceAccount'))?.name ?? ''
  const annotations = { 'kubernetes.io/service-account.name': account }
  const type = 'kubernetes.io/service-account-token'
  await controller.checkSecret({ namespace, name, uid: `uid-of-${name}`, type, annotations, data: {} })
}

function isBefore124(release: unknown): boolean {
  return typeof release === 'string' && Number(release.split('.')[1]) < 24
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
