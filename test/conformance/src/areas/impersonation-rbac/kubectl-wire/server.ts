import { authenticatorChain, type UserInfo } from '@kube-authn/core'
import {
  authenticateRequest,
  authorizeRequest,
  impersonateRequest,
  responseOf,
} from '@kube-authn/core/adapter'
import { handleReviews } from '@kube-authn/api'
import { allow, type Attributes, type Authorizer, deny, noOpinion } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { kubernetesApi } from '@kube-authn/server'
import { memoryObjectStore } from '@kube-authn/store'
import { SIGNING_REQUEST } from './signing-request.ts'
import { requestOf, type VectorHeader } from '../request.ts'

/** What the server of a case answers, if that is not a success. */
export interface CaseAnswer {
  /** Of the HTTP response, or of a review. */
  readonly status?: number | { readonly allowed?: boolean; readonly reason?: string }
}

/** A request of kubectl. */
export interface SentRequest {
  readonly method: string
  readonly path: string
  readonly headers: readonly VectorHeader[]
  readonly body?: Uint8Array<ArrayBuffer>
}

/** An answer, and the user that it was made for, if there was one. */
export interface Served {
  readonly response: Response
  readonly user?: UserInfo | undefined
}

const CALLER = 'u'
const SETUP = 'setup'

const EXISTING: readonly (readonly [path: string, value: object])[] = [
  ['/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'jenkins' } }],
  [
    '/apis/certificates.k8s.io/v1/certificatesigningrequests',
    {
      metadata: { name: 'csr1' },
      spec: {
        request: Buffer.from(SIGNING_REQUEST).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['client auth'],
      },
    },
  ],
]

/** Options of {@link kubectlServer}. */
export interface KubectlServerOptions {
  readonly answer: CaseAnswer
  /** There are neither the service account `jenkins` nor the request `csr1` for a certificate. */
  readonly isEmpty: boolean
  /** Every user may ask who they are, so that only the impersonation for it can be refused. */
  readonly isAboutOneself: boolean
}

/** The Kubernetes API with reviews, authentication, impersonation and authorization. */
export async function kubectlServer({
  answer,
  isEmpty,
  isAboutOneself,
}: KubectlServerOptions): Promise<(sent: SentRequest) => Promise<Served>> {
  const api = await kubernetesApi({ store: memoryObjectStore() })
  const policy = policyOf(answer, isAboutOneself)
  const known = answer.status === 401 ? '' : `token,${CALLER},1\n`
  const authenticate = authenticateRequest(
    authenticatorChain({ tokens: [tokenFile(`${known}${SETUP},${SETUP},2\n`)] }),
    { impersonationHeaders: 'later', log: false },
  )
  const impersonate = impersonateRequest(policy, { log: false })
  const authorize = authorizeRequest(policy, { log: false })
  const review = handleReviews(policy)

  const serve = async (sent: SentRequest): Promise<Served> => {
    const { request } = requestOf({ ...sent, headers: sent.headers })
    const authenticated = await authenticate(request)
    if ('failure' in authenticated) return { response: responseOf(authenticated.failure) }
    const acting = await impersonate(request, authenticated.authentication.user)
    if ('failure' in acting) return { response: responseOf(acting.failure) }
    const { user } = acting
    const reviewed = await review(request, () => Promise.resolve(sent.body ?? new Uint8Array()), { user })
    if (reviewed !== undefined) return { response: responseOf(reviewed), user }
    const authorized = await authorize(request, user)
    if ('failure' in authorized) return { response: responseOf(authorized.failure), user }
    const { method, body } = sent
    const headers = sent.headers.map(([name, value]): [string, string] => [name, value])
    const received = new Request(`https://server.example.com${sent.path}`, {
      method,
      headers,
      ...(body !== undefined && { body }),
    })
    return { response: await api(received, user && { user }), user }
  }
  for (const [path, value] of isEmpty ? [] : EXISTING) {
    await serve({
      method: 'POST',
      path,
      headers: [
        ['Authorization', `Bearer ${SETUP}`],
        ['Content-Type', 'application/json'],
      ],
      body: new TextEncoder().encode(JSON.stringify(value)),
    })
  }
  return serve
}

/** Everything is allowed but what the case refuses: the last request, or what it asks about. */
function policyOf({ status }: CaseAnswer, isAboutOneself: boolean): Authorizer {
  return {
    name: 'case',
    authorize(attributes) {
      if (attributes.user.username === SETUP || isAround(attributes, isAboutOneself)) return allow()
      if (status === 403) return noOpinion()
      if (typeof status === 'object' && status.allowed === false) return deny(status.reason)
      return allow()
    },
  }
}

/** Discovery, impersonation, and the creation of reviews about access. */
function isAround({ verb, resource, path }: Attributes, isAboutOneself: boolean): boolean {
  return (
    (verb === 'impersonate' && !isAboutOneself) ||
    (verb === 'get' && resource === '' && /^\/apis?(?:\/|$)/.test(path)) ||
    (verb === 'create' && /^selfsubject(?:access|rules)reviews$/.test(resource))
  )
}
