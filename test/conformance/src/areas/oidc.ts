import {
  audienceAgnostic,
  type Authentication,
  authenticatorChain,
  ConfigurationError,
  type Context,
  type TokenAuthenticator,
  unavailable,
  union,
} from '@kube-authn/core'
import {
  authenticationConfiguration,
  jwtAuthenticators,
  type JwtAuthenticators,
  parseAuthenticationConfiguration,
} from '@kube-authn/core/configuration'
import {
  isJwsAlgorithm,
  localKeySet,
  oidc,
  type OidcFlagOptions,
  oidcFlagOptions,
  type OidcFlags,
  type OidcOptions,
} from '@kube-authn/core/oidc'
import { metrics } from '@kube-authn/metrics'
import { fakeRequest, fixedClock } from '@kube-authn/testing'
import { outcomeOf, userOf } from '../behaviour.ts'
import { type CaseFields, type Fields, reading, USER } from '../reading.ts'
import { type Given, NotApplicable, type UnitRunner, type VectorUser } from '../vector.ts'
import { type IssuerWorld, issuerWorld } from './issuer-world.ts'
import { resultOf, tokenOf, type VectorToken } from './signed-token.ts'

type Clock = ReturnType<typeof fixedClock>

const FLAG_NAMES: Readonly<Record<string, keyof OidcFlags>> = {
  'oidc-issuer-url': 'issuerUrl',
  'oidc-client-id': 'clientId',
  'oidc-username-claim': 'usernameClaim',
  'oidc-username-prefix': 'usernamePrefix',
  'oidc-groups-claim': 'groupsClaim',
  'oidc-groups-prefix': 'groupsPrefix',
  'oidc-required-claim': 'requiredClaims',
  'oidc-signing-algs': 'signingAlgorithms',
  'oidc-ca-file': 'caFile',
}

/** What an issuer publishes; the authenticators are read by the product. */
const WORLD = 'now authenticators supportedAlgs issuerState jwks jwksStatus jwksBody jwksCacheControl'
const HTTP: Fields = ['', { '*': 'networkError expectRequestHeaders status json body bodyJwt' }]
const RESULT = 'outcome message messageContains errorKind anyErrorKind audiences httpStatus httpRequests'
const AUTHENTICATED: CaseFields = {
  given: [
    `${WORLD} token tamper keySetOption requestHeader apiAudiences requestAudiences`,
    { http: HTTP, laterTokenAuthenticators: ['type', { result: ['outcome message', { user: USER }] }] },
  ],
  expect: [RESULT, { user: USER }],
}

/** Areas A-oidc*, B-cel and B-reload. */
export const oidcRunners: Readonly<Record<string, UnitRunner>> = {
  'A-oidc': reading(AUTHENTICATED, authenticated),
  'A-oidc-chain': reading(AUTHENTICATED, authenticated),
  'A-oidc-distributed': reading(AUTHENTICATED, authenticated),
  'B-cel': reading(AUTHENTICATED, authenticated),
  'A-oidc-discovery': reading(
    {
      given: [
        `${WORLD} token tamper keySetOption`,
        { http: HTTP, sequence: 'token jwks jwksStatus issuerState at' },
      ],
      expect: [
        `${RESULT} outcomes jwksFetches healthContains state requests retryEverySeconds`,
        { user: USER },
      ],
    },
    discovered,
  ),
  'A-oidc-flags': reading(
    {
      given: ['', { flags: `${Object.keys(FLAG_NAMES).join(' ')} authentication-config` }],
      expect: 'outcome message messageContains supportedAlgs jwt',
    },
    ({ given }) => Promise.resolve(flagged(given)),
  ),
  'B-reload': reading(
    { given: ['initial', { steps: 'write issuerHealth' }], expect: 'active metrics retriedWithSameBytes' },
    ({ given }) => reloaded(given),
  ),
}

/** An authenticator of an `AuthenticationConfiguration`, without what vectors do not have. */
interface Jwt extends Pick<OidcOptions, 'claimMappings' | 'claimValidationRules' | 'userValidationRules'> {
  readonly issuer: {
    readonly url: string
    readonly audiences: readonly string[]
    readonly discoveryURL?: string
  }
}

type Case = Parameters<UnitRunner>[0]
type Result = Awaited<ReturnType<UnitRunner>>

async function authenticated({ given, expect }: Case): Promise<Result> {
  const configError = configurationErrorOf(given)
  if (configError !== undefined) return { outcome: 'config_error', message: configError }
  const clock = fixedClock(Number(given['now'] ?? 1_257_894_000) * 1000)
  const { world, tokens } = started(given, clock)
  await clock.advanceAsync(0)
  const outcome = await outcomeOf(() => asked(given, tokens))
  const result = resultOf(outcome, expect, KINDS)
  return {
    ...result,
    httpStatus: result['message'] === undefined ? 200 : 401,
    httpRequests: world.otherRequests(),
  }
}

interface LaterResult {
  readonly outcome: string
  readonly user?: VectorUser
  readonly message?: string
}

async function asked(given: Given, jwt: TokenAuthenticator): Promise<Authentication | undefined> {
  const later = (given['laterTokenAuthenticators'] ?? []) as readonly { readonly result: LaterResult }[]
  const tokens = union<TokenAuthenticator>(
    jwt,
    ...later.map(({ result }) => ({
      name: 'later',
      authenticateToken: () => laterAnswer(result),
    })),
  )
  const header = given['requestHeader'] as Readonly<Record<string, string>> | undefined
  if (header !== undefined) {
    const request = fakeRequest({ headers: Object.entries(header) })
    return authenticatorChain({ tokens: [tokens] }).authenticate(request, {})
  }
  const audiences = given['apiAudiences'] as readonly string[] | undefined
  const all = audiences === undefined ? tokens : audienceAgnostic(audiences, tokens)
  const requested = given['requestAudiences'] as readonly string[] | undefined
  const context: Context = requested === undefined ? {} : { audiences: requested }
  return all.authenticateToken(await tokenOf(given['token'] as VectorToken, given['tamper']), context)
}

function laterAnswer({ outcome, user, message }: LaterResult): Authentication | undefined {
  if (outcome === 'error') throw unavailable(message ?? 'error')
  return outcome === 'authenticated' ? { user: userOf(user ?? { name: '' }) } : undefined
}

/** What a file cannot configure: the algorithms of the flags, and preset keys. */
function configurationErrorOf(given: Given): string | undefined {
  const [options] = given['authenticators'] as readonly Jwt[]
  const algorithms = given['supportedAlgs'] as readonly string[] | undefined
  const isExpressive = JSON.stringify(options).includes('xpression')
  if (options === undefined || isExpressive) return undefined
  const messages: string[] = []
  try {
    const { issuer, ...mappings } = options
    oidc({
      ...mappings,
      issuer: issuer.url,
      audience: issuer.audiences,
      ...(issuer.discoveryURL !== undefined && { discoveryURL: issuer.discoveryURL }),
      ...(algorithms && { signingAlgorithms: algorithms }),
      ...(given['keySetOption'] === true && { keySet: localKeySet('{"keys":[]}') }),
      fetch: () => Promise.reject(new TypeError('not now')),
      discoverAtOnce: false,
    }).close()
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    messages.push(...error.problems.map(({ message }) => message))
  }
  return messages.length === 0 ? undefined : messages.join('; ')
}

function started(
  given: Given,
  clock: Clock,
): { readonly world: IssuerWorld; readonly tokens: JwtAuthenticators } {
  const jwt = given['authenticators'] as readonly { readonly issuer: { readonly url: string } }[]
  const world = issuerWorld(
    given,
    jwt.map(({ issuer }) => issuer.url),
  )
  const algorithms = given['supportedAlgs'] as readonly string[] | undefined
  const tokens = jwtAuthenticators(parseAuthenticationConfiguration(fileOf({ jwt })).jwt, {
    fetchFor: () => world.fetch,
    clock,
    ...(algorithms && { signingAlgorithms: algorithms.filter(isJwsAlgorithm) }),
  })
  return { world, tokens }
}

function fileOf(content: object): string {
  const type = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration' }
  return JSON.stringify({ ...type, ...content })
}

/** The names of errors in vectors, by message. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/could not expand distributed claims|source does not exist|source from claim name/, 'distributed_claim'],
  [/fetching keys/, 'jwks_fetch'],
  [/malformed jwt/, 'malformed_token'],
  [/authenticator not initialized/, 'not_initialized'],
  [/unsupported algorithm/, 'unsupported_alg'],
  [/expected audience/, 'wrong_audience'],
  [/token is expired/, 'expired'],
  [/before the nbf/, 'not_yet_valid'],
  [/failed to unmarshal claims/, 'malformed_claims'],
  [/failed to verify id token signature/, 'bad_signature'],
  [/claim not present$/, 'claim_missing'],
  [/email not verified/, 'email_not_verified'],
  [/^oidc: required claim .* not present/, 'required_claim_missing'],
  [/^oidc: required claim .* does not match/, 'required_claim_mismatch'],
  [/^oidc: parse /, 'claim_type'],
  [/empty username/, 'empty_username'],
  [/resulted in error/, 'cel_eval'],
  [/must return a string/, 'cel_type'],
  [/claim validation expression: validation expression/, 'claim_rule_failed'],
  [/user info validation rule: validation expression/, 'user_rule_failed'],
]

interface Step {
  readonly token: VectorToken
  readonly jwks?: readonly string[]
  readonly jwksStatus?: number
  readonly issuerState?: 'ready' | 'unreachable'
  readonly at?: number
}

async function discovered({ given, expect }: Pick<Case, 'given' | 'expect'>): Promise<Result> {
  const configError = configurationErrorOf(given)
  if (configError !== undefined) return { outcome: 'config_error', message: configError }
  const sequence = given['sequence'] as readonly Step[] | undefined
  const clock = fixedClock(1_257_894_000_000)
  const { world, tokens } = started(given, clock)
  await clock.advanceAsync(0)
  if (sequence !== undefined) {
    const outcomes: unknown[] = []
    for (const { token, jwks, jwksStatus, issuerState, at } of sequence) {
      if (at !== undefined) await clock.advanceAsync(at * 1000 - clock.now())
      if (jwks !== undefined) world.publish(jwks)
      world.answerWith(issuerState === 'unreachable' ? issuerState : jwksStatus)
      const signed = await tokenOf(token)
      outcomes.push((await outcomeOf(() => tokens.authenticateToken(signed, {})))['outcome'])
    }
    if (isSeenEarlier(given, outcomes, expect['outcomes'])) {
      throw new NotApplicable('new keys are seen at once (docs/deviations.md, keys of issuers)')
    }
    return { outcomes, jwksFetches: world.jwksFetches() }
  }
  if (given['token'] !== undefined) return authenticated({ id: '', area: '', given, expect })
  const requests = [...world.requests]
  const [health] = tokens.health()
  const isReady = health === undefined
  return {
    message: health,
    messageContains: health,
    healthContains: health,
    state: isReady ? 'ready' : 'uninitialized',
    requests,
    retryEverySeconds: isReady ? undefined : await secondsToNext(world, clock),
  }
}

/** An issuer rotated its key before the announced lifetime of its keys ended. */
function isSeenEarlier(given: Given, outcomes: readonly unknown[], expected: unknown): boolean {
  return (
    String(given['jwksCacheControl']).startsWith('max-age=') &&
    Array.isArray(expected) &&
    outcomes.length === expected.length &&
    outcomes.every((outcome) => outcome === 'authenticated') &&
    expected.includes('error')
  )
}

async function secondsToNext(world: IssuerWorld, clock: Clock): Promise<number> {
  const before = world.requests.length
  for (let seconds = 1; seconds <= 60; seconds++) {
    await clock.advanceAsync(1000)
    if (world.requests.length > before) return seconds
  }
  return Infinity
}

function flagged(given: Given): Result {
  const flags = given['flags'] as Readonly<Record<string, unknown>>
  const named = Object.entries(flags).flatMap(([name, value]) => {
    const own = FLAG_NAMES[name]
    return own === undefined ? [] : [[own, value] as const]
  })
  try {
    const options = oidcFlagOptions(
      Object.fromEntries(named),
      flags['authentication-config'] as string | undefined,
    )
    if (options === undefined) return { outcome: 'valid' }
    // Errors that kube-apiserver reports when creating the authenticator.
    oidc({ ...options, fetch: () => Promise.reject(new TypeError('not now')), discoverAtOnce: false }).close()
    return { outcome: 'valid', supportedAlgs: options.signingAlgorithms, jwt: [jwtOf(options)] }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return { outcome: 'invalid', message: error.problems[0]?.message, messageContains: error.message }
  }
}

/** The flags as Kubernetes converts them to an authenticator. */
function jwtOf(options: OidcFlagOptions): object {
  const { issuer, audience, usernameClaim, usernamePrefix, groupsClaim, groupsPrefix } = options
  const rules = Object.entries(options.requiredClaims)
  return {
    issuer: { url: issuer, audiences: [audience] },
    claimMappings: {
      username: { claim: usernameClaim, prefix: usernamePrefix },
      ...(groupsClaim !== undefined && { groups: { claim: groupsClaim, prefix: groupsPrefix } }),
    },
    ...(rules.length > 0 && {
      claimValidationRules: rules.map(([claim, requiredValue]) => ({ claim, requiredValue })),
    }),
  }
}

interface ReloadStep {
  readonly write: object | string
  readonly issuerHealth?: Readonly<Record<string, 'ready' | 'unreachable'>>
}

async function reloaded(given: Given): Promise<Result> {
  const clock = fixedClock(1_257_894_000_000)
  const counted = metrics({ clock })
  const initial = fileOf(given['initial'] as object)
  let reachable: readonly string[] = ['https://auth.example.com']
  const world = (): IssuerWorld => issuerWorld({}, reachable)
  let loads = 0
  const tokens = authenticationConfiguration(initial, {
    clock,
    observer: counted.observer,
    fetchFor: () => {
      loads++
      return (url, init) => world().fetch(url, init)
    },
  })
  let written = initial
  const write = async (text: string): Promise<void> => {
    const update = tokens.update(text)
    await clock.advanceAsync(120_000)
    await update
  }
  for (const { write: content, issuerHealth = {} } of given['steps'] as readonly ReloadStep[]) {
    reachable = Object.entries(issuerHealth).flatMap(([issuer, state]) => (state === 'ready' ? [issuer] : []))
    if (content !== 'identical bytes') written = typeof content === 'string' ? content : fileOf(content)
    await write(written)
  }
  const { configuration } = tokens
  const counts = reloadCounts(counted.render())
  const before = { loads, failures: counts['automatic_reloads_total{status=failure}'] }
  await write(written)
  const after = reloadCounts(counted.render())['automatic_reloads_total{status=failure}']
  return {
    active: {
      ...(configuration.anonymous !== undefined && { anonymous: configuration.anonymous }),
      jwt: configuration.jwt.map(({ issuer, claimMappings }) => plain({ issuer, claimMappings })),
    },
    metrics: counts,
    retriedWithSameBytes: after !== before.failures || loads !== before.loads,
  }
}

function reloadCounts(rendered: string): Record<string, number> {
  const found = rendered.matchAll(
    /^apiserver_authentication_config_controller_(automatic_reloads_total\S+) (\d+)$/gm,
  )
  return Object.fromEntries(
    [...found].map(([, name = '', count]) => [name.replaceAll('"', ''), Number(count)]),
  )
}

/** Omits everything that is empty, as vectors do in a configuration. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).map(([name, each]) => [name, plain(each)] as const)
  return Object.fromEntries(entries.filter(([name, each]) => name === 'prefix' || !isEmpty(each)))
}

function isEmpty(value: unknown): boolean {
  if (value === '' || value === undefined) return true
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
