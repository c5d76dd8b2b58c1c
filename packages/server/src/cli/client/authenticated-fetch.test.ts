import type { Endpoint, HttpFetch } from '@kube-authn/node'
import { closeable } from '@kube-authn/node/internal'
import { describe, expect, it } from 'vitest'
import { Failure } from '../failure.ts'
import { authenticatedFetch, type ClientCredential, type CredentialSource } from './authenticated-fetch.ts'

const server = 'https://server.example.com'

/** A client of a server that answers with these. */
function clientOf(
  source: CredentialSource | undefined,
  statuses: readonly number[] = [200],
  more: Partial<Endpoint> = {},
) {
  const sent: { readonly cert: string | undefined; readonly authorization: string | null }[] = []
  const closed: (string | undefined)[] = []
  const fetch = authenticatedFetch({ server, ...more }, source, ({ cert }): HttpFetch => {
    const call = (_: unknown, { headers }: Parameters<HttpFetch>[1] = {}): Promise<Response> => {
      const status = statuses[Math.min(sent.length, statuses.length - 1)]
      sent.push({ cert, authorization: new Headers(headers).get('authorization') })
      return Promise.resolve(new Response('x', { status: status ?? 200 }))
    }
    return closeable(call, () => void closed.push(cert))
  })
  return { fetch, sent, closed }
}

function sourceOf(...credentials: readonly ClientCredential[]) {
  const refused: ClientCredential[] = []
  let asked = 0
  const source: CredentialSource = {
    current: () => Promise.resolve(credentials[Math.min(asked++, credentials.length - 1)] ?? {}),
    refused(used) {
      refused.push(used)
      return Promise.resolve()
    },
  }
  return { source, refused, asked: () => asked }
}

const certificate = (cert: string): ClientCredential => ({ certificate: { cert, key: `key of ${cert}` } })

describe('authenticatedFetch', () => {
  it('sends the token of the source', async () => {
    const { fetch, sent } = clientOf(sourceOf({ token: 't' }).source)
    expect((await fetch(server)).status).toBe(200)
    expect(sent).toEqual([{ cert: undefined, authorization: 'Bearer t' }])
  })

  it('asks no source for a call with a header of its own, or without TLS', async () => {
    const { source, asked } = sourceOf({ token: 't' })
    const { fetch, sent } = clientOf(source, [401])
    await fetch(server, { headers: { Authorization: 'Bearer mine' } })
    await fetch('http://server.example.com')
    expect(sent.map(({ authorization }) => authorization)).toEqual(['Bearer mine', null])
    expect(asked()).toBe(0)
  })

  it('needs no source', async () => {
    const { fetch, sent } = clientOf(undefined, [401], { cert: 'own', key: 'k' })
    expect((await fetch(server)).status).toBe(401)
    expect(sent).toEqual([{ cert: 'own', authorization: null }])
  })

  it('returns a 401, and tells the source', async () => {
    const { source, refused } = sourceOf({ token: 'a' }, { token: 'b' })
    const { fetch, sent } = clientOf(source, [401, 403, 200])
    expect((await fetch(server)).status).toBe(401)
    expect(refused).toEqual([{ token: 'a' }])
    expect((await fetch(server)).status).toBe(403)
    expect(refused).toHaveLength(1)
    expect(sent.at(-1)?.authorization).toBe('Bearer b')
  })

  it('makes new connections for another client certificate, and only then', async () => {
    const { source } = sourceOf(
      certificate('a'),
      certificate('a'),
      certificate('b'),
      { token: 't' },
      certificate('b'),
    )
    const { fetch, sent, closed } = clientOf(source)
    for (let call = 0; call < 5; call++) await fetch(server)
    expect(sent.map(({ cert }) => cert)).toEqual(['a', 'a', 'b', undefined, 'b'])
    expect(closed).toEqual(['a'])
    fetch.close()
    expect(closed).toEqual(['a', undefined, 'b'])
  })

  it('says that there is no credential, and sends nothing', async () => {
    const failing = (error: Error): CredentialSource => ({
      current: () => Promise.reject(error),
      refused: () => Promise.resolve(),
    })
    const { fetch, sent } = clientOf(failing(new Failure('exec: no')))
    await expect(fetch(server)).rejects.toThrow('getting credentials: exec: no')
    await expect(clientOf(failing(new TypeError('bug'))).fetch(server)).rejects.toThrow(TypeError)
    expect(sent).toEqual([])
  })
})
