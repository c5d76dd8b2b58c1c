import { reachedFrom, type Source } from './sources.ts'

/** A part of the kernel, by the files where its code begins. */
interface Part {
  readonly name: string
  readonly entries: readonly string[]
}

const core = (...files: readonly string[]): readonly string[] =>
  files.map((file) => `packages/core/src/${file}`)

/** From a request to the authenticators, and then each kind of credential. */
const PARTS: readonly Part[] = [
  {
    name: 'every chain, in Express',
    entries: ['packages/express/src/authentication.ts', ...core('chain/chain.ts')],
  },
  { name: 'the same in Koa', entries: ['packages/koa/src/authentication.ts'] },
  { name: 'in Hono', entries: ['packages/hono/src/authentication.ts'] },
  { name: 'in Fastify', entries: ['packages/fastify/src/authentication.ts'] },
  { name: 'in Nest', entries: ['packages/nest/src/authentication-guard.ts'] },
  { name: 'in a Fetch handler', entries: ['packages/fetch/src/with-authentication.ts'] },
  {
    name: 'impersonation',
    entries: core('impersonation/impersonate-request.ts', 'adapter/middleware/impersonation.ts'),
  },
  { name: 'client certificates', entries: core('request/client-certificate/client-certificate.ts') },
  { name: 'token file', entries: core('token/file/token-file.ts') },
  { name: 'bootstrap tokens', entries: core('token/bootstrap/bootstrap-token.ts') },
  { name: 'password file', entries: core('password/file/password-file.ts') },
  { name: 'service account tokens', entries: core('token/service-account/service-account.ts') },
  { name: 'OpenID Connect', entries: core('token/oidc/oidc.ts') },
  { name: 'webhook', entries: core('token/webhook/webhook-authenticator.ts') },
  { name: 'the cache of tokens', entries: core('token/cache/cached-union.ts') },
  { name: 'proofs of keys', entries: core('token/dpop/dpop.ts') },
  { name: 'authenticating proxy', entries: core('request/request-header/request-header.ts') },
  { name: 'Keystone', entries: ['packages/keystone/src/index.ts'] },
]

/** The files of each part by the imports of code, without those of the parts before. */
export function kernelParts(
  sources: ReadonlyMap<string, Source>,
): readonly { readonly name: string; readonly files: readonly string[] }[] {
  const listed = new Set<string>()
  return PARTS.map(({ name, entries }) => {
    const missing = entries.filter((file) => !sources.has(file))
    if (missing.length > 0) throw new Error(`no such file: ${missing.join(', ')}`)
    const files = reachedFrom(entries, (file) => sources.get(file)?.codeImports ?? [])
    const added = files.filter((file) => !listed.has(file))
    for (const file of added) listed.add(file)
    return { name, files: added }
  })
}

/** The list of `docs/kernel.md`. */
export function kernelList(sources: ReadonlyMap<string, Source>): string {
  return kernelParts(sources)
    .map(({ name, files }) => [
      `# ${name}: ${files.length}`,
      ...files.map((file) => file.slice('packages/'.length)),
    ])
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}
