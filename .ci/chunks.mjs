/**
 * Which modules of a package share a file of the bundle, beside those that only one entry needs. Without a word here, every set of modules
 * that the same entries need is a file of its own, and a start reads far too many files; in one file for all, it would read all of them.
 *
 * In order from the lowest layer up: a chunk takes what its modules import along, unless a chunk before it has it.
 */
export const chunksOf = {
  core: [
    // What nearly everything needs.
    {
      name: 'base',
      test: /src\/(?:(?!limit-concurrency|status|verdict-cache)[^/]+|options\/[^/]+|field\/[^/]+|headers\/(?:byte-text|trimmed)|json\/colons|jwt\/base64url)\.ts$/,
    },
    // What is known of expressions without anything that evaluates them.
    { name: 'expression', test: /src\/cel\/cel\.ts$/ },
    { name: 'http', test: /src\/http\// },
    // What every adapter needs.
    {
      name: 'request',
      test: /src\/(?:anonymous|api|authorization|basic|bearer-token|explain|handler|headers|impersonation|incoming-message|request|review|union)\/|src\/(?:digest\/keyed-digest|protobuf\/media-type|status)\.ts$/,
    },
    { name: 'x509', test: /src\/x509\// },
    { name: 'client-certificate', test: /src\/client-certificate\// },
    { name: 'jwt', test: /src\/(?:json|jwt)\// },
    { name: 'token-cache', test: /src\/(?:token-cache\/|verdict-cache|limit-concurrency)/ },
    { name: 'webhook-call', test: /src\/webhook-call\// },
    { name: 'oidc', test: /src\/oidc\// },
    { name: 'yaml', test: /src\/yaml\// },
    { name: 'service-account', test: /src\/service-account\// },
    { name: 'password', test: /src\/password-(?:file|workers)\// },
    { name: 'csv', test: /src\/csv\// },
  ],
}
