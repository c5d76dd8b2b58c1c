import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigurationError } from '@kube-authn/core'
import type { RequestHeaderConfig } from '@kube-authn/core/client-certificate'
import { createPki, recordEvents } from '@kube-authn/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { FileSource } from '../file-source/reloading-source.ts'
import { requestHeaderConfigAt } from './described-proxy.ts'

const { caPem } = await createPki()
let folder: string
let path: string
let source: FileSource<RequestHeaderConfig> | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'request-header-config-'))
  path = join(folder, 'configmap.yaml')
})
afterEach(() => {
  source?.close()
  source = undefined
  rmSync(folder, { recursive: true, force: true })
})

/** As `kubectl get -o yaml` prints it. */
function yaml(usernameHeaders = '["X-Remote-User"]'): string {
  return `apiVersion: v1
data:
  client-ca-file: |
${caPem.replaceAll(/^(?=.)/gm, '    ')}
  requestheader-allowed-names: '["front-proxy"]'
  requestheader-client-ca-file: |
${caPem.replaceAll(/^(?=.)/gm, '    ')}
  requestheader-extra-headers-prefix: '["X-Remote-Extra-"]'
  requestheader-group-headers: '["X-Remote-Group"]'
  requestheader-username-headers: '${usernameHeaders}'
kind: ConfigMap
metadata:
  creationTimestamp: "2026-01-01T00:00:00Z"
  name: extension-apiserver-authentication
  namespace: kube-system
`
}

const expected = {
  usernameHeaders: ['X-Remote-User'],
  uidHeaders: [],
  groupHeaders: ['X-Remote-Group'],
  extraHeaderPrefixes: ['X-Remote-Extra-'],
  allowedNames: ['front-proxy'],
}

function read(content: string | Uint8Array): RequestHeaderConfig {
  writeFileSync(path, content)
  source = requestHeaderConfigAt(path, { reload: false })
  return source.current()
}

describe('requestHeaderConfigAt', () => {
  it('reads a manifest in YAML', () => {
    const config = read(yaml())
    expect(config).toMatchObject(expected)
    expect(config.clientCA?.trim()).toBe(caPem.trim())
  })

  it.each([undefined, 2, '\t'])('reads a manifest in JSON, indented by %j', (indent) => {
    const data = {
      'requestheader-username-headers': '["X-Remote-User"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
      'requestheader-allowed-names': '["front-proxy"]',
      'client-ca-file': caPem,
    }
    const manifest = JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata: {}, data }, null, indent)
    expect(read(manifest)).toEqual({ ...expected, clientCA: caPem })
  })

  it('reads a ConfigMap without data as empty', () => {
    expect(read('apiVersion: v1\nkind: ConfigMap\n').usernameHeaders).toEqual([])
  })

  const map = 'apiVersion: v1\nkind: ConfigMap\n'
  it.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['a text', 'verysecret'],
    ['a list', '- a'],
    ['another kind', 'apiVersion: v1\nkind: Secret\n'],
    ['another version', 'apiVersion: v2\nkind: ConfigMap\n'],
    ['two documents', `${map}---\n${map}`],
    ['a key twice', `${map}data: {}\ndata: {}\n`],
    ['data that is no map', `${map}data: [verysecret]\n`],
    ['data that is a text', `${map}data: verysecret\n`],
    ['a value that is not a string', `${map}data:\n  requestheader-username-headers: [verysecret]\n`],
    ['a value that YAML 1.1 takes for a boolean', `${map}data:\n  other: yes\n`],
    ['a list that is not a list', `${map}data:\n  requestheader-username-headers: verysecret\n`],
    ['an unknown tag', `${map}data: !verysecret {}\n`],
    ['broken quotes', `${map}data: "verysecret\n`],
    ['bytes that are no text', Uint8Array.from([...Buffer.from(map), 0xff])],
    [
      'an alias that multiplies',
      `${map}a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(9)}*a]\nc: &c [${'*b,'.repeat(9)}*b]\nd: [${'*c,'.repeat(9)}*c]\n`,
    ],
    ['brackets 20,000 deep', `${map}data: ${'['.repeat(20_000)}`],
    ['maps 300 deep', `${Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')}\n`],
    ['more than a mebibyte', `${map}# ${'x'.repeat(1_048_576)}\n`],
  ])('refuses %s, and quotes nothing of it', (_, content) => {
    let thrown: unknown
    try {
      read(content)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(Error)
    expect((thrown as Error).message).not.toContain('verysecret')
    expect((thrown as Error).message.length).toBeLessThan(300)
  })

  it('names the file and the line', () => {
    expect(() => read(`${map}data: {}\ndata: {}\n`)).toThrow(
      `${path}: Map keys must be unique at line 4, column 1`,
    )
  })

  it('swaps all of it when the file changes, and nothing for one bad list', async () => {
    const { observer, events } = recordEvents()
    writeFileSync(path, yaml())
    source = requestHeaderConfigAt(path, { settleSeconds: 0.02, observer })
    const before = source.current()
    writeFileSync(path, yaml('["X-Other"').replace('X-Remote-Group', 'X-Other-Group'))
    await vi.waitFor(() => expect(events).toHaveLength(1))
    expect(events[0]).toMatchObject({
      type: 'reload',
      outcome: 'failed',
      error: expect.any(ConfigurationError),
    })
    expect(source.current()).toBe(before)
    writeFileSync(path, yaml('["X-Other"]').replace('X-Remote-Group', 'X-Other-Group'))
    await vi.waitFor(() => expect(events).toHaveLength(2))
    expect(source.current()).toMatchObject({ usernameHeaders: ['X-Other'], groupHeaders: ['X-Other-Group'] })
  })
})
