import { generateKeyPairSync } from 'node:crypto'
import { readJwt, LEGACY_ISSUER, type ServiceAccount } from '@kube-authn/core/internal'
import { type SigningKey, signingKeyFromPem, type Secret } from '@kube-authn/core/service-account'
import {
  generateName,
  legacyTokenCleaner,
  serviceAccountStore,
  type ServiceAccountStore,
  tokensController,
} from '@kube-authn/server'
import { fixedClock } from '@kube-authn/testing'
import type { UnitRunner } from '../vector.ts'

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

  const after = store.listSecrets()
  const accounts = accountsIn(store, objects)
  const created = after.find(({ uid }) => !before.some((secret) => secret.uid === uid))
  return {
    note,
    writes: written.secrets + written.accounts,
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
  return {
    note: expect['note'],
    deleted: left === undefined,
    ...(left?.resourceVersion === version ? { action: 'none' } : {}),
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
