import { emptyContext } from '@kube-authn/core'
import {
  bootstrapSecrets,
  bootstrapToken,
  isBootstrapGroup,
  type Secret,
  tokenIdOfSecretName,
} from '@kube-authn/core/bootstrap-token'
import { signClusterInfo, verifyClusterInfo } from '@kube-authn/server'
import {
  bootstrapTokenController,
  type Registry,
  secrets as secretResource,
  signedClusterInfo,
} from '@kube-authn/server/internal'
import { fixedClock } from '@kube-authn/testing'
import { outcomeOf } from '../behaviour.ts'
import type { Given, UnitRunner } from '../vector.ts'
import { encoded } from './controllers-over-store.ts'
import { USER, reading } from '../reading.ts'

const SECRET = 'kind namespace name type data deletionTimestamp'

/** Area D-bootstrap-auth: authentication by bootstrap tokens. */
export const bootstrapAuth: UnitRunner = reading(
  {
    given: ['now token repeat storeError', { secrets: SECRET }],
    expect: ['outcome audiences error errorKind messageContains', { user: USER }],
  },
  async ({ given, expect }) => {
    const secrets = ((given['secrets'] ?? []) as readonly VectorSecret[]).map(secretOf)
    const store = bootstrapSecrets(secrets)
    const tokens = bootstrapToken({
      secrets: {
        getSecret(name) {
          if (given['storeError'] !== undefined) throw new Error(JSON.stringify(given['storeError']))
          return store.getSecret(name)
        },
      },
      clock: clockOf(given),
    })
    let outcome: Readonly<Record<string, unknown>> = {}
    for (let time = 0; time < Number(given['repeat'] ?? 1); time++) {
      outcome = await outcomeOf(() => tokens.authenticateToken(String(given['token']), emptyContext))
    }
    // Only what cannot be looked up is an error.
    return withVectorOutcome({
      ...outcome,
      ...(given['storeError'] !== undefined && { errorKind: expect['errorKind'] }),
    })
  },
)

/** Area D-bootstrap-groups: the groups a token can give, and the names of secrets. */
export const bootstrapGroups: UnitRunner = reading(
  { given: 'group parseSecretName', expect: 'valid tokenId' },
  ({ given }) => {
    const name = given['parseSecretName']
    return Promise.resolve(
      typeof name === 'string'
        ? { tokenId: tokenIdOfSecretName(name) ?? null }
        : { valid: isBootstrapGroup(String(given['group'])) },
    )
  },
)

/** Area D-bootstrap-cleaner: deletion of expired token secrets. */
export const bootstrapCleaner: UnitRunner = reading(
  { given: ['now', { secret: SECRET }], expect: 'action precondition afterSeconds' },
  async ({ given }) => {
    const secret = { ...secretOf(given['secret'] as VectorSecret), uid: 'the-uid' }
    const clock = clockOf(given)
    const { namespace, name, uid, type, data } = secret
    const metadata = { namespace, name, uid }
    const object = { apiVersion: 'v1', kind: 'Secret', metadata, type, data: encoded(data) }
    const deleted: (string | undefined)[] = []
    const registry = {
      delete: (_target: unknown, preconditions: { readonly uid?: string }) =>
        Promise.resolve(void deleted.push(preconditions.uid)),
    } as unknown as Registry
    const controller = bootstrapTokenController(registry, clock)
    const key = { resource: secretResource, namespace, name }
    const { againAfterMs } =
      controller.concerns?.(key, object) === true ? await controller.reconcile(key, object) : {}
    if (deleted.length > 0)
      return { action: 'delete', precondition: deleted[0] === secret.uid ? 'uid' : 'none' }
    return againAfterMs === undefined
      ? { action: 'none' }
      : { action: 'requeue', afterSeconds: againAfterMs / 1000 }
  },
)

/** Area D-bootstrap-signer: the signatures of `kube-public/cluster-info`. */
export const bootstrapSigner: UnitRunner = reading(
  {
    given: [
      'now content tokenId tokenSecret detachedJws verify',
      { configMap: 'kind namespace name data', secrets: SECRET },
    ],
    expect: 'detachedJws valid verified keys updated',
  },
  async ({ given, expect }) => {
    if (given['content'] !== undefined) return detachedSignature(given)
    const tokens = (given['secrets'] as readonly VectorSecret[]).map(secretOf)
    const configMap = given['configMap'] as
      | { readonly data: Readonly<Record<string, string>> }
      | null
      | undefined
    const before = configMap && withCorrectSignatures(configMap.data, tokens)
    const after = before && signedClusterInfo(before, tokens, clockOf(given).now())
    const keys = Object.keys(after ?? before ?? {})
    return { keys: inOrderOf(expect['keys'], keys), updated: after !== undefined }
  },
)

function detachedSignature(given: Given): Readonly<Record<string, unknown>> {
  const token = { id: String(given['tokenId']), secret: String(given['tokenSecret']) }
  const content = String(given['content'])
  const presented = given['detachedJws'] ?? given['verify']
  const isValid = typeof presented === 'string' && verifyClusterInfo(content, presented, token)
  return { detachedJws: signClusterInfo(content, token), valid: isValid, verified: isValid }
}

/** `@correct` is the signature of the token of that id, which may have been deleted. */
function withCorrectSignatures(
  data: Readonly<Record<string, string>>,
  secrets: readonly Secret[],
): Readonly<Record<string, string>> {
  const secretOfId = (id: string): string =>
    secrets.find(({ name }) => name.endsWith(id))?.data['token-secret'] ?? 'circumnavigation'
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => {
      const id = key.replace('jws-kubeconfig-', '')
      const signature = (): string =>
        signClusterInfo(data['kubeconfig'] ?? '', { id, secret: secretOfId(id) })
      return [key, value === '@correct' ? signature() : value]
    }),
  )
}

/** The order of keys is ignored. */
function inOrderOf(expected: unknown, keys: readonly string[]): readonly string[] {
  const order = Array.isArray(expected) ? expected : []
  return keys.toSorted((one, other) => order.indexOf(one) - order.indexOf(other))
}

interface VectorSecret {
  readonly namespace: string
  readonly name: string
  readonly type: string
  readonly data: Readonly<Record<string, string>>
  readonly deletionTimestamp?: number
}

function secretOf({ namespace, name, type, data, deletionTimestamp }: VectorSecret): Secret {
  return {
    namespace,
    name,
    type,
    data,
    ...(deletionTimestamp !== undefined && { deletionTimestampMs: deletionTimestamp * 1000 }),
  }
}

function clockOf(given: Given): ReturnType<typeof fixedClock> {
  return fixedClock(Number(given['now']) * 1000)
}

/** These vectors write `no_opinion`. */
function withVectorOutcome(actual: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return {
    ...actual,
    outcome: actual['outcome'] === 'no-opinion' ? 'no_opinion' : actual['outcome'],
    messageContains: actual['error'],
  }
}
