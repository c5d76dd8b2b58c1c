/** Those of the driver. It takes any other one, and also `prefer`, for `verify-full`. */
const SSL_MODES: ReadonlySet<string | null> = new Set([
  'disable',
  'no-verify',
  'prefer',
  'require',
  'verify-ca',
  'verify-full',
  null,
])

/** What is wrong with `sslmode` in the URL of a PostgreSQL; `undefined` if nothing is. */
export function sslModeProblem({ searchParams }: URL): string | undefined {
  return SSL_MODES.has(searchParams.get('sslmode'))
    ? undefined
    : 'must have an sslmode that exists: verify-full, or disable if the network is trusted'
}
