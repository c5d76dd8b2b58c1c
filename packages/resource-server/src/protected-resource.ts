import {
  aBoolean,
  aNonEmptyString,
  checkOptions,
  type OptionsShape,
  required,
} from '@kube-authn/core/adapter'
import type { Dpop } from '@kube-authn/core/dpop'
import { aDpop, aScope, nonEmptyListOf, must } from '@kube-authn/core/internal'

/** Options of {@link protectedResource}. */
export interface ProtectedResourceOptions {
  /** The identifier of this resource: its URL, `https`, or `http` on the local host. Tokens are issued for it (`aud`). */
  readonly resource: string
  /** The issuers of its tokens: where a client gets one. */
  readonly authorizationServers: readonly string[]
  /** The scopes that clients may ask for. Default: not told. */
  readonly scopes?: readonly string[]
  /** The option `dpop` of the chain, if it has one: clients are told the algorithms of proofs, and whether they are required. Default: not told. */
  readonly dpop?: Dpop
  /** Whether clients may have tokens that are bound to their TLS certificate (RFC 8705). Default: not told. */
  readonly certificateBoundTokens?: boolean
  /** The name of the resource for people. Default: not told. */
  readonly name?: string
  /** A page for developers of clients. Default: not told. */
  readonly documentationUrl?: string
}

const aResourceUrl = must(
  'must be an https URL without a fragment, or an http URL of the local host',
  (value) => {
    if (typeof value !== 'string' || !URL.canParse(value) || !/^[!#-[\]-~]+$/.test(value)) return false
    const { protocol, hostname, username, password } = new URL(value)
    const isLocal = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
    const isSound = username === '' && password === '' && !value.includes('#')
    return isSound && (protocol === 'https:' || (protocol === 'http:' && isLocal))
  },
)

const shape: OptionsShape<ProtectedResourceOptions> = {
  resource: required(aResourceUrl),
  authorizationServers: required(nonEmptyListOf(aResourceUrl)),
  scopes: nonEmptyListOf(aScope, '; leave it out for none'),
  dpop: aDpop,
  certificateBoundTokens: aBoolean,
  name: aNonEmptyString,
  documentationUrl: aResourceUrl,
}

/** The metadata of a protected resource (RFC 9728 section 2), in JSON. */
export interface ProtectedResourceMetadata {
  readonly resource: string
  readonly authorization_servers: readonly string[]
  readonly bearer_methods_supported: readonly ['header']
  readonly scopes_supported?: readonly string[]
  readonly dpop_signing_alg_values_supported?: readonly string[]
  readonly dpop_bound_access_tokens_required?: boolean
  readonly tls_client_certificate_bound_access_tokens?: boolean
  readonly resource_name?: string
  readonly resource_documentation?: string
}

/** The used part of a request and of a response of Node, Express and similar frameworks. */
interface NodeMessage {
  readonly method?: string | undefined
}

interface NodeAnswer {
  statusCode: number
  setHeader(name: string, value: string | string[]): unknown
  end(content?: string): unknown
}

/** The metadata of a resource, and how to serve it. */
export interface ProtectedResource {
  readonly metadata: ProtectedResourceMetadata
  /** Where it is served: for the option `resourceMetadataUrl` of `authentication` and `requireScopes`. */
  readonly metadataUrl: string
  /** The path of this URL, for a route. */
  readonly path: string
  /** The response to a request for {@link path}: a handler for Hono, Workers and others with the Fetch API. */
  readonly fetch: (request: Pick<Request, 'method'>) => Response
  /** The same for Express and others that call `(req, res)`. */
  readonly handler: (req: NodeMessage, res: NodeAnswer) => void
}

/**
 * The OAuth metadata of this server as a protected resource: which authorization servers issue its tokens, and which scopes there are. Clients find it by
 * the challenge of a 401, as those of MCP (Model Context Protocol) do. It is public: serve it before `authentication`, and to scripts of all origins.
 *
 * Source: RFC 9728.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const resource = protectedResource({ resource: 'https://api.example.com/mcp', authorizationServers: ['https://issuer.example.com'] })
 * app.all(resource.path, resource.handler) // GET /.well-known/oauth-protected-resource/mcp
 * app.use(authentication(authenticator, { resourceMetadataUrl: resource.metadataUrl }))
 */
export function protectedResource(options: ProtectedResourceOptions): ProtectedResource {
  checkOptions(shape, options)
  const { resource, authorizationServers, scopes, dpop, certificateBoundTokens, name, documentationUrl } =
    options
  const metadata: ProtectedResourceMetadata = {
    resource,
    authorization_servers: [...authorizationServers],
    bearer_methods_supported: ['header'],
    ...(scopes !== undefined && { scopes_supported: [...scopes] }),
    ...(dpop !== undefined && {
      dpop_signing_alg_values_supported: [...dpop.signingAlgorithms],
      dpop_bound_access_tokens_required: dpop.required,
    }),
    ...(certificateBoundTokens !== undefined && {
      tls_client_certificate_bound_access_tokens: certificateBoundTokens,
    }),
    ...(name !== undefined && { resource_name: name }),
    ...(documentationUrl !== undefined && { resource_documentation: documentationUrl }),
  }
  const { origin, pathname, search } = new URL(resource)
  const path = `${WELL_KNOWN}${pathname === '/' ? '' : pathname}`
  const content = JSON.stringify(metadata)
  const answer = (method = 'GET'): MetadataAnswer => answerTo(method, content)
  return {
    metadata,
    metadataUrl: `${origin}${path}${search}`,
    path,
    fetch: ({ method }) => {
      const { status, headers, content: body } = answer(method)
      return new Response(body === '' ? null : body, { status, headers })
    },
    handler: ({ method }, res) => {
      const { status, headers, content: body } = answer(method)
      res.statusCode = status
      for (const [header, value] of Object.entries(headers)) res.setHeader(header, value)
      res.end(body)
    },
  }
}

/** Source: RFC 9728 section 3.1: the path is inserted between the host and the path of the resource. */
const WELL_KNOWN = '/.well-known/oauth-protected-resource'

/** For scripts of other origins. Source: the Fetch standard, CORS protocol. */
const ALLOWED = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD',
  // Clients of MCP send the version of their protocol.
  'access-control-allow-headers': 'mcp-protocol-version',
}

interface MetadataAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly content: string
}

function answerTo(method: string, content: string): MetadataAnswer {
  if (method === 'OPTIONS') return { status: 204, headers: ALLOWED, content: '' }
  if (method !== 'GET' && method !== 'HEAD') {
    return { status: 405, headers: { ...ALLOWED, allow: 'GET, HEAD, OPTIONS' }, content: '' }
  }
  const headers = { ...ALLOWED, 'content-type': 'application/json', 'cache-control': 'public, max-age=3600' }
  return { status: 200, headers, content: method === 'HEAD' ? '' : content }
}
