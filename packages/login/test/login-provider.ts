import { createHash, randomUUID } from 'node:crypto'
import { createIssuer, type FixedClock, type Issuer } from '@kube-authn/testing'

/** What a token endpoint received. */
export interface TokenRequest {
  readonly form: URLSearchParams
  readonly authorization: string | null
}

/** A provider that people log in at, in this process. */
export interface LoginProvider {
  readonly issuer: Issuer
  /** Only reaches this provider. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  readonly tokenRequests: readonly TokenRequest[]
  readonly pushedRequests: readonly URLSearchParams[]
  /** What a person does at the URL to which the app sent the browser. Returns the URL of the callback. */
  logIn(url: string, subject: string): string
  /** The response to the next request for tokens, or to the next pushed one. */
  answerNext(answer: (usual: () => Promise<Response>) => Response | Promise<Response>): void
  /** Claims of all further id tokens, besides those of the protocol. */
  claims: Readonly<Record<string, unknown>>
  expirationSeconds: number
  /** Ends the sessions at the provider. */
  endSessions(): void
}

interface Code {
  readonly parameters: URLSearchParams
  readonly subject: string
}

export interface LoginProviderOptions {
  readonly url?: string
  readonly clock: FixedClock
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** A provider with a login, on the issuer of the test kit. */
export async function loginProvider({
  url = 'https://issuer.example.com',
  clock,
  metadata = {},
}: LoginProviderOptions): Promise<LoginProvider> {
  const issuer = await createIssuer({
    url,
    clock,
    signingAlgorithms: ['ES256'],
    metadata: {
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      end_session_endpoint: `${url}/logout`,
      authorization_response_iss_parameter_supported: true,
      ...metadata,
    },
  })
  const codes = new Map<string, Code>()
  const refreshTokens = new Map<string, Code>()
  const pushed = new Map<string, URLSearchParams>()
  const tokenRequests: TokenRequest[] = []
  const pushedRequests: URLSearchParams[] = []
  const next: ((usual: () => Promise<Response>) => Response | Promise<Response>)[] = []

  const tokens = async (code: Code, nonce: string | null): Promise<Response> => {
    const refreshToken = `refresh-${randomUUID()}`
    refreshTokens.set(refreshToken, code)
    const claims = {
      sub: code.subject,
      aud: code.parameters.get('client_id'),
      sid: `sid-${code.subject}`,
      ...(nonce !== null && { nonce }),
      ...provider.claims,
    }
    return Response.json({
      access_token: `access-${randomUUID()}`,
      token_type: 'Bearer',
      expires_in: provider.expirationSeconds,
      id_token: await issuer.sign(claims, { expirationSeconds: provider.expirationSeconds }),
      refresh_token: refreshToken,
    })
  }
  const refusal = (error: string): Response => Response.json({ error }, { status: 400 })

  const answerToken = async (form: URLSearchParams): Promise<Response> => {
    if (form.get('grant_type') === 'refresh_token') {
      const token = form.get('refresh_token') ?? ''
      const code = refreshTokens.get(token)
      refreshTokens.delete(token)
      return code === undefined ? refusal('invalid_grant') : tokens(code, null)
    }
    const code = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    if (code === undefined) return refusal('invalid_grant')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const isRight =
      challenge === code.parameters.get('code_challenge') &&
      form.get('redirect_uri') === code.parameters.get('redirect_uri')
    return isRight ? tokens(code, code.parameters.get('nonce')) : refusal('invalid_grant')
  }

  const provider: LoginProvider = {
    issuer,
    tokenRequests,
    pushedRequests,
    claims: {},
    expirationSeconds: 600,
    async fetch(target, init) {
      // Outages are those of the issuer.
      const { pathname } = new URL(target)
      const isOwn = /\/(?:token|par)$/.test(pathname)
      const answer = await issuer.fetch(isOwn ? issuer.jwksUri : target, {
        ...init,
        ...(isOwn && { method: 'GET', body: null }),
      })
      if (!isOwn || !answer.ok) return answer
      const form = new URLSearchParams(typeof init.body === 'string' ? init.body : '')
      if (pathname.endsWith('/par')) {
        const refused = next.shift()
        if (refused !== undefined) return refused(() => Promise.reject(new Error('no tokens here')))
        pushedRequests.push(form)
        const requestUri = `urn:ietf:params:oauth:request_uri:${randomUUID()}`
        pushed.set(requestUri, form)
        return Response.json({ request_uri: requestUri, expires_in: 60 }, { status: 201 })
      }
      tokenRequests.push({ form, authorization: new Headers(init.headers).get('authorization') })
      const usual = (): Promise<Response> => answerToken(form)
      return next.shift()?.(usual) ?? usual()
    },
    logIn(target, subject) {
      const { searchParams } = new URL(target)
      const parameters = pushed.get(searchParams.get('request_uri') ?? '') ?? searchParams
      const code = `code-${randomUUID()}`
      codes.set(code, { parameters, subject })
      const callback = new URL(parameters.get('redirect_uri') ?? '')
      for (const [name, value] of Object.entries({
        code,
        state: parameters.get('state') ?? '',
        iss: issuer.url,
      })) {
        callback.searchParams.set(name, value)
      }
      return callback.href
    },
    answerNext: (answer) => void next.push(answer),
    endSessions: () => refreshTokens.clear(),
  }
  return provider
}
