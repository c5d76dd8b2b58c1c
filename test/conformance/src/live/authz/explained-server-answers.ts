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
    explains: ({ at, here }, { target }) =>
      at === 'status' && here === '404 404 page not found\n' && NOT_SERVED.test(target),
  },
  {
    row: 'discovery',
    explains: ({ at }, { target }) =>
      (at.startsWith('body.serverAddressByClientCIDRs') && /^\/api\/?$/.test(target)) ||
      (at.startsWith('body.') && /^\/version\/?$/.test(target)),
  },
]
