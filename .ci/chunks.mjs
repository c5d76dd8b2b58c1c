/** Matches what one of these matches. */
const anyOf = (...patterns) => new RegExp(patterns.map(({ source }) => source).join('|'))

/**
 * Which modules of a package share a file of the bundle, besides those that only one entry needs. By default every set of modules needed by the same
 * entries would be a separate file, and a start would read too many files; with a single file it would read unused code.
 *
 * In order from the lowest layer: a chunk includes the imports of its modules, unless an earlier chunk has them.
 *
 * Modules that lazily load another package (bcryptjs, jose's signing) are separate from those that are used without it: bundlers of apps resolve
 * every package that a file mentions, also in unused code.
 */
export const chunksOf = {
  core: [
    // Needed by every adapter, and a part of it by nearly every other entry. What V8 compiles takes half of the time of a start, so nothing else is here.
    {
      name: 'shared',
      test: anyOf(
        /packages\/internal\/src\/(?!base64|bytes|go-url|ip-address|kubernetes-names|pem|printable|rfc3339)/,
        /src\/(?:adapter\/|audit\/audit-id|entries\/shared|logging\/|revocation\/revocations\.ts)/,
        /src\/authenticator\/(?!certificate-id|close-at-expiry|external-signer|groups|revocation-by|service-account-name|until-expiry)[^/]+\.ts/,
        /src\/authenticator\/union\//,
        /src\/authorization\/(?!allow-paths|always|index|privileged-groups|request-attributes|rules-of|union-authorizer)[^/]+\.ts/,
        /src\/authorization\/request-info\/request-target\.ts/,
        /src\/handler\/(?!attempted)/,
        /src\/impersonation\/(?:impersonate-request|load|read-headers)/,
        /src\/internal\/(?!limit-concurrency|query|random|report|runtime|secret|shared-work|shown-text|thrown|verdict-cache)[^/]+\.ts/,
        /src\/internal\/(?:api\/(?:body|errors|discovery\/(?:load|paths|resource))|digest\/(?:keyed-digest|native)|options\/(?!url)[^/]+)\.ts/,
        /src\/request\/(?:[^/]+\.ts$|anonymous\/|bearer-token\/|headers\/(?!identity-headers|may-be-lost))/,
        /src\/review\/(?:answer-of|body-limit|handle-|load|review-|served-review)/,
      ),
      minShareCount: 1,
    },
    // How a Kubernetes-style path is read, for the first request that is authorized by it; and what else no adapter needs, but nearly everything else.
    {
      name: 'attributes',
      test: anyOf(
        /packages\/internal\/src\/kubernetes-names/,
        /src\/(?:authenticator\/service-account-name|internal\/(?:field\/(?:errors|path)|query|shared-work))\.ts/,
        /src\/authorization\/(?:request-attributes|request-info\/|selectors\/)/,
      ),
      minShareCount: 1,
    },
    // Needed by many authenticators, by chains and by apps that call other servers.
    {
      name: 'common',
      test: anyOf(
        /packages\/internal\/src\/(?:base64|bytes|pem|rfc3339)/,
        /src\/authenticator\/(?:external-signer|groups|revocation-by|until-expiry)/,
        /src\/chain\/(?:[^/]+|explain\/(?:explain|known-request))\.ts/,
        /src\/internal\/(?:digest\/sha256|random|report|runtime|secret|shown-text|thrown)\.ts/,
        /src\/internal\/(?:field\/(?!go-duration)|http\/(?!cache-control|get-text)|json\/colons|options\/url)/,
        /src\/(?:entries\/common|metrics\/username-label|revocation\/(?!revocations|revocation-list))/,
        /src\/(?:request\/(?:basic|web-socket-protocol)|token\/jwt\/signature)\/(?!portable)/,
      ),
      minShareCount: 1,
    },
    // How bodies of reviews and of API servers are read.
    { name: 'api', test: /src\/internal\/(?:api\/(?!discovery|yaml-body)|protobuf\/media-type)/ },
    {
      name: 'certificate',
      test: /internal\/src\/printable|src\/(?:authenticator\/certificate-id|request\/headers\/may-be-lost|request\/(?:client-certificate|request-header|request-header-config\/(?!merge))\/?)/,
    },
    // Certificates in headers of a proxy.
    { name: 'certificate-headers', test: /src\/request\/(?:certificate-headers|request-header-config)\// },
    // Tokens of issuers and of service accounts.
    {
      name: 'jwt',
      test: anyOf(
        /internal\/src\/go-url/,
        /src\/(?:internal\/cel\/error\.ts|internal\/http\/|internal\/json\/)/,
        /src\/token\/(?:introspection\/client-authentication|jwt\/(?!index|key-der|pem-)|oidc\/)/,
        /src\/token\/(?:service-account\/(?!bound-object|discovery|sign|token-)|signer\/(?:fetched-keys|key-id))/,
      ),
    },
    // How tokens of service accounts are issued.
    { name: 'token-issuer', test: /src\/token\/(?:service-account|signer)\// },
    {
      name: 'webhook',
      test: /src\/(?:authorization\/webhook\/|internal\/(?:limit-concurrency|verdict-cache|webhook-call\/)|token\/(?:cache|keystone(?!\/token-review)|webhook)\/|request\/x-auth-token\/)/,
    },
    {
      name: 'yaml',
      test: /src\/(?:authorization\/(?:rbac\/|allow-paths|union-authorizer)|impersonation\/impersonation-headers|internal\/yaml\/)/,
    },
    { name: 'csv', test: /src\/(?:internal\/(?:csv\/|table\/(?!name-table))|token\/file\/)/ },
    {
      name: 'configuration',
      test: /internal\/src\/ip-address|src\/(?:audit\/|handler\/attempted|internal\/field\/go-duration|authorization\/configuration\/|token\/(?:bootstrap|configuration)\/|token\/jwt\/(?:key-der|pem-))/,
    },
    { name: 'password', test: /src\/password\// },
  ],
  node: [
    // What several entries need, and what is loaded late. Few apps need an entry besides the main one, so one file for all of it, but for command lines.
    { name: 'parts', test: /src\/(?!flags\/)/ },
    { name: 'flags', test: /src\/flags\/(?!\w+-from-flags|read-late)/, minShareCount: 1 },
  ],
  x509: [
    // What reads certificates. The rest is needed by the public entry alone, or for the first chain that is verified.
    {
      name: 'internal',
      test: /\/src\/(?!index\.|certificate-request\.|verify\/(?!ecdsa-signature|load|verify-certificate-chain))/,
      minShareCount: 1,
    },
  ],
  server: [
    // Needed at the start of the command.
    { name: 'output', test: /src\/cli\/(?:failure|terminal\/terminal)\.ts$/ },
    // Needed by `serve` and by several small commands.
    { name: 'files', test: /src\/cli\/(?:process-lock|store-url\/[^/]+|terminal\/new-file)\.ts$/ },
  ],
}

/** Chunks that are the file of an entry too (`hosted-entries.mjs`). */
export const hostsOf = {
  core: {
    shared: 'entries/shared',
    attributes: 'authorization/request-attributes',
    common: 'entries/common',
  },
  x509: { internal: 'internal' },
}

/**
 * Where a package finds what it imports of another one, if that is not the entry that its source names: one file that has more, since finding a file costs
 * more than reading it; or, of certificates, one that has less.
 */
export function entryFor(folder, id) {
  if (PARTS.has(folder) && id === '@kube-authn/x509') return '@kube-authn/x509/internal'
  if (folder === 'node' && /^@kube-authn\/core(?:\/|$)/.test(id) && !id.endsWith('/protobuf'))
    return '@kube-authn/core/internal/node'
  if (ADAPTERS.has(folder) && id === '@kube-authn/core/adapter') return '@kube-authn/core/internal/shared'
  return id
}

const PARTS = new Set(['core', 'node'])

const ADAPTERS = new Set(['express', 'fastify', 'fetch', 'hono', 'koa', 'nest', 'passport', 'testing'])
