import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigurationError } from '@kube-authn/core'
import { createPki, fixedClock } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { httpsServer } from '../../test/servers.ts'
import { delegatedAuthentication, endpointFetch, inClusterEndpoint } from '../index.ts'

const folder = mkdtempSync(join(tmpdir(), 'in-cluster-'))
const empty = mkdtempSync(join(tmpdir(), 'in-cluster-empty-'))
const pki = await createPki()

beforeAll(() => {
  writeFileSync(join(folder, 'ca.crt'), pki.caPem)
  writeFileSync(join(folder, 'token'), 'first-token\n')
})
afterAll(() => {
  for (const each of [folder, empty]) rmSync(each, { recursive: true, force: true })
})

const environment = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' }

describe('inClusterEndpoint', () => {
  it('is what a pod finds in itself', () => {
    expect(inClusterEndpoint({ environment, folder })).toEqual({
      server: 'https://10.0.0.1:443',
      caFile: join(folder, 'ca.crt'),
      credential: { type: 'tokenFile', path: join(folder, 'token') },
    })
    const ipv6 = { ...environment, KUBERNETES_SERVICE_HOST: 'fd00::1' }
    expect(inClusterEndpoint({ environment: ipv6, folder }).server).toBe('https://[fd00::1]:443')
  })

  it('reads the token again', async () => {
    const server = await httpsServer(await pki.issueServer({ hosts: ['127.0.0.1'] }))
    const here = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(server.port) }
    const endpoint = inClusterEndpoint({ environment: here, folder })
    const clock = fixedClock()
    const fetch = endpointFetch(endpoint, { clock })
    await fetch(endpoint.server)
    writeFileSync(join(folder, 'token'), 'second-token\n')
    clock.advance(60_000)
    await fetch(endpoint.server)
    fetch.close()
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first-token',
      'Bearer second-token',
    ])
  })

  it.each<[string, Record<string, string | undefined>, string, RegExp]>([
    [
      'no host',
      { ...environment, KUBERNETES_SERVICE_HOST: undefined },
      folder,
      /KUBERNETES_SERVICE_HOST and/,
    ],
    ['no port', { ...environment, KUBERNETES_SERVICE_PORT: '' }, folder, /KUBERNETES_SERVICE_HOST and/],
    [
      'a port that is none',
      { ...environment, KUBERNETES_SERVICE_PORT: 'x' },
      folder,
      /server: must be an https URL/,
    ],
    ['no files', environment, empty, /caFile: .*no such file.*credential.path: .*no such file/],
  ])('is refused with %s', (_, variables, mounted, expected) => {
    const make = (): unknown => inClusterEndpoint({ environment: variables, folder: mounted })
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(expected)
  })

  it('is taken where no kubeconfig is given', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '')
    await expect(delegatedAuthentication()).rejects.toThrow(/unable to load in-cluster configuration/)
  })
})
