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
      test: /src\/(?:authenticator\/(?!status)[^/]+|chain\/[^/]+|internal\/(?!limit-concurrency|verdict-cache)[^/]+|internal\/(?:field|http|options)\/[^/]+|internal\/json\/colons)\.ts$/,
    },
    // What every adapter needs.
    {
      name: 'request',
      test: /src\/(?:adapter\/incoming-message|authenticator\/union|authorization\/(?!configuration|rbac|webhook)|chain\/explain|handler|impersonation|internal\/api|request\/(?:anonymous|basic|bearer-token|headers)|review)(?:\/|[\w-]+\.ts$)|src\/request\/[^/]+\.ts$|src\/(?:audit\/audit-id|authenticator\/status|index|internal\/digest\/keyed-digest|internal\/protobuf\/media-type)\.ts$/,
    },
    {
      name: 'certificate',
      test: /src\/(?:internal\/x509|request\/(?:client-certificate|request-header|request-header-config))\//,
    },
    // Of expressions only what is known without anything that evaluates them.
    {
      name: 'jwt',
      test: /src\/(?:internal\/cel\/cel\.ts|internal\/json\/|token\/(?:jwt\/(?!index|key-der|pem-)|oidc\/|service-account\/key-source|signer\/key-id))/,
    },
    { name: 'service-account', test: /src\/token\/service-account\// },
    {
      name: 'webhook',
      test: /src\/(?:authorization\/webhook\/|internal\/(?:limit-concurrency|verdict-cache|webhook-call\/)|token\/(?:cache|keystone|webhook)\/)/,
    },
    { name: 'yaml', test: /src\/(?:authorization\/rbac|internal\/yaml)\// },
    { name: 'csv', test: /src\/(?:internal\/(?:csv\/|digest\/digest-table)|token\/file\/)/ },
    {
      name: 'configuration',
      test: /src\/(?:audit\/|authorization\/configuration\/|token\/(?:bootstrap|configuration)\/|token\/jwt\/(?:key-der|pem-))/,
    },
    { name: 'password', test: /src\/password\// },
  ],
}

/**
 * Which packages find in `@kube-authn/core/all` what they import of the entries that are in it: they need nearly all of it, and a file costs more
 * to find than to read.
 */
export const inOneFile = ['node']
