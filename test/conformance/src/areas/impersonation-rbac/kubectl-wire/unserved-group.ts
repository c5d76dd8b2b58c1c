import type { SentRequest, Served } from './server.ts'

/** The API group of one of the requests that is not served; `undefined` if all are. Those of reviews have no discovery here. */
export async function unservedGroup(
  serve: (sent: SentRequest) => Promise<Served>,
  requests: readonly { readonly path: string }[],
): Promise<string | undefined> {
  const groups = requests.flatMap(({ path }) => /^\/apis\/([^/?]+)\/v1\//.exec(path)?.[1] ?? [])
  for (const group of groups) {
    if (/^auth(?:entication|orization)\.k8s\.io$/.test(group)) continue
    const headers = [['Authorization', 'Bearer token']] as const
    const { response } = await serve({ method: 'GET', path: `/apis/${group}/v1`, headers })
    if (response.status === 404) return group
  }
  return undefined
}
