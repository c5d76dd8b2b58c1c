// A Worker whose clock can be advanced, and whose requests can end before the work that they started.
import { authenticateRequest, fetchRequest } from '@kube-authn/core/adapter'
import { bearerToken } from '@kube-authn/core'
import { oidc } from '@kube-authn/core/oidc'
import { cached } from '@kube-authn/core/remote'

let offsetMs = 0
const clock = {
  now: () => Date.now() + offsetMs,
  after(milliseconds, callback) {
    const timer = setTimeout(() => callback(), milliseconds)
    return () => clearTimeout(timer)
  },
}
let chains

export default {
  async fetch(request, { ISSUER: url }) {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/advance') {
      offsetMs += Number(searchParams.get('seconds')) * 1000
      return new Response('')
    }
    chains ??= chainsOf(url)
    const deciding = chains[pathname](fetchRequest(request))
    if (searchParams.has('leave')) return new Response('')
    const outcome = await deciding
    return 'failure' in outcome
      ? outcome.failure.getResponse()
      : new Response(outcome.authentication.user.username)
  },
}

function chainsOf(url) {
  const tokens = () => oidc({ issuer: url, audience: 'app', usernamePrefix: '', clock })
  // Only what workerd itself says is printed.
  const silent = { log: false }
  return {
    '/oidc': authenticateRequest(bearerToken(tokens()), silent),
    '/cached': authenticateRequest(bearerToken(cached(tokens(), { clock })), silent),
  }
}
