import { generateKeyPairSync } from 'node:crypto'
import { isStatusError } from '@kube-authn/core/internal'
import { serviceAccountObjects } from '@kube-authn/core/service-account'
import { signingKeyFromPem, tokenIssuer } from '@kube-authn/issuer'
import { type Difference, differencesOf, isObject } from '../difference.ts'
import { type Explanation, type LiveArea, liveArea } from '../live-area.ts'
import type { RecordedObjects } from './service-accounts.ts'
import { tokenText } from './token-text.ts'

interface Header {
  readonly header: { readonly objects: readonly RecordedObjects[] }
}

interface IssuedToken {
  readonly status: number
  /** Claims except times and the identifier. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Seconds from issue to expiry. */
  readonly life?: number
}

interface RecordedTokenRequest {
  readonly id: string
  readonly request?: { readonly namespace: string; readonly name: string; readonly body: unknown }
  readonly issuer: string
  readonly apiAudiences: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  /** The existing objects. */
  readonly objects: number
  readonly real: IssuedToken & { readonly message?: string }
}

const REQUESTS = 'tokens/records/service-accounts.ndjson'

const explanations: readonly Explanation<RecordedTokenRequest>[] = [
  {
    row: 'forms of token requests',
    explains: ({ at, there, here }, { request }) =>
      at === 'status' &&
      (MALFORMED.test(String(there))
        ? /^(?:422 .*spec\.expirationSeconds|422 .*metadata\.|404 pods "" |201 $)/s.test(String(here))
        : there === '201 ' && String(here).startsWith('400 ') && THREE_PARTS.test(JSON.stringify(request))),
  },
]

const THREE_PARTS = /"boundObjectRef":\{[^}]*"apiVersion":"[^"/]*\/[^"/]*\/[^"]*"/
const MALFORMED =
  /^400 (?:Name parameter required|the namespace of the provided object does not match|Token\w+ in version "v1" cannot be handled)/

/** Requests for service account tokens, and the issued tokens. */
export const tokenRequests: LiveArea = liveArea<RecordedTokenRequest>({
  name: 'live-token-requests',
  files: [REQUESTS],
  explanations,
  async *compare(recordings) {
    const [first, ...cases] = recordings.lines(REQUESTS) as readonly [Header, ...RecordedTokenRequest[]]
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const key = await signingKeyFromPem(privateKey.export({ type: 'pkcs1', format: 'pem' }).toString())
    for (const asked of cases) {
      const { id, request, issuer, apiAudiences: audiences, options, real } = asked
      if (request === undefined) continue
      const objects = serviceAccountObjects(first.header.objects[asked.objects])
      const { issue } = tokenIssuer({ issuer, signingKey: key, audiences, objects, ...options })
      const ours = await issued(() => issue(request, request.body))
      yield { id, asked, differences: issueDifferences(real, ours) }
    }
  },
})

/** Not recorded, since they always differ. */
const TIMES = new Set(['exp', 'iat', 'nbf', 'jti'])

async function issued(
  issue: () => Promise<{ readonly status: { readonly token: string } }>,
): Promise<IssuedToken & { readonly message?: string }> {
  try {
    const { token } = (await issue()).status
    const claims = Object.fromEntries(
      Object.entries(tokenText(token).claims).filter(([name]) => !TIMES.has(name)),
    )
    const { exp, iat } = tokenText(token).claims
    if (isObject(claims['kubernetes.io'])) {
      const { warnafter: _warnafter, ...bound } = claims['kubernetes.io']
      claims['kubernetes.io'] = bound
    }
    return { status: 201, claims, life: Number(exp) - Number(iat) }
  } catch (error) {
    if (!isStatusError(error)) throw error
    return { status: error.status, message: error.message }
  }
}

/** Messages of refusals are not compared. */
function issueDifferences(
  there: IssuedToken & { readonly message?: string },
  here: IssuedToken & { readonly message?: string },
): readonly Difference[] {
  if (there.status !== here.status) {
    const shown = ({ status, message = '' }: typeof there): string => `${status} ${message}`
    return [{ at: 'status', there: shown(there), here: shown(here) }]
  }
  return [
    ...differencesOf(there.claims, here.claims, 'claims'),
    ...differencesOf(there.life, here.life, 'life'),
  ]
}
