// Request targets that Node accepts. The path that is authorized, or passed as a public one, must be the path that Express and Koa route by, which
// both get from parseurl.
import { createRequire } from 'node:module'
import { anonymous, emptyContext } from '@kube-authn/core'
import { authorizeRequest } from '@kube-authn/core/authorization'
import { incomingMessageRequest } from '@kube-authn/core/adapter'
import { Finding } from '../lib/finding.mjs'

export const name = 'request-targets'

const requireOfKoa = createRequire(new URL('../../../packages/koa/package.json', import.meta.url))
const parseurl = createRequire(requireOfKoa.resolve('koa'))('parseurl')
// Node warns about many targets that it will refuse them in the future.
process.noDeprecation = true

const STARTS = [
  '/',
  '/',
  '/public/',
  'http://h',
  'http://h/',
  'http://',
  'https://h:80/',
  'HTTP://[::1]',
  'ftp://h/',
  '//h',
  '*',
]
const PARTS =
  `/ // a public admin api API . .. %2e %2F %5c \\ ; : @ # ? %61 ' " { | ^ \` * ~ [ ] ! $ , = + %25 %00 < %c3%a9 % :80 h @h`.split(
    ' ',
  )
/** Targets that Node's HTTP parser accepts: an absolute target has letters, digits and some punctuation before its path. */
const POSSIBLE = /^(?:\/|\*$|[a-z]+:\/\/[\w\-.!~*'()%;:&=+$,@[\]]*(?:[/?]|$))/i

const user = { username: 'jane', uid: '', groups: [], extra: {} }
const PUBLIC = ['/', '/a', '/public/a', '/admin', '/api']
const everybody = anonymous({ conditions: PUBLIC.map((path) => ({ path })) })

export function run(random) {
  const target = random.pick(STARTS) + random.list(random.below(6), () => random.pick(PARTS)).join('')
  if (!POSSIBLE.test(target)) return 'impossible'
  const routed = routedPath(target)
  if (routed === undefined) return 'no path for a router'
  const request = incomingMessageRequest({
    method: 'GET',
    url: target,
    rawHeaders: [],
    headers: {},
    httpVersionMajor: 1,
  })
  const fail = (message, more) => {
    throw new Finding(message, { target, routed, ...more })
  }

  if (everybody.authenticate(request, emptyContext) !== undefined && !PUBLIC.includes(routed)) {
    fail('was let through as anonymous')
  }
  let asked
  const authorize = authorizeRequest({
    name: 'recording',
    authorize(attributes) {
      asked = attributes
      return { verdict: 'allow', reason: '' }
    },
  })
  const outcome = authorize(request, user)
  if ('failure' in outcome) return `refused with ${outcome.failure.status}`
  if (asked.path !== routed) fail('was authorized as another path', { path: asked.path })
  return 'accepted'
}

/** The path that routers see, decoded; `undefined` if they cannot parse the target either. */
function routedPath(target) {
  try {
    return decodeURIComponent(parseurl({ url: target }).pathname ?? '')
  } catch {
    return undefined
  }
}
