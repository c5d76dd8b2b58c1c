/**
 * Which modules of a package share a file of the bundle, beside those that only one entry needs. Without a word here, every set of modules
 * that the same entries need is a file of its own, and a start reads far too many files; in one file for all, it would read all of them.
 *
 * In order from the lowest layer up: a chunk takes what its modules import along, unless a chunk before it has it.
 *
 * Modules that load another package later (bcryptjs, jose's signing) are apart from those that are used without them: bundlers of apps look
 * for every package that a file mentions, also in code that is not used.
 */
export const chunksOf = {
  core: [
    // What nearly everything needs.
    {
      name: 'base',
      test: /src\/(?:(?!all|index|limit-concurrency|status|verdict-cache)[^/]+|field\/[^/]+|headers\/(?:byte-text|trimmed)|http\/[^/]+|json\/colons|jwt\/base64url|options\/[^/]+)\.ts$/,
    },
    // What every adapter needs.
    {
      name: 'request',
      test: /src\/(?:anonymous|api|authorization|basic|bearer-token|explain|handler|headers|impersonation|incoming-message|request|review|union)\/|src\/(?:audit\/audit-id|digest\/keyed-digest|index|protobuf\/media-type|status)\.ts$/,
    },
    { name: 'certificate', test: /src\/(?:client-certificate|request-header|request-header-config|x509)\// },
    // Of expressions only what is known without anything that evaluates them.
    {
      name: 'jwt',
      test: /src\/(?:cel\/cel\.ts|json\/|jwt\/(?!index|key-der|pem-)|oidc\/|service-account\/key-source|token-signer\/key-id)/,
    },
    { name: 'service-account', test: /src\/service-account\// },
    {
      name: 'webhook',
      test: /src\/(?:authorization-webhook\/|keystone\/|limit-concurrency|token-cache\/|verdict-cache|webhook\/|webhook-call\/)/,
    },
    { name: 'yaml', test: /src\/(?:rbac|yaml)\// },
    { name: 'csv', test: /src\/(?:csv\/|digest\/digest-table|token-file\/)/ },
    {
      name: 'configuration',
      test: /src\/(?:audit(?:-policy|-webhook)?\/|authorization-configuration\/|bootstrap-token\/|configuration\/|jwt\/(?:key-der|pem-))/,
    },
    { name: 'password', test: /src\/password-(?:file|workers)\// },
  ],
}

/**
 * Which packages find in `@kube-authn/core/all` what they import of the entries that are in it: they need nearly all of it, and a file costs more
 * to find than to read.
 */
export const inOneFile = ['node']
