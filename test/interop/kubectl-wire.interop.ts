import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createPki } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  type CaseAnswer,
  kubectlServer,
} from '../conformance/src/areas/impersonation-rbac/kubectl-wire/server.ts'
import { unservedGroup } from '../conformance/src/areas/impersonation-rbac/kubectl-wire/unserved-group.ts'
import { has } from './components.ts'
import { kubectl, type KubectlRun } from './kubectl.ts'
import { makeScratch, type Scratch } from './scratch.ts'

type Headers = readonly (readonly [name: string, value: string])[]

/** A case of the area `kubectl-wire`, measured with kubectl 1.32. */
interface WireCase {
  readonly id: string
  readonly area: string
  readonly title: string
  readonly given: {
    readonly command: string
    readonly answer?: CaseAnswer
    readonly server?: string
  }
  readonly expect: {
    readonly requests?: readonly {
      readonly method: string
      readonly path: string
      readonly accept?: string
      readonly contentType?: string
      readonly headers?: Headers
    }[]
    readonly stdout?: string
    readonly stderr?: string
    readonly stderrPrefix?: string
    readonly stderrContains?: string
    readonly exitCode?: number
    readonly headers?: Headers
    readonly authorizationHeader?: null
  }
}

const vectors = JSON.parse(
  readFileSync(
    fileURLToPath(new URL('../conformance/vectors/impersonation-rbac.json', import.meta.url)),
    'utf8',
  ),
) as readonly WireCase[]
const cases = vectors.filter(({ area }) => area === 'kubectl-wire')

interface WireRun extends KubectlRun {
  readonly seen: readonly Seen[]
}

interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: Headers
}

describe.runIf(has('kubectl'))('what kubectl sends and prints, with our answers', () => {
  let scratch: Scratch
  let pki: Awaited<ReturnType<typeof createPki>>
  beforeAll(async () => {
    scratch = makeScratch()
    pki = await createPki({ commonName: 'servers' })
  })
  afterAll(() => scratch.remove())

  /** Runs the command of a case; `undefined` if it is about an API that is not served. */
  async function runCase({ given, expect: { requests = [] } }: WireCase): Promise<WireRun | undefined> {
    const words = given.command.split(' ').slice(1)
    const serve = await kubectlServer({
      answer: given.answer ?? {},
      isEmpty: words[0] === 'create',
      isAboutOneself: words[1] === 'whoami',
    })
    if ((await unservedGroup(serve, requests)) !== undefined) return undefined
    const seen: Seen[] = []
    const listener: RequestListener = (request, response) => {
      const chunks: Buffer[] = []
      request
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => {
          const { method = '', url: path = '', rawHeaders } = request
          const headers = rawHeaders.flatMap((name, index) =>
            index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
          )
          seen.push({ method, path, headers })
          const body = chunks.length === 0 ? {} : { body: new Uint8Array(Buffer.concat(chunks)) }
          void serve({ method, path, headers, ...body }).then(async ({ response: answer }) => {
            response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
          })
        })
    }
    const isPlain = given.server?.startsWith('http:') === true
    const { chainPem: cert, privateKeyPem: key } = await pki.issueServer({ hosts: ['127.0.0.1'] })
    const server = isPlain ? createServer(listener) : createTlsServer({ cert, key }, listener)
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    const origin = `${isPlain ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`
    const target = { server: origin, ca: pki.caPem, user: { token: 'token' } }
    return { ...(await kubectl(scratch, target, words)), seen }
  }

  it.for(cases)('$title', async (wire, { skip }) => {
    const { stdout, stderr, exitCode, seen } = (await runCase(wire)) ?? skip('it is not served yet')
    const { requests, ...wanted } = wire.expect
    if (requests !== undefined) {
      expect(seen.map(({ method, path }) => ({ method, path }))).toEqual(
        requests.map(({ method, path }) => ({ method, path })),
      )
    }
    for (const [position, { accept, contentType, headers = [] }] of (requests ?? []).entries()) {
      const sent = seen[position]?.headers
      if (accept !== undefined) expect(sent).toContainEqual(['Accept', accept])
      if (contentType !== undefined) expect(sent).toContainEqual(['Content-Type', contentType])
      for (const header of headers) expect(sent).toContainEqual(header)
    }
    for (const header of wanted.headers ?? []) expect(seen[0]?.headers).toContainEqual(header)
    if (wanted.authorizationHeader === null) {
      expect(seen.flatMap(({ headers }) => headers.map(([name]) => name))).not.toContain('Authorization')
    }
    if (wanted.stdout !== undefined) expect(stdout).toBe(wanted.stdout)
    if (wanted.stderr !== undefined) expect(stderr.trim()).toBe(wanted.stderr)
    expect(stderr).toContain(wanted.stderrContains ?? '')
    expect(stderr.startsWith(wanted.stderrPrefix ?? '')).toBe(true)
    if (wanted.exitCode !== undefined) expect(exitCode).toBe(wanted.exitCode)
  })
})
