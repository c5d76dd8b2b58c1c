import { type Authenticator, ConfigurationError, type HeaderChanges, userInfo } from '@kube-authn/core'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { failedAuthenticationMessage } from '@kube-authn/core/internal'
import { metrics } from '@kube-authn/metrics'
import { type Behaviour, scripted, vectorUserOf } from '../behaviour.ts'
import { headersAfter, requestOf } from '../requests.ts'
import {
  DEVIATES_AS_DOCUMENTED,
  type Given,
  type HeaderPair,
  NotApplicable,
  type UnitRunner,
} from '../vector.ts'
import { BEHAVIOUR, USER, reading } from '../reading.ts'

interface RequestHeaderConfig {
  readonly username_headers: readonly string[]
  readonly uid_headers: readonly string[]
  readonly group_headers: readonly string[]
  readonly extra_prefixes: readonly string[]
}

const LABELS = [
  'admin',
  'client',
  'kube_proxy',
  'kubelet',
  'system:serviceaccount:kube-system:default',
  'email_id',
  'other',
]

/** Area B: the handler, its metrics and its audit message. */
export const handler: Readonly<Record<string, UnitRunner>> = {
  handler: reading(
    {
      given: [
        'api_audiences headers accept http_major http2_mitigation',
        {
          authenticator: BEHAVIOUR,
          request_header_config: 'username_headers uid_headers group_headers extra_prefixes',
        },
      ],
      expect: [
        'next_called status reason message text content_type json www_authenticate metric_result close_connection_after_response headers_after audiences',
        { user: USER },
      ],
    },
    async ({ given }) => {
      if (given.profile !== 'today' && given.profile !== 'both') {
        throw new NotApplicable('the handler of an older release')
      }
      if (given['authenticator'] === null) return withoutAuthenticator()
      const run = await handle(given)
      if ('failure' in run.outcome) {
        const { failure, closesConnection } = run.outcome
        return {
          next_called: false,
          status: failure.status,
          content_type: failure.headers['content-type'],
          json: failure.body,
          reason: failure.body.reason,
          message: failure.body.message,
          text: failure.content,
          www_authenticate: failure.headers['www-authenticate'] ?? null,
          metric_result: run.result,
          close_connection_after_response: closesConnection,
          headers_after: run.headers,
        }
      }
      const { authentication, headerChanges, closesConnection } = run.outcome
      return {
        next_called: true,
        status: null,
        user: vectorUserOf(authentication.user),
        audiences: authentication.audiences ?? [],
        metric_result: run.result,
        close_connection_after_response: closesConnection,
        headers_after: headersAfter(run.headers, headerChanges),
      }
    },
  ),

  'handler.metrics': reading(
    {
      given: ['api_audiences headers', { authenticator: BEHAVIOUR }],
      expect: ['authenticated_user_requests', { authentication_attempts: 'success failure error' }],
    },
    async ({ given }) => {
      const { counted } = await handle(given)
      const nonZero = (names: readonly string[], count: (name: string) => number): Record<string, number> =>
        Object.fromEntries(names.map((name) => [name, count(name)] as const).filter(([, value]) => value > 0))
      return {
        authentication_attempts: nonZero(['success', 'failure', 'error'], (name) =>
          counted.attempts(name as 'success' | 'failure' | 'error'),
        ),
        authenticated_user_requests: nonZero(LABELS, counted.userRequests),
      }
    },
  ),

  'metrics.username-label': reading({ given: 'username', expect: 'label' }, ({ given }) =>
    Promise.resolve({ label: countedUsername(String(given['username'])) }),
  ),

  'audit.failed-message': reading(
    { given: 'headers query peer_certificates', expect: 'message code' },
    ({ given }) => {
      const certificates = Array.from(
        { length: Number(given['peer_certificates']) },
        () => new Uint8Array([0x30]),
      )
      const request = requestOf({
        url: `/?${String(given['query'])}`,
        headers: given['headers'] as readonly HeaderPair[],
        peerCertificates: certificates,
      })
      return Promise.resolve({ message: failedAuthenticationMessage(request), code: 401 })
    },
  ),
}

async function handle(given: Given): Promise<{
  readonly outcome: Awaited<ReturnType<ReturnType<typeof authenticateRequest>>>
  readonly headers: readonly HeaderPair[]
  readonly result: string | undefined
  readonly counted: ReturnType<typeof metrics>
}> {
  const headers = (given['headers'] ?? []) as readonly HeaderPair[]
  const accept = given['accept'] as string | undefined
  const audiences = (given['api_audiences'] ?? []) as readonly string[]
  const counted = metrics()
  const authenticate = authenticateRequest(authenticatorOf(given), {
    challenges: 'none',
    closeUnauthenticatedHttp2: given['http2_mitigation'] !== false,
    observer: counted.observer,
    log: false,
    ...(audiences.length > 0 && { audiences }),
  })
  const httpMajor = given['http_major'] as number | undefined
  const request = requestOf({
    headers: accept === undefined ? headers : [...headers, ['Accept', accept]],
    ...(httpMajor !== undefined && { httpMajor }),
  })
  const outcome = await authenticate(request)
  const result = (['success', 'failure', 'error'] as const).find((each) => counted.attempts(each) === 1)
  return { outcome, headers, result, counted }
}

/** The label under which a request of this user is counted. */
function countedUsername(username: string): string {
  const { observer, render } = metrics()
  const request = requestOf({ url: '/' })
  const user = userInfo({ username })
  observer({
    type: 'request',
    request,
    user,
    result: 'success',
    durationSeconds: 0,
    warnings: [],
    annotations: {},
  })
  return /^authenticated_user_requests\{username="([^"]*)"\} 1$/m.exec(render())?.[1] ?? ''
}

function authenticatorOf(given: Given): Authenticator {
  const { authenticate } = scripted(given['authenticator'] as Behaviour)
  const config = given['request_header_config'] as RequestHeaderConfig | null | undefined
  if (config === undefined || config === null) return { name: 'scripted', authenticate }
  const lower = (names: readonly string[]): readonly string[] => names.map((name) => name.toLowerCase())
  const changes: HeaderChanges = {
    remove: lower([...config.username_headers, ...config.uid_headers, ...config.group_headers]),
    removePrefixes: lower(config.extra_prefixes),
  }
  return { name: 'scripted', credentials: { schemes: [], identityHeaders: [() => changes] }, authenticate }
}

/** Deviation L.1: where Kubernetes accepts every request, creating a handler fails. */
function withoutAuthenticator(): Readonly<Record<string, unknown>> {
  try {
    authenticateRequest(null as never)
  } catch (error) {
    if (error instanceof ConfigurationError) return DEVIATES_AS_DOCUMENTED
    throw error
  }
  return { outcome: 'a handler without an authenticator' }
}
