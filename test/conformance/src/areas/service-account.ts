import { AuthenticationError, type Context, type TokenAuthenticator } from '@kube-authn/core'
import { metrics } from '@kube-authn/metrics'
import {
  isServiceAccountToken,
  LAST_USED_LABEL,
  LEGACY_ISSUER,
  legacyServiceAccountToken,
  type Secret,
  type ServiceAccountObjects,
  serviceAccountObjects,
  serviceAccountToken,
  serviceAccountUser,
  serviceAccountUsername,
  splitServiceAccountUsername,
} from '@kube-authn/core/service-account'
import { boundTokenClaims, legacyTokenClaims } from '@kube-authn/issuer/internal'
import { fixedClock } from '@kube-authn/testing'
import { outcomeOf, vectorUserOf } from '../behaviour.ts'
import { type Given, NotApplicable, NotUnderstood, type UnitRunner } from '../vector.ts'
import { keyNamed, resultOf, tokenOf, type VectorToken } from './signed-token.ts'
import { only, reading, USER } from '../reading.ts'

const INFO =
  'name namespace uid podName podUID nodeName nodeUID credentialID validatingWebhookConfigurationName validatingWebhookConfigurationUID mutatingWebhookConfigurationName mutatingWebhookConfigurationUID attestationAdmissionReviewAPIGroups'

/** Areas C-sa-legacy and C-sa-bound: authentication by signed tokens. */
export const signedTokens: UnitRunner = reading(
  {
    given: [
      'now authenticator issuers publicKeys apiAudiences requestAudiences lookup token tamper',
      { objects: 'kind namespace name uid deletionTimestamp data labels secrets' },
    ],
    expect: [
      'outcome message messageContains errorKind anyErrorKind audiences storeReads warnings auditAnnotations metrics lastUsedPatched lastUsedValue',
      { user: USER },
    ],
  },
  async ({ given, expect }) => {
    const token = await tokenOf(given['token'] as string | VectorToken, given['tamper'])
    const store = storeOf(given, token)
    const seen = { annotations: new Map<string, string>(), warnings: [] as string[] }
    const counted = metrics()
    const context: Context = {
      observer: counted.observer,
      annotate: (key, value) => void seen.annotations.set(key, value),
      warn: (text) => void seen.warnings.push(text),
      ...(given['requestAudiences'] !== undefined && { audiences: textsOf(given['requestAudiences']) }),
    }
    const tokens = await authenticatorOf(given, store)
    const outcome = await outcomeOf(() => tokens.authenticateToken(token, context))
    return {
      ...resultOf(outcome, expect, KINDS),
      storeReads: store.reads,
      warnings: seen.warnings,
      auditAnnotations: Object.fromEntries(seen.annotations),
      metrics: countsOf(counted.render(), expect['metrics']),
      lastUsedPatched: store.patched !== undefined,
      lastUsedValue: store.patched ?? store.lastUsed,
    }
  },
)

/** Area C-sa-userinfo: names and attributes of service accounts. */
export const userInfos: UnitRunner = reading(
  {
    given: [
      'splitUsername',
      {
        info: INFO,
        matchesUsername: 'namespace name username',
        isServiceAccountToken: ['', { secret: 'type annotations', serviceAccount: 'name uid' }],
      },
    ],
    expect: ['outcome messageContains result namespace name', { user: USER }],
  },
  ({ given }) => Promise.resolve(userInfoOf(given)),
)

/** Area C-sa-claims: the claims of a token. */
export const claims: UnitRunner = reading(
  {
    given: [
      'now legacy secretName issuer expirationSeconds audiences warnAfterSeconds',
      { serviceAccount: 'namespace name uid', pod: 'name uid', secret: 'name uid', node: 'name uid' },
    ],
    expect: 'claims',
  },
  async ({ given }) => {
    const serviceAccount = given['serviceAccount'] as VectorReference & { readonly namespace: string }
    only(given, 'issuer', LEGACY_ISSUER)
    if (given['legacy'] === true) {
      return { claims: legacyTokenClaims(serviceAccount, String(given['secretName'])) }
    }
    const optional = ['pod', 'secret', 'node'].flatMap((name) =>
      given[name] === undefined ? [] : [[name, given[name] as VectorReference] as const],
    )
    const made = boundTokenClaims({
      serviceAccount,
      ...Object.fromEntries(optional),
      audiences: textsOf(given['audiences']),
      expirationSeconds: Number(given['expirationSeconds']),
      ...(given['warnAfterSeconds'] !== undefined && { warnAfterSeconds: Number(given['warnAfterSeconds']) }),
      nowMs: Number(given['now']) * 1000,
    })
    return { claims: made }
  },
)

interface VectorReference {
  readonly name: string
  readonly uid: string
}

async function authenticatorOf(given: Given, objects: Store): Promise<TokenAuthenticator> {
  if (textsOf(given['apiAudiences']).length === 0) {
    throw new NotApplicable('audiences that are empty are refused when an authenticator is made')
  }
  const common = {
    issuers: textsOf(given['issuers']),
    keys: await Promise.all(textsOf(given['publicKeys']).map(keyNamed)),
    audiences: textsOf(given['apiAudiences']),
    clock: fixedClock(Number(given['now']) * 1000),
  }
  return given['authenticator'] === 'serviceaccount-legacy'
    ? legacyServiceAccountToken({ ...common, objects: given['lookup'] !== false && objects })
    : serviceAccountToken({ ...common, objects })
}

interface VectorObject {
  readonly kind: string
  readonly namespace?: string
  readonly name: string
  readonly uid?: string
  readonly deletionTimestamp?: number
  readonly data?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  readonly secrets?: readonly string[]
}

interface Store extends ServiceAccountObjects {
  readonly reads: readonly string[]
  readonly patched: string | undefined
  readonly lastUsed: string | undefined
  labelSecret(namespace: string, name: string, label: string, value: string): void
}

/** The objects of a case; records reads and writes. */
function storeOf(given: Given, token: string): Store {
  const all = (given['objects'] ?? []) as readonly VectorObject[]
  const ofKind = (kind: string) =>
    all.filter((object) => object.kind === kind).map((object) => objectOf(object, token))
  const objects = serviceAccountObjects({
    serviceAccounts: ofKind('ServiceAccount'),
    secrets: ofKind('Secret'),
    pods: ofKind('Pod'),
    nodes: ofKind('Node'),
  })
  const reads: string[] = []
  const labels = new Map<string, string>()
  return {
    reads,
    get patched() {
      return labels.get(LAST_USED_LABEL)
    },
    lastUsed: all.find(({ kind }) => kind === 'Secret')?.labels?.[LAST_USED_LABEL],
    labelSecret: (_namespace, _name, label, value) => void labels.set(label, value),
    getServiceAccount(namespace, name) {
      reads.push(`ServiceAccount ${namespace}/${name}`)
      return objects.getServiceAccount(namespace, name)
    },
    getSecret(namespace, name) {
      reads.push(`Secret ${namespace}/${name}`)
      return objects.getSecret(namespace, name)
    },
    getPod(namespace, name) {
      reads.push(`Pod ${namespace}/${name}`)
      return objects.getPod(namespace, name)
    },
    getNode(name) {
      reads.push(`Node ${name}`)
      return objects.getNode(name)
    },
  }
}

type StoredObject = Secret & { readonly uid: string; readonly secrets?: readonly string[] }

function objectOf(object: VectorObject, token: string): StoredObject {
  const { namespace = '', name, uid = '', deletionTimestamp, data = {}, labels, secrets } = object
  return {
    namespace,
    name,
    uid,
    data: Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, value === '@this-token' ? token : value]),
    ),
    ...(labels && { labels }),
    ...(secrets && { secrets }),
    ...(deletionTimestamp !== undefined && { deletionTimestampMs: deletionTimestamp * 1000 }),
  }
}

/** The names of errors in vectors, by message. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/no keys found/, 'no_keys'],
  [/^invalid signature$/, 'bad_signature'],
  [/has been (invalidated|marked invalid)/, 'invalidated'],
  [/server's copy/, 'token_mismatch'],
  [/has been deleted/, 'sa_deleted'],
  [/^serviceaccounts .* not found/, 'sa_not_found'],
  [/UID .* does not match/, 'uid_mismatch'],
  [/claim is missing/, 'claim_missing'],
  [/sub claim is invalid/, 'sub_mismatch'],
  [/has expired/, 'expired'],
  [/not valid yet/, 'not_yet_valid'],
  [/issued in the future/, 'issued_in_future'],
  [/is invalid for the target audiences/, 'wrong_audience'],
]

/** Of the metrics that a case names. */
function countsOf(rendered: string, wanted: unknown): Record<string, number> {
  const counts = new Map(
    [...rendered.matchAll(/^(\w+) (\d+)$/gm)].map(([, name = '', count]) => [name, Number(count)]),
  )
  return Object.fromEntries(Object.keys(wanted ?? {}).map((name) => [name, counts.get(name) ?? 0]))
}

function userInfoOf(given: Given): Record<string, unknown> {
  const { info, splitUsername, matchesUsername, isServiceAccountToken: pair } = given
  if (info !== undefined) return { user: infoOf(info as VectorInfo) }
  if (typeof splitUsername === 'string') {
    try {
      const result = splitServiceAccountUsername(splitUsername)
      return { outcome: 'valid', ...result, result }
    } catch (error) {
      if (!(error instanceof AuthenticationError)) throw error
      return { outcome: 'error', messageContains: error.message }
    }
  }
  if (matchesUsername !== undefined) {
    const { namespace, name, username } = matchesUsername as Record<'namespace' | 'name' | 'username', string>
    return { result: serviceAccountUsername(namespace, name) === username }
  }
  if (pair === undefined) throw new NotUnderstood('a case without a question')
  const { secret, serviceAccount } = pair as {
    readonly secret: Omit<Secret, 'namespace' | 'name' | 'data'>
    readonly serviceAccount: VectorReference
  }
  const names = { namespace: 'ns', name: 'secret', data: {} }
  return { result: isServiceAccountToken({ ...names, ...secret }, { namespace: 'ns', ...serviceAccount }) }
}

type VectorInfo = Readonly<Record<string, string>> & {
  readonly attestationAdmissionReviewAPIGroups?: readonly string[]
}

function infoOf(info: VectorInfo): unknown {
  const reference = (kind: string) => ({ name: info[`${kind}Name`] ?? '', uid: info[`${kind}UID`] ?? '' })
  const user = serviceAccountUser({
    namespace: info['namespace'] ?? '',
    name: info['name'] ?? '',
    uid: info['uid'] ?? '',
    pod: reference('pod'),
    node: reference('node'),
    validatingWebhookConfiguration: reference('validatingWebhookConfiguration'),
    mutatingWebhookConfiguration: reference('mutatingWebhookConfiguration'),
    credentialId: info['credentialID'] ?? '',
    admissionReviewApiGroups: info.attestationAdmissionReviewAPIGroups ?? [],
  })
  return vectorUserOf(user)
}

function textsOf(value: unknown): readonly string[] {
  return (value ?? []) as readonly string[]
}
