import { explainedRefusals } from '@kube-authn-test/conformance/live/authz/explained-refusals'
import { type RecordedRefusal, refusalDifferences } from '@kube-authn-test/conformance/live/authz/requests'
import { type Framework, FRAMEWORKS } from '@kube-authn-test/conformance/live/http/framework-apps'
import type { RecordedRequest } from '@kube-authn-test/conformance/live/http/recorded-request'
import type { Random } from '../../../fuzz/lib/random.mjs'
import { type Area, area } from '../area.ts'
import type { FrontProxy } from '../front-proxy.ts'
import type { Sides } from '../sides.ts'

interface Question extends RecordedRequest {
  readonly framework: Framework
}

/** What a request is about, and how it is refused: its user may do nothing. */
export function requestInfo({ policies }: Sides, { askThere, askHere }: FrontProxy): Area {
  return area<Question, RecordedRefusal>({
    name: 'request-info',
    explanations: explainedRefusals,
    fixed: ['framework', 'method', 'user'],
    question: requestInfoQuestion,
    async compare({ framework, ...request }) {
      const { authorizer } = await policies.enforce([])
      const [there, here] = await Promise.all([askThere(request), askHere(framework, authorizer, request)])
      return { asked: { id: 0, ...request, answer: there }, differences: refusalDifferences(there, here) }
    },
  })
}

const METHODS = 'GET GET GET GET POST PUT PATCH DELETE DELETE HEAD OPTIONS TRACE PROPFIND'.split(' ')
const GROUPS = 'apps apps batch rbac.authorization.k8s.io example.org APPS a%20b g%2Fh x.y'.split(' ')
const VERSIONS = 'v1 v1 v1 v1beta1 v7 V1 x%20y'.split(' ')
const RESOURCES =
  'pods pods deployments nodes namespaces secrets services proxy watch PODS p%C3%B6ds * a+b'.split(' ')
const NAMESPACES = 'shop shop kube-system default A n%20s status finalize %C3%A4'.split(' ')
const NAMES =
  "web db-0 WEB a%20b a%2Fb a+b %22q%22 %3Cb%3E %26 system:node:x x.y %C3%B6 %FF %00 %0A it's % %zz %5C ~ ;v=1 *".split(
    ' ',
  )
const SUBRESOURCES =
  'log status scale exec attach portforward proxy finalize proxy/http:x:80/y log/more %2F watch'.split(' ')
const PATHS =
  '/ /healthz /healthz/ /readyz/etcd /version /api /api/ /api/v1 /apis /apis/apps/v1/ /metrics /openapi/v2 /nothing //a /a//b /./api/v1/pods /api/v1/../v1/pods /%2e%2e/x /API/v1/pods /api/v1/pods/ /api//v1/pods /%zz /a%00 /x#y /a\\b /a;b /* http://h/api/v1/pods http://h'.split(
    ' ',
  )
const FIELDS =
  'metadata.name=web metadata.name==web metadata.name!=web metadata.name= metadata.name=a,metadata.name=b spec.x=y,metadata.name=z metadata.name=.. metadata.name metadata.name=a\\,b , a=b'.split(
    ' ',
  )
const LABELS = ['a=b', 'a in (b,c)', '!a', 'a notin (b)', '-', 'a in (b', 'a=b,,c', 'a>1', 'a=b c', '']
const FLAGS =
  'watch=true watch=1 watch=0 watch=false watch watch=yes watch=T watch=%74rue watch=tr%zz limit=1 limit=x dryRun=All'.split(
    ' ',
  )
const USERS = ['nobody', 'nobody', 'nobody', 'n\u00fc "q" <b>&', "it's\\", 'system:serviceaccount:shop:web']

export function requestInfoQuestion(random: Random): Question {
  const method = random.pick(METHODS)
  const base = { framework: random.pick(FRAMEWORKS), method, user: random.pick(USERS) }
  if (random.oneIn(12)) return { ...base, target: random.pick(PATHS) }
  const part = (list: readonly string[], share: number): readonly string[] =>
    random.below(100) < share ? [random.pick(list)] : []
  const parts = [
    ...(random.oneIn(2) ? ['api'] : ['apis', random.pick(GROUPS)]),
    random.pick(VERSIONS),
    ...part(['watch', 'proxy'], 10),
    ...part(NAMESPACES, 60).flatMap((name) => ['namespaces', name]),
    ...part(RESOURCES, 90),
    ...part(NAMES, 60),
    ...part(SUBRESOURCES, 35),
    ...part([''], 5),
  ]
  const query = [
    ...part(FLAGS, 25),
    ...part(FIELDS, 30).map((each) => `fieldSelector=${encodeURIComponent(each)}`),
    ...part(LABELS, 20).map((each) => `labelSelector=${encodeURIComponent(each)}`),
  ]
  const search = query.length === 0 ? '' : `?${random.some(query, 1).join('&')}`
  return { ...base, target: `/${parts.join('/')}${search}` }
}
