import { spawn } from 'node:child_process'
import { once, setMaxListeners } from 'node:events'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { ConfigurationError } from '@kube-authn/core'
import {
  type CertificateAuthority,
  createPki,
  fixedClock,
  type IssuedCredential,
  recordEvents,
} from '@kube-authn/testing'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { httpServer, httpsServer, proxyServer } from '../../test/servers.ts'
import { createFetch, type HttpFetch } from '../index.ts'
import type { CreateFetchOptions } from './create-fetch.ts'
import type { Transport } from './endpoint.ts'

let pki: CertificateAuthority
let otherPki: CertificateAuthority
let local: IssuedCredential
let client: IssuedCredential
let folder: string
const open: HttpFetch[] = []

beforeAll(async () => {
  pki = await createPki()
  otherPki = await createPki({ commonName: 'another CA' })
  local = await pki.issueServer({ hosts: ['127.0.0.1', 'localhost'] })
  client = await pki.issueClient({ commonName: 'webhook-client' })
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'create-fetch-'))
})
afterEach(() => {
  for (const fetch of open.splice(0)) fetch.close()
  rmSync(folder, { recursive: true, force: true })
})

function create(transport: Transport, options?: CreateFetchOptions): HttpFetch {
  const fetch = createFetch(transport, options)
  open.push(fetch)
  return fetch
}

const trusting = (options?: CreateFetchOptions): HttpFetch => create({ ca: pki.caPem }, options)

function file(name: string, content: string): { readonly path: string } {
  const path = join(folder, name)
  writeFileSync(`${path}.new`, content)
  renameSync(`${path}.new`, path)
  return { path }
}

/** The messages of an error and all of its causes. */
async function reasonOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    let text = ''
    for (let each: unknown = error; each instanceof Error; each = each.cause) {
      text += `${each.name}: ${each.message} ${'code' in each ? String(each.code) : ''}; `
    }
    return text
  }
  return 'it succeeded'
}

describe('who the server is', () => {
  it('is believed by the authority it was told of', async () => {
    const { url } = await httpsServer(local)
    const response = await trusting()(url)
    expect([response.status, await response.text()]).toEqual([200, 'ok'])
  })

  it('takes an authority in the middle of the chain from the server', async () => {
    const below = await pki.issueIntermediate({ commonName: 'below' })
    const { url } = await httpsServer(await below.issueServer({ hosts: ['127.0.0.1'] }))
    expect((await trusting()(url)).status).toBe(200)
  })

  it.each([
    ['of another authority', () => create({ ca: otherPki.caPem }), /self-signed|unable to verify/i],
    ['of a private authority, among those of Node', () => create({}), /self-signed|unable to verify/i],
    [
      'under another name',
      () => create({ ca: pki.caPem, serverName: 'other.example' }),
      /ERR_TLS_CERT_ALTNAME_INVALID/,
    ],
  ])('is not believed %s', async (_, make, expected) => {
    const { url, requests } = await httpsServer(local)
    expect(await reasonOf(make()(url, { method: 'POST', body: 'secret' }))).toMatch(expected)
    expect(requests).toHaveLength(0)
  })

  it.each([
    ['expired', { hosts: ['127.0.0.1'], wrong: 'expired' } as const, /expired/i],
    ['for clients', { hosts: ['127.0.0.1'], wrong: 'wrongPurpose' } as const, /purpose/i],
    ['forged', { hosts: ['127.0.0.1'], wrong: 'forged' } as const, /signature|verify/i],
    ['without alternative names', { hosts: [], commonName: '127.0.0.1' }, /no alternative names/],
  ])('is not believed with a certificate that is %s', async (_, options, expected) => {
    const { url, requests } = await httpsServer(await pki.issueServer(options))
    expect(await reasonOf(trusting()(url))).toMatch(expected)
    expect(requests).toHaveLength(0)
  })

  it('may have another name in its certificate, which is then asked for', async () => {
    const server = await httpsServer(await pki.issueServer({ hosts: ['webhook.example'] }))
    const fetch = create({ ca: pki.caPem, serverName: 'webhook.example' })
    expect((await fetch(server.url, { headers: { host: 'other.example' } })).status).toBe(200)
    expect(server.connections).toEqual([{ serverName: 'webhook.example', client: undefined }])
    expect(server.requests[0]?.headers.host).toBe(`127.0.0.1:${server.port}`)
  })

  it('is not who a Host header of the caller says', async () => {
    const server = await httpsServer(await pki.issueServer({ hosts: ['localhost'] }))
    const url = server.url.replace('127.0.0.1', 'localhost')
    expect((await trusting()(url, { headers: { host: 'other.example' } })).status).toBe(200)
    expect(server.connections).toEqual([{ serverName: 'localhost', client: undefined }])
    expect(server.requests[0]?.headers.host).toBe(`localhost:${server.port}`)
  })

  it('can have any certificate if the operator allows it', async () => {
    const { url } = await httpsServer(await otherPki.issueServer({ hosts: ['other.example'] }))
    expect((await create({ insecureSkipTlsVerify: true })(url)).status).toBe(200)
  })
})

describe('who the client is', () => {
  it('is told by its certificate, where it has one', async () => {
    const { url, connections } = await httpsServer(local)
    await trusting()(url)
    await create({ ca: pki.caPem, cert: client.chainPem, key: client.privateKeyPem })(url)
    expect(connections.map((each) => each.client)).toEqual([undefined, 'webhook-client'])
  })
})

describe('files that change', () => {
  const quick = { settleSeconds: 0.02 }

  it('trusts the new authority, and the old one no more', async () => {
    const { path: caFile } = file('ca.crt', otherPki.caPem)
    const { observer, events } = recordEvents()
    const fetch = create({ caFile }, { ...quick, observer })
    const old = await httpsServer(await otherPki.issueServer({ hosts: ['127.0.0.1'] }))
    const server = await httpsServer(local)
    expect((await fetch(old.url)).status).toBe(200)
    expect(await reasonOf(fetch(server.url))).not.toBe('it succeeded')
    file('ca.crt', pki.caPem)
    await vi.waitFor(() => expect(events).toHaveLength(1))
    expect((await fetch(server.url)).status).toBe(200)
    // The open connection is not reused.
    expect(await reasonOf(fetch(old.url))).not.toBe('it succeeded')
  })

  it('lets a call under way end as it began', async () => {
    const { path: caFile } = file('ca.crt', pki.caPem)
    const { observer, events } = recordEvents()
    const fetch = create({ caFile }, { ...quick, observer })
    const server = await httpsServer(local, (_, response) => {
      response.write('be')
      void vi.waitFor(() => expect(events).toHaveLength(1)).then(() => response.end('fore'))
    })
    const response = await fetch(server.url)
    file('ca.crt', otherPki.caPem)
    await vi.waitFor(() => expect(events).toHaveLength(1))
    expect(await reasonOf(fetch(server.url))).not.toBe('it succeeded')
    expect(await response.text()).toBe('before')
  })

  it.each([
    ['has nothing in it', '', /empty/],
    ['is no PEM', 'nonsense', /unable to parse bytes as PEM block/],
    ['is a key', 'key', /no valid certificate authority data seen/],
    ['is cut off', 'cut', /failed to parse certificate 1/],
  ])('keeps the last good authority when the new one %s', async (_, content, expected) => {
    const { path: caFile } = file('ca.crt', pki.caPem)
    const { observer, ofType } = recordEvents()
    const fetch = create({ caFile }, { ...quick, observer })
    const { url } = await httpsServer(local)
    const bad = { key: client.privateKeyPem, cut: pki.caPem.slice(0, 200) }[content] ?? content
    file('ca.crt', bad)
    await vi.waitFor(() => expect(ofType('reload')).toHaveLength(1))
    expect(ofType('reload')[0]?.error?.message).toMatch(expected)
    expect((await fetch(url)).status).toBe(200)
  })

  it('shows a new client certificate once its key is there too', async () => {
    const certificate = file('tls.crt', client.chainPem)
    const key = file('tls.key', client.privateKeyPem)
    const { observer, ofType } = recordEvents()
    const fetch = create(
      { ca: pki.caPem, certFile: certificate.path, keyFile: key.path },
      { ...quick, observer },
    )
    const { url, connections } = await httpsServer(local)
    await fetch(url)
    const next = await pki.issueClient({ commonName: 'next' })
    file('tls.crt', next.chainPem)
    await vi.waitFor(() => expect(ofType('reload')).toHaveLength(1))
    await fetch(url)
    await fetch(url)
    const failures = ofType('reload').filter(({ outcome }) => outcome === 'failed')
    expect(failures.map(({ error }) => error?.message)).toEqual([
      'tls: private key does not match public key',
    ])
    expect(new Set(connections.map((each) => each.client))).toEqual(new Set(['webhook-client']))
    file('tls.key', next.privateKeyPem)
    await vi.waitFor(() => expect(ofType('reload')).toHaveLength(3))
    await fetch(url)
    expect(connections.at(-1)?.client).toBe('next')
    expect(JSON.stringify(ofType('reload'))).not.toContain('PRIVATE KEY')
  })
})

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])('%i is the response', async (status) => {
    const target = await httpsServer(local)
    const { url } = await httpsServer(local, (_, response) => {
      response.writeHead(status, { location: target.url }).end()
    })
    const response = await trusting()(url, { method: 'POST', body: 'secret', redirect: 'follow' })
    expect(response.status).toBe(status)
    expect(target.requests).toHaveLength(0)
    expect(await reasonOf(trusting()(url, { redirect: 'error' }))).toMatch(/redirect/)
  })
})

describe('limits', () => {
  const megabyte = Buffer.alloc(1_000_000)

  it('cuts off a hundred megabytes that were not announced', async () => {
    let sent = 0
    const { url } = await httpsServer(local, (_, response) => {
      const write = (): void => {
        while (sent < 100 && !response.destroyed) {
          sent++
          if (!response.write(megabyte)) {
            response.once('drain', write)
            return
          }
        }
        response.end()
      }
      write()
    })
    const response = await trusting()(url)
    expect(await reasonOf(response.text())).toMatch(/longer than 1048576 bytes/)
    expect(sent).toBeLessThan(30)
  })

  it('does not begin with a hundred megabytes that are announced', async () => {
    const { url } = await httpsServer(local, (_, response) => {
      response.writeHead(200, { 'content-length': 100_000_000 }).write(megabyte)
    })
    expect(await reasonOf(trusting()(url))).toMatch(/longer than 1048576 bytes/)
  })

  it('counts what is unpacked', async () => {
    const { url, requests } = await httpsServer(local, (_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(100_000_000)))
    })
    const response = await trusting()(url)
    expect(await reasonOf(response.arrayBuffer())).toMatch(/longer than 1048576 bytes/)
    expect(requests[0]?.headers['accept-encoding']).toBe('identity')
  })

  it('takes a response of exactly the size it may have', async () => {
    const { url } = await httpsServer(local, (_, response) => response.end(Buffer.alloc(1000)))
    expect((await (await trusting({ maxBytes: 1000 })(url)).arrayBuffer()).byteLength).toBe(1000)
    const response = await trusting({ maxBytes: 999 })(url).then(
      (each) => each.text(),
      (error: unknown) => error,
    )
    expect(String(response)).toMatch(/longer than 999 bytes/)
  })

  it.each([
    ['nothing at all', () => {}],
    ['a beginning', (response: { write(text: string): unknown }) => response.write('begin')],
  ])('gives up on a server that says %s', async (_, answer) => {
    const clock = fixedClock()
    const { url, requests } = await httpsServer(local, (_request, response) => void answer(response))
    const call = trusting({ clock, timeoutSeconds: 7 })(url).then((response) => response.text())
    const reason = reasonOf(call)
    await vi.waitFor(() => expect(requests).toHaveLength(1))
    await new Promise((resolve) => setTimeout(resolve, 50))
    clock.advance(6_999)
    expect(clock.pending).toBe(1)
    clock.advance(1)
    expect(await reason).toMatch(/^TimeoutError: no complete response within 7 seconds/)
    expect(clock.pending).toBe(0)
  })

  it('gives up on a server that never speaks TLS', async () => {
    const { createServer } = await import('node:net')
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    expect(await reasonOf(trusting({ timeoutSeconds: 0.1 })(`https://127.0.0.1:${port}`))).toMatch(
      /TimeoutError/,
    )
    silent.close()
  })

  it('gives up on a proxy that says nothing', async () => {
    const proxy = await httpServer()
    proxy.server.on('connect', () => {})
    const fetch = create({ proxyUrl: proxy.url }, { timeoutSeconds: 0.1 })
    expect(await reasonOf(fetch('https://127.0.0.1:8443'))).toMatch(/TimeoutError/)
  })

  it('lets go of the clock and of the caller when all is read', async () => {
    const clock = fixedClock()
    const { url } = await httpsServer(local, (request, response) => {
      response.writeHead(request.url === '/204' ? 204 : 200).end(request.url === '/204' ? undefined : 'ok')
    })
    const fetch = trusting({ clock })
    await (await fetch(url)).text()
    await fetch(`${url}/204`)
    await (await fetch(url)).body?.cancel()
    expect(clock.pending).toBe(0)
  })

  it('stops when the caller does', async () => {
    const { url, requests } = await httpsServer(local, () => {})
    const controller = new AbortController()
    const reason = reasonOf(trusting()(url, { signal: controller.signal }))
    await vi.waitFor(() => expect(requests).toHaveLength(1))
    controller.abort(new Error('enough'))
    expect(await reason).toMatch(/enough/)
    expect(await reasonOf(trusting()(url, { signal: AbortSignal.abort(new Error('before')) }))).toMatch(
      /before/,
    )
    expect(requests).toHaveLength(1)
  })
})

describe('connections', () => {
  it('are used again, and end with close', async () => {
    const server = await httpsServer(local)
    const fetch = trusting()
    for (let round = 0; round < 10; round++) await (await fetch(server.url)).text()
    // A call may start before the previous one has released its connection.
    expect(server.connections.length).toBeLessThanOrEqual(2)
    const count = (): Promise<number> =>
      new Promise((resolve) => server.server.getConnections((_, number) => resolve(number)))
    expect(await count()).toBe(server.connections.length)
    fetch.close()
    await vi.waitFor(async () => expect(await count()).toBe(0))
    expect(await reasonOf(fetch(server.url))).toMatch(/closed|destroyed/i)
  })

  it('are a hundred at most', async () => {
    const server = await httpsServer(local, () => {})
    const controller = new AbortController()
    setMaxListeners(200, controller.signal)
    const fetch = trusting()
    const calls = Array.from({ length: 120 }, () =>
      reasonOf(fetch(server.url, { signal: controller.signal })),
    )
    await vi.waitFor(() => expect(server.requests).toHaveLength(100))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(server.connections).toHaveLength(100)
    controller.abort(new Error('enough'))
    expect(new Set(await Promise.all(calls)).size).toBe(1)
  })

  it('never keep a process alive', async () => {
    const { url } = await httpsServer(local)
    const script = `
      import { createFetch } from ${JSON.stringify(fileURLToPath(new URL('../../dist/index.js', import.meta.url)))}
      const fetch = createFetch({ caFile: ${JSON.stringify(file('ca.crt', pki.caPem).path)} })
      console.log(await (await fetch(${JSON.stringify(url)})).text())
    `
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { timeout: 120_000 })
    let output = ''
    child.stdout.on('data', (data: Buffer) => (output += data.toString()))
    child.stderr.on('data', (data: Buffer) => (output += data.toString()))
    const [code] = await once(child, 'exit')
    expect([output, code]).toEqual(['ok\n', 0])
  })

  it.each([
    ['GET', 1, 'ok', 2],
    ['GET', 2, 'UND_ERR_SOCKET', 2],
    ['POST', 1, 'UND_ERR_SOCKET', 1],
  ])(
    'that are closed in place of an answer are another for a %s, once: %d of them',
    async (method, lost, expected, calls) => {
      let called = 0
      const { url } = await httpsServer(local, (request, response) => {
        called++
        if (called > lost) response.end('ok')
        else request.socket.destroy()
      })
      const answer = trusting()(url, { method }).then((response) => response.text())
      expect(await answer.catch(() => reasonOf(answer))).toContain(expected)
      expect(called).toBe(calls)
    },
  )
})

describe('proxies', () => {
  it('make a tunnel, with what they want to know, and see nothing of what is in it', async () => {
    const server = await httpsServer(local)
    const proxy = await proxyServer()
    const fetch = create({
      ca: pki.caPem,
      cert: client.chainPem,
      key: client.privateKeyPem,
      proxyUrl: `http://us%40er:p%3Aw@127.0.0.1:${proxy.port}`,
    })
    expect(await (await fetch(server.url)).text()).toBe('ok')
    expect(proxy.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `CONNECT 127.0.0.1:${server.port}`,
    ])
    expect(proxy.requests[0]?.headers['proxy-authorization']).toBe(
      `Basic ${Buffer.from('us@er:p:w').toString('base64')}`,
    )
    expect(server.requests[0]?.headers['proxy-authorization']).toBeUndefined()
    expect(server.connections.map((each) => each.client)).toEqual(['webhook-client'])
  })

  it('of the environment do not count', async () => {
    const server = await httpsServer(local)
    const proxy = await proxyServer()
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY']) vi.stubEnv(name, proxy.url)
    vi.stubEnv('NODE_USE_ENV_PROXY', '1')
    expect(await (await create({ ca: pki.caPem })(server.url)).text()).toBe('ok')
    expect(proxy.requests).toEqual([])
  })

  it('do not make another server believed', async () => {
    const server = await httpsServer(await otherPki.issueServer({ hosts: ['127.0.0.1'] }))
    const proxy = await proxyServer()
    const fetch = create({ ca: pki.caPem, proxyUrl: proxy.url })
    expect(await reasonOf(fetch(server.url))).toMatch(/self-signed|unable to verify/i)
    expect(server.requests).toHaveLength(0)
  })

  it('may use TLS, by the same authorities and without the client certificate', async () => {
    const server = await httpsServer(local)
    const proxy = await proxyServer(local)
    const transport = {
      ca: pki.caPem,
      cert: client.chainPem,
      key: client.privateKeyPem,
    }
    const fetch = create({ ...transport, proxyUrl: `https://localhost:${proxy.port}` })
    expect(await (await fetch(server.url)).text()).toBe('ok')
    expect(proxy.connections.map((each) => each.client)).toEqual([undefined])
    const stranger = await proxyServer(await otherPki.issueServer({ hosts: ['localhost'] }))
    const refusing = create({ ...transport, proxyUrl: `https://localhost:${stranger.port}` })
    expect(await reasonOf(refusing(server.url))).not.toBe('it succeeded')
  })

  it('that refuse are an error without their password', async () => {
    const proxy = await httpServer()
    proxy.server.on('connect', (request: IncomingMessage, socket: Duplex) => {
      proxy.requests.push(request)
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    })
    const proxyUrl = `http://user:hunter2@127.0.0.1:${proxy.port}`
    const reason = await reasonOf(create({ proxyUrl })('https://127.0.0.1:8443'))
    expect(reason).toMatch(/fetch failed/)
    expect(reason).not.toContain('hunter2')
    expect(proxy.requests.map(({ headers }) => headers['proxy-authorization'])).toEqual([
      `Basic ${Buffer.from('user:hunter2').toString('base64')}`,
    ])
  })
})

describe('what is refused', () => {
  it.each(['http://127.0.0.1/', 'ftp://127.0.0.1/', 'data:,x', 'https://user:hunter2@127.0.0.1/'])(
    '%s',
    async (url) => {
      const reason = await reasonOf(create({})(url))
      expect(reason).toMatch(/must be https|credentials/)
      expect(reason).not.toContain('hunter2')
    },
  )

  it('http, unless it is asked for', async () => {
    const { url } = await httpServer()
    expect((await create({}, { allowInsecureHttp: true })(url)).status).toBe(200)
  })

  it.each<[string, () => Transport, CreateFetchOptions, RegExp]>([
    ['a missing file', () => ({ caFile: '/missing/ca.crt' }), {}, /^caFile: .*\/missing\/ca\.crt/],
    [
      'a key that is another',
      () => ({
        cert: client.chainPem,
        key: local.privateKeyPem,
      }),
      {},
      /^key: tls: private key does not match public key/,
    ],
    [
      'authorities that are not used',
      () => ({ ca: pki.caPem, insecureSkipTlsVerify: true }),
      {},
      /^insecureSkipTlsVerify: /,
    ],
    [
      'another kind of proxy',
      () => ({ proxyUrl: 'socks5://127.0.0.1:1080' }),
      {},
      /^proxyUrl: .*SOCKS is not supported$/,
    ],
    ['a proxy with a broken name', () => ({ proxyUrl: 'http://%ff:x@127.0.0.1' }), {}, /^proxyUrl: /],
    ['no time', () => ({}), { timeoutSeconds: 0 }, /^timeoutSeconds: /],
    ['no number', () => ({}), { timeoutSeconds: NaN }, /^timeoutSeconds: /],
    ['no room', () => ({}), { maxBytes: 0 }, /^maxBytes: /],
  ])('%s, at construction', (_, transport, options, expected) => {
    const make = (): unknown => create(transport(), options)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(expected)
  })

  it('all of it at once', () => {
    try {
      create({ ca: 'hunter2', proxyUrl: 'x' }, { timeoutSeconds: -1 })
      expect.unreachable()
    } catch (error) {
      expect((error as ConfigurationError).problems.map(({ path }) => path)).toEqual([
        'ca',
        'proxyUrl',
        'timeoutSeconds',
      ])
      expect(String(error)).not.toContain('hunter2')
    }
  })
})
