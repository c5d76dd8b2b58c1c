import { describe, expect, it } from 'vitest'
import { bob, jane, knows, later, passwords, request, requests, tokens } from '../../../test/fakes.ts'
import type { Authenticator } from '../../authenticator/authenticator.ts'
import { basic } from '../basic.ts'
import { bearerToken } from '../bearer-token.ts'
import { certificateHeaders } from '../certificate-headers/certificate-headers.ts'
import { authenticatorChain } from '../../chain/chain.ts'
import { authenticateRequest } from '../../handler/authenticate-request.ts'
import { fetchRequest } from '../fetch-request.ts'
import { failFast, union } from '../../authenticator/union.ts'
import { requestHeader } from './request-header.ts'

type Headers = readonly (readonly [string, string])[]

const names = {
  usernameHeaders: ['X-Remote-User'],
  groupHeaders: ['X-Remote-Group'],
  extraHeaderPrefixes: ['X-Remote-Extra-'],
}
const proxyIf = (isProxy: boolean): Authenticator => requestHeader({ ...names, trusts: () => isProxy })
const janes = tokens(later(knows(jane)))

/** Ways to have a proxy beside a token that is good. */
const chains: readonly (readonly [name: string, chain: (proxy: Authenticator) => Authenticator])[] = [
  ['the chain', (proxy) => authenticatorChain({ requestHeader: proxy, tokens: [janes] })],
  [
    'a chain with passwords and anonymous requests',
    (proxy) =>
      authenticatorChain({
        requestHeader: proxy,
        tokens: [janes],
        passwords: [passwords(knows(bob))],
        anonymous: true,
      }),
  ],
  [
    'a chain with the proxy among others',
    (proxy) => authenticatorChain({ requests: [proxy], tokens: [janes] }),
  ],
  ['a union', (proxy) => union<Authenticator>(proxy, bearerToken(janes))],
  [
    'unions in unions',
    (proxy) =>
      union<Authenticator>(
        union<Authenticator>(
          proxy,
          requests(() => undefined),
        ),
        bearerToken(janes),
      ),
  ],
  ['failFast', (proxy) => failFast<Authenticator>(proxy, basic(passwords(knows(bob))), bearerToken(janes))],
]

async function usernameOf(authenticator: Authenticator, headers: Headers): Promise<string | number> {
  const asked = request({ headers: [['Authorization', 'Bearer good'], ...headers] })
  const outcome = await authenticateRequest(authenticator)(asked)
  return 'failure' in outcome ? outcome.failure.status : outcome.authentication.user.username
}

describe.each(chains)('a request with a token that is good, in %s', (_, chainOf) => {
  const twins: readonly Headers[] = [
    [['X_Remote_User', 'eve']],
    [
      ['X-Remote-User', 'bob'],
      ['X_Remote_Group', 'system:masters'],
    ],
    [
      ['X-Remote-User', 'bob'],
      ['X-Remote_Group', 'system:masters'],
    ],
    [
      ['X-Remote-User', 'bob'],
      ['x_remote_extra_scopes', 'all'],
    ],
    [['X_Remote_User', '']],
  ]

  it.each(twins)('is refused when it is of the proxy and has a twin: %j', async (...headers) => {
    expect(await usernameOf(chainOf(proxyIf(true)), headers)).toBe(401)
  })

  it.each(twins)('is that of the token when it is not of the proxy: %j', async (...headers) => {
    expect(await usernameOf(chainOf(proxyIf(false)), headers)).toBe('jane')
  })

  it('is that of the proxy without a twin, and that of the token where the proxy names no user', async () => {
    expect(await usernameOf(chainOf(proxyIf(true)), [['X-Remote-User', 'bob']])).toBe('bob')
    expect(await usernameOf(chainOf(proxyIf(true)), [['X-Remote-Group', 'a']])).toBe('jane')
  })

  it('is refused when the runtime joined what the proxy says of the user', async () => {
    const headers = {
      authorization: 'Bearer good',
      'x-remote-user': 'bob',
      'x-remote-group': 'a, system:masters',
    }
    const asked = fetchRequest(new Request('http://localhost/', { headers }))
    const outcome = await authenticateRequest(chainOf(proxyIf(true)))(asked)
    expect(outcome).toMatchObject({ failure: { status: 401, cause: { isFinal: true } } })
  })

  it('is refused when it has a twin of a header with a certificate, trusted or not', async () => {
    for (const isTrusted of [true, false]) {
      const proxy = certificateHeaders(
        { format: 'client-cert', trusts: () => isTrusted },
        requests(() => undefined),
      )
      expect(await usernameOf(chainOf(proxy), [['Client_Cert', ':AA==:']])).toBe(401)
    }
  })
})
