import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigurationError } from '@kube-authn/core'
import {
  type CertificateAuthority,
  createPki,
  fixedClock,
  type IssuedCredential,
  recordEvents,
} from '@kube-authn/testing'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { httpServer, httpsServer, type RunningServer } from '../../test/servers.ts'
import { type Endpoint, endpointFetch, type HttpFetch } from '../index.ts'
import type { Credential } from './endpoint.ts'
import type { CreateFetchOptions } from './create-fetch.ts'

let pki: CertificateAuthority
let local: IssuedCredential
let folder: string
let tokenFile: string
const open: HttpFetch[] = []

beforeAll(async () => {
  pki = await createPki()
  local = await pki.issueServer({ hosts: ['127.0.0.1'] })
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'endpoint-fetch-'))
  tokenFile = join(folder, 'token')
})
afterEach(() => {
  for (const fetch of open.splice(0)) fetch.close()
  rmSync(folder, { recursive: true, force: true })
})

function fetchFor(server: string, credential?: Credential, options?: CreateFetchOptions): HttpFetch {
  const endpoint: Endpoint = {
    server,
    ca: pki.caPem,
    ...(credential !== undefined && { credential }),
  }
  const fetch = endpointFetch(endpoint, options)
  open.push(fetch)
  return fetch
}

const seen = ({ requests }: RunningServer): readonly (string | undefined)[] =>
  requests.map(({ headers }) => headers.authorization)

const basic = (text: string): string => `Basic ${Buffer.from(text, 'utf8').toString('base64')}`

describe('endpointFetch', () => {
  it.each<[string, Credential | undefined, string | undefined]>([
    ['nothing', undefined, undefined],
    ['a token', { type: 'token', token: 'abc' }, 'Bearer abc'],
    ['a password', { type: 'basic', username: 'u', password: 'p:ä' }, basic('u:p:ä')],
    ['a user name without a password', { type: 'basic', username: 'u', password: '' }, basic('u:')],
  ])('sends %s', async (_, credential, expected) => {
    const server = await httpsServer(local)
    await fetchFor(server.url, credential)(`${server.url}/path?query`)
    expect(seen(server)).toEqual([expected])
    expect(server.requests[0]?.url).toBe('/path?query')
  })

  it('leaves an Authorization header of the call as it is', async () => {
    const server = await httpsServer(local)
    const fetch = fetchFor(server.url, { type: 'token', token: 'abc' })
    await fetch(server.url, { headers: { authorization: 'Bearer mine' } })
    await fetch(server.url, { headers: new Headers({ Authorization: 'Basic mine' }) })
    expect(seen(server)).toEqual(['Bearer mine', 'Basic mine'])
  })

  it('reads a token file again after 50 seconds, and trims it', async () => {
    writeFileSync(tokenFile, ' first \n')
    const clock = fixedClock()
    const server = await httpsServer(local)
    const fetch = fetchFor(server.url, { type: 'tokenFile', path: tokenFile }, { clock })
    await fetch(server.url)
    writeFileSync(tokenFile, 'second\n')
    clock.advance(49_999)
    await fetch(server.url)
    clock.advance(1)
    await fetch(server.url)
    expect(seen(server)).toEqual(['Bearer first', 'Bearer first', 'Bearer second'])
  })

  it.each([
    ['is gone', () => rmSync(tokenFile), /ENOENT/],
    ['is empty', () => writeFileSync(tokenFile, ' \n'), /it contains no token/],
    ['has two lines', () => writeFileSync(tokenFile, 'hunter2\nhunter2'), /characters/],
    ['is binary', () => writeFileSync(tokenFile, Buffer.from([0xff])), /not UTF-8/],
    ['is too large', () => writeFileSync(tokenFile, 'x'.repeat(1_048_577)), /larger/],
  ])('keeps the last good token while the file %s, and says so once', async (_, spoil, expected) => {
    writeFileSync(tokenFile, 'good')
    const clock = fixedClock()
    const { observer, ofType } = recordEvents()
    const server = await httpsServer(local)
    const fetch = fetchFor(server.url, { type: 'tokenFile', path: tokenFile }, { clock, observer })
    spoil()
    for (let minute = 0; minute < 3; minute++) {
      clock.advance(60_000)
      await fetch(server.url)
    }
    writeFileSync(tokenFile, 'better')
    await fetch(server.url)
    expect(seen(server)).toEqual(['Bearer good', 'Bearer good', 'Bearer good', 'Bearer better'])
    const [event, ...more] = ofType('reload')
    expect(more).toEqual([])
    expect(event).toMatchObject({ source: tokenFile, outcome: 'failed' })
    expect(event?.error?.message).toMatch(expected)
    expect(event?.error?.message).not.toContain('hunter2')
  })

  it('lets a token stand in for a file that is not there yet, and for no other', async () => {
    const clock = fixedClock()
    const server = await httpsServer(local)
    const fetch = fetchFor(server.url, { type: 'tokenFile', path: tokenFile, token: 'until-then' }, { clock })
    await fetch(server.url)
    writeFileSync(tokenFile, 'file')
    await fetch(server.url)
    expect(seen(server)).toEqual(['Bearer until-then', 'Bearer file'])
  })

  it('calls no other server', async () => {
    const server = await httpsServer(local)
    const other = await httpsServer(local)
    const fetch = fetchFor(server.url, { type: 'token', token: 'abc' })
    await expect(fetch(other.url)).rejects.toThrow(`the URL must be on ${server.url}`)
    await expect(fetch(server.url.replace('https', 'http'))).rejects.toThrow(/the URL must be on/)
    await expect(fetch(`https://localhost:${server.port}`)).rejects.toThrow(/the URL must be on/)
    expect([...seen(server), ...seen(other)]).toEqual([])
  })

  it('sends no credential over plain HTTP', async () => {
    const server = await httpServer()
    const options = { allowInsecureHttp: true }
    await fetchFor(server.url, { type: 'token', token: 'abc' }, options)(server.url)
    await fetchFor(server.url, { type: 'basic', username: 'u', password: 'p' }, options)(server.url)
    expect(seen(server)).toEqual([undefined, undefined])
  })

  it.each<[string, string, Credential | undefined, RegExp]>([
    ['plain HTTP', 'http://127.0.0.1', undefined, /^server: must be an https URL/],
    ['no URL', '127.0.0.1:6443', undefined, /^server: must be an https URL/],
    ['a URL with a password', 'https://u:hunter2@127.0.0.1', undefined, /^server: .*credentials/],
    ['a URL with a fragment', 'https://127.0.0.1/#hunter2', undefined, /^server: .*fragment/],
    ['a token with a space', 'https://w', { type: 'token', token: 'hunter2 x' }, /^credential\.token: /],
    ['no token', 'https://w', { type: 'token', token: '' }, /^credential\.token: /],
    [
      'a stand-in with a line end',
      'https://w',
      { type: 'tokenFile', path: '/missing', token: 'hunter2\n' },
      /^credential\.token: /,
    ],
    [
      'a missing file',
      'https://w',
      { type: 'tokenFile', path: '/missing/token' },
      /^credential\.path: .*\/missing\/token/,
    ],
    [
      'a user name with a colon',
      'https://w',
      { type: 'basic', username: 'hunter2:x', password: '' },
      /^credential\.username: /,
    ],
    [
      'a password with a line end',
      'https://w',
      { type: 'basic', username: 'x', password: 'hunter2\r\n' },
      /^credential\.username: /,
    ],
  ])('refuses %s at construction', (_, server, credential, expected) => {
    const make = (): unknown => fetchFor(server, credential)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(expected)
    expect(make).not.toThrow(/hunter2/)
  })
})
