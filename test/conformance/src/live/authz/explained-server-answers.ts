import type { Explanation } from '../live-area.ts'
import { explainedRefusals } from './explained-refusals.ts'
import type { RecordedRefusal } from './requests.ts'

/** Groups of workloads and the like: those about access are served. */
const NOT_SERVED =
  /^\/apis\/(?!(?:authentication|authorization|rbac\.authorization|certificates|coordination)\.k8s\.io(?:\/|$)|authentication\.kube-authn\.dev(?:\/|$))/

/** Why an API server answers differently: as apps do, and since it serves fewer resources. */
export const explainedServerAnswers: readonly Explanation<RecordedRefusal>[] = [
  ...explainedRefusals,
  {
    row: 'resources served',
    explains: ({ at, there, here }, { target }) =>
      NOT_SERVED.test(target) &&
      (/^(?:404 )?404 page not found\n$/.test(String(here)) ||
        (at === 'header content-type' &&
          there === 'application/json' &&
          here === 'text/plain; charset=utf-8') ||
        (at === 'header x-content-type-options' && there === '' && here === 'nosniff')),
  },
  {
    row: 'discovery',
    explains: ({ at }, { target }) =>
      (at.startsWith('body.serverAddressByClientCIDRs') && /^\/api\/?$/.test(target)) ||
      (at.startsWith('body.') && /^\/version\/?$/.test(target)),
  },
  {
    row: 'discovery',
    explains: ({ at, there, here }) => at === 'body.resources' && resourcesIn(there) === resourcesIn(here),
  },
]

/** The resources in the order of their names, without the hashes of their storage versions. */
function resourcesIn(list: unknown): string {
  const all = Array.isArray(list) ? (list as readonly Readonly<Record<string, unknown>>[]) : []
  return JSON.stringify(
    all
      .map(({ storageVersionHash: _hash, ...resource }) => resource)
      .toSorted((a, b) => String(a['name']).localeCompare(String(b['name']))),
  )
}
