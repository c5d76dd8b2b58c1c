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
    // Needed by every adapter and nearly every other entry. What V8 compiles takes most of the time of a start, so nothing else is here.
    {
      name: 'base',
      test: anyOf(
        /packages\/internal\/src\/(?!base64|bytes|go-url|ip-address|pem|printable|rfc3339)/,
        /src\/authenticator\/(?!certificate-id|close-at-expiry|external-signer|groups|revocation-by|status|until-expiry)[^/]+\.ts/,
        /src\/authenticator\/union\//,
        /src\/request\/(?:anonymous|bearer-token)\//,
        /src\/internal\/(?!limit-concurrency|random|report|runtime|secret|shown-text|thrown|verdict-cache)[^/]+\.ts/,
        /src\/internal\/(?:digest\/native|field\/(?:errors|path)|options\/(?!url)[^/]+)\.ts/,
        /src\/revocation\/revocations\.ts/,
      ),
      minShareCount: 1,
    },
    // Needed by many authenticators, by chains and by apps that call other servers.
    {
      name: 'common',
      test: anyOf(
        /packages\/internal\/src\/(?:base64|bytes|pem|rfc3339)/,
        /src\/authenticator\/(?:close-at-expiry|external-signer|groups|revocation-by|until-expiry)/,
        /src\/chain\/(?:[^/]+|explain\/(?:explain|known-request))\.ts/,
        /src\/internal\/(?:random|report|runtime|secret|shown-text|thrown)\.ts/,
        /src\/internal\/(?:field\/(?!go-duration)|http\/(?!cache-control|get-text)|json\/colons|options\/url)/,
        /src\/(?:metrics\/username-label|revocation\/(?!revocations))/,
        /src\/request\/(?:basic|web-socket-protocol)\//,
      ),
    },
    // Needed by every adapter, beside the base.
    {
      name: 'shared',
      test: /src\/(?:adapter\/|audit\/audit-id|authenticator\/status|authorization\/(?!allow-paths|always|configuration|rbac|rules-of|union-authorizer|webhook)|entries\/shared|handler\/(?!attempted)|impersonation\/(?!impersonation-headers)|internal\/(?:api\/(?:body|errors|discovery\/(?:load|paths|resource))|digest\/(?:keyed-digest|sha256))|logging\/|request\/(?:[^/]+\.ts$|headers\/(?!identity-headers|may-be-lost))|review\/(?:answer-of|body-limit|handle-|load|review-|served-review))/,
      minShareCount: 1,
    },
    // How bodies of reviews and of API servers are read.
    { name: 'api', test: /src\/internal\/(?:api\/(?!discovery|yaml-body)|protobuf\/media-type)/ },
    {
      name: 'certificate',
      test: /internal\/src\/printable|src\/(?:authenticator\/certificate-id|request\/headers\/may-be-lost|request\/(?:certificate-headers|client-certificate|request-header|request-header-config)\/)/,
    },
    {
      name: 'jwt',
      test: /internal\/src\/go-url|src\/(?:internal\/cel\/error\.ts|internal\/http\/|internal\/json\/|token\/(?:introspection\/client-authentication|jwt\/(?!index|key-der|pem-)|oidc\/|service-account\/key-source|signer\/key-id))/,
    },
    { name: 'service-account', test: /src\/token\/(?:service-account|signer)\// },
    {
      name: 'webhook',
      test: /src\/(?:authorization\/webhook\/|internal\/(?:limit-concurrency|verdict-cache|webhook-call\/)|token\/(?:cache|keystone|webhook)\/|request\/x-auth-token\/)/,
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
  server: [
    // Needed at the start of the command.
    { name: 'output', test: /src\/cli\/(?:failure|terminal\/(?:output|printable))\.ts$/ },
    // Needed by `serve` and by several small commands.
    { name: 'files', test: /src\/cli\/(?:process-lock|store-url\/[^/]+|terminal\/new-file)\.ts$/ },
  ],
}

/**
 * Chunks that are the file of an entry too (`hosted-entries.mjs`). For `base` that is the file that names in `imports` of package.json stand for on Node.
 */
export const hostsOf = {
  core: { base: 'internal/base', shared: 'entries/shared' },
}

/**
 * Where a package finds what it imports of the core, if that is not the entry that its source names: one file that has more, since finding a file costs
 * more than reading it.
 */
export function coreEntryFor(folder, id) {
  if (folder === 'node' && /^@kube-authn\/core(?:\/|$)/.test(id) && !id.endsWith('/protobuf'))
    return '@kube-authn/core/internal'
  if (ADAPTERS.has(folder) && id === '@kube-authn/core/adapter') return '@kube-authn/core/internal/shared'
  return id
}

const ADAPTERS = new Set(['express', 'fastify', 'fetch', 'hono', 'koa', 'nest', 'passport', 'testing'])
