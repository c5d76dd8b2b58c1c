import type { AuthenticationRequest, Awaitable } from '@kube-authn/core'
import type { HttpAnswer } from '@kube-authn/core/adapter'
import { methodNotAllowed } from '@kube-authn/core/internal'
import { quoted } from '@kube-authn/internal/quote'
import type { StoreCopy } from '@kube-authn/store/internal'
import { type ObjectStore, StoreError, type StoreStatus } from '@kube-authn/store'
import type { KubernetesApiOptions } from './kubernetes-api.ts'

/** Where health is asked for. `livez`: whether the process should be restarted. `readyz`: whether it should get requests. No more will be added. */
export type HealthEndpoint = 'healthz' | 'livez' | 'readyz'

/** A check of `/healthz`, `/livez` and `/readyz`. */
export interface HealthCheck {
  /** Unique, of letters, digits, `-`, `_`, `.` and `/`: `/readyz/NAME` is this check alone. */
  readonly name: string
  /**
   * Throws or rejects while the server is not healthy. Clients do not see why.
   *
   * @param signal aborted when the client no longer waits.
   */
  readonly check: (signal: AbortSignal) => Awaitable<void>
  /** The endpoints that have it. Default: all. */
  readonly endpoints?: readonly HealthEndpoint[]
}

/** Answers a request at a path of health; `undefined` for other paths, without reading the signal. */
export type HealthAnswers = (
  request: AuthenticationRequest,
  asked: { readonly signal: AbortSignal },
) => Promise<HttpAnswer> | undefined

/** A check that failed. */
export type OnUnhealthy = (name: string, error: unknown) => void

const ENDPOINTS: readonly HealthEndpoint[] = ['healthz', 'livez', 'readyz']

type CheckedOptions = Partial<
  Pick<
    KubernetesApiOptions,
    'store' | 'rbac' | 'revocations' | 'serviceAccounts' | 'bootstrapTokens' | 'clockSkewSeconds'
  >
>

/**
 * The checks of every server: it answers, its store does, if it has one, and it is ready only while its copies of objects in the store are not too old.
 *
 * A restart would cure neither of the last two, and a server does not start without its store, so they are no checks of `/livez`.
 *
 * Source: the check `informer-sync` of kube-apiserver, apiserver `pkg/server/healthz/healthz.go`.
 *
 * Deviation: `/livez` of kube-apiserver has etcd (`docs/deviations.md`, health).
 */
export function basicChecks(options: CheckedOptions): readonly HealthCheck[] {
  const { store, rbac, revocations, serviceAccounts, bootstrapTokens, clockSkewSeconds = 10 } = options
  const copies = [rbac, revocations, serviceAccounts, bootstrapTokens].filter((each) => each !== undefined)
  return [
    { name: 'ping', check: () => {} },
    ...(store === undefined ? [] : [storeCheck(store)]),
    ...(copies.length === 0 ? [] : [copiesCheck(copies)]),
    ...(store?.status === undefined ? [] : [clockCheck(() => store.status?.() ?? {}, clockSkewSeconds)]),
  ]
}

function storeCheck(store: ObjectStore): HealthCheck {
  return {
    name: 'store',
    endpoints: ['healthz', 'readyz'],
    check: async () => void (await store.revision()),
  }
}

/** The last check of a server: it is ready until it shuts down. */
export function shutdownCheck(isReady: () => boolean): HealthCheck {
  return {
    name: 'shutdown',
    endpoints: ['readyz'],
    check() {
      if (!isReady()) throw new Error('process is shutting down')
    },
  }
}

/** @param most as far as other replicas forgive: tokens and sessions that one has issued must count at the next. */
function clockCheck(status: () => StoreStatus, most: number): HealthCheck {
  return {
    name: 'clock',
    endpoints: ['readyz'],
    check() {
      const { clockOffsetSeconds: offset = 0 } = status()
      if (Math.abs(offset) <= most) return
      const way = offset > 0 ? 'ahead of' : 'behind'
      throw new Error(
        `the clock of this process is ${Math.abs(offset).toFixed(0)} seconds ${way} that of the store`,
      )
    },
  }
}

function copiesCheck(copies: readonly Pick<StoreCopy, 'health'>[]): HealthCheck {
  return {
    name: 'copies',
    endpoints: ['readyz'],
    check() {
      const [problem] = copies.flatMap((each) => each.health())
      if (problem !== undefined) throw new StoreError('storeUnavailable', problem)
    },
  }
}

/**
 * Answers questions about health at the paths of kube-apiserver. `verbose` in the query asks for the list of checks; `exclude=NAME` leaves a check out.
 *
 * Source: apiserver `pkg/server/healthz/healthz.go`.
 *
 * Deviation: other methods than GET and HEAD are refused, and why a check failed is told nowhere but in the log (`docs/deviations.md`, health).
 */
export function healthAnswers(checks: readonly HealthCheck[], onUnhealthy: OnUnhealthy): HealthAnswers {
  const paths = new Map<
    string,
    (request: AuthenticationRequest, signal: AbortSignal) => Promise<HttpAnswer>
  >()
  const passes = async ({ name, check }: HealthCheck, signal: AbortSignal): Promise<boolean> => {
    try {
      await check(signal)
      return true
    } catch (error) {
      onUnhealthy(name, error)
      return false
    }
  }
  for (const endpoint of ENDPOINTS) {
    const own = checks.filter(({ endpoints = ENDPOINTS }) => endpoints.includes(endpoint))
    paths.set(`/${endpoint}`, ({ query }, signal) =>
      answerAll(endpoint, own, query, (each) => passes(each, signal)),
    )
    for (const each of own) {
      paths.set(`/${endpoint}/${each.name}`, async (_, signal) =>
        (await passes(each, signal))
          ? text(200, 'ok')
          : text(500, 'internal server error: reason withheld\n'),
      )
    }
  }
  return function answerHealth(request, asked) {
    const answer = paths.get(request.path)
    if (answer === undefined) return undefined
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed('GET, HEAD')
    return answer(request, asked.signal)
  }
}

async function answerAll(
  endpoint: HealthEndpoint,
  checks: readonly HealthCheck[],
  query: string,
  passes: (check: HealthCheck) => Promise<boolean>,
): Promise<HttpAnswer> {
  const parameters = new URLSearchParams(query)
  const excluded = new Set(parameters.getAll('exclude'))
  const results = await Promise.all(
    checks.map(async (check) => {
      const isExcluded = excluded.delete(check.name)
      const isHealthy = isExcluded || (await passes(check))
      const result = isHealthy ? (isExcluded ? 'excluded: ok' : 'ok') : 'failed: reason withheld'
      return { isHealthy, line: `[${isHealthy ? '+' : '-'}]${check.name} ${result}\n` }
    }),
  )
  const unknown = [...excluded].toSorted().map(quoted).join(',')
  const warning =
    unknown === '' ? '' : `warn: some health checks cannot be excluded: no matches for ${unknown}\n`
  const lines = `${results.map(({ line }) => line).join('')}${warning}`
  if (!results.every(({ isHealthy }) => isHealthy)) return text(500, `${lines}${endpoint} check failed\n`)
  return text(200, parameters.has('verbose') ? `${lines}${endpoint} check passed\n` : 'ok')
}

function text(status: number, content: string): HttpAnswer {
  return {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-cache, private',
      'x-content-type-options': 'nosniff',
    },
    content,
  }
}
