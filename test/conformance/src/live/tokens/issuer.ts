import type { Clock, TokenAuthenticator } from '@kube-authn/core'
import { jwtAuthenticators, parseAuthenticationConfiguration } from '@kube-authn/core/configuration'

interface SetClock extends Clock {
  milliseconds: number
}

/** Authenticators of configurations whose only issuer has these keys, with a set time. Each is created once. */
export function issuers(): (configuration: string, jwks: string, nowMs: number) => TokenAuthenticator {
  const made = new Map<string, { readonly clock: SetClock; readonly tokens: TokenAuthenticator }>()
  return (configuration, jwks, nowMs) => {
    const name = `${configuration}\0${jwks}`
    const found = made.get(name) ?? authenticatorOf(configuration, jwks)
    made.set(name, found)
    found.clock.milliseconds = nowMs
    return found.tokens
  }
}

function authenticatorOf(
  configuration: string,
  jwks: string,
): { readonly clock: SetClock; readonly tokens: TokenAuthenticator } {
  const clock: SetClock = {
    milliseconds: 0,
    now() {
      return this.milliseconds
    },
    after(milliseconds, callback) {
      const timer = setImmediate(() => {
        this.milliseconds += milliseconds
        callback()
      })
      return () => {
        clearImmediate(timer)
      }
    },
  }
  const { jwt } = parseAuthenticationConfiguration(configuration)
  const issuer = jwt[0]?.config.issuer.url ?? ''
  const keys = 'https://keys.invalid/jwks'
  const fetch = (address: string | URL): Promise<Response> => {
    const headers = { 'content-type': 'application/json', 'cache-control': 'max-age=86400' }
    const content = String(address) === keys ? jwks : JSON.stringify({ issuer, jwks_uri: keys })
    return Promise.resolve(new Response(content, { headers }))
  }
  return {
    clock,
    tokens: jwtAuthenticators(jwt, { fetchFor: () => fetch, clock, discoverAtOnce: false }),
  }
}
