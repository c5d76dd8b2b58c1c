import { describe, expect, it, vi } from 'vitest'
import type { Authenticator } from '../../authenticator/authenticator.ts'
import { cloudflareCertificates } from '../../request/certificate-headers/cloudflare-certificates.ts'
import { cloudflareClientCertificate } from '../../request/certificate-headers/cloudflare-client-certificate.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { authenticatedGroup } from '../../authenticator/groups.ts'
import { failFast, union } from '../../authenticator/union.ts'
import { requirePeerCertificates } from './require-peer-certificates.ts'

const clientCertificate: Authenticator = {
  name: 'clientCertificate',
  credentials: { schemes: [], peerCertificates: true },
  authenticate: () => undefined,
}
const bearer: Authenticator = {
  name: 'bearer',
  credentials: { schemes: ['Bearer'] },
  authenticate: () => undefined,
}
const undescribed: Authenticator = { name: 'mine', authenticate: () => undefined }
const chain = failFast(authenticatedGroup(union(bearer, clientCertificate, undescribed)), bearer)

const runtimesThatDoNotTell: readonly [string, () => void][] = [
  ['Bun', () => vi.stubGlobal('Bun', {})],
  ['a Worker with the modules of Node', () => vi.stubGlobal('WebSocketPair', {})],
  ['a Worker without a process', () => vi.stubGlobal('process', undefined)],
  ['a Worker with a process', () => vi.stubGlobal('process', { env: {} })],
  ['a runtime without TLS', () => vi.stubGlobal('process', { getBuiltinModule: () => undefined })],
  [
    'a runtime whose TLS sockets do not tell',
    () => vi.stubGlobal('process', { getBuiltinModule: () => ({ TLSSocket: { prototype: {} } }) }),
  ],
]

describe('requirePeerCertificates', () => {
  it.each([clientCertificate, chain])('accepts $name on Node', (authenticator) => {
    expect(() => requirePeerCertificates(authenticator)).not.toThrow()
  })

  it.each(runtimesThatDoNotTell)('refuses an authenticator that needs them on %s', (_, become) => {
    become()
    for (const authenticator of [clientCertificate, chain]) {
      expect(() => requirePeerCertificates(authenticator)).toThrow(ConfigurationError)
      expect(() => requirePeerCertificates(authenticator)).toThrow(/terminate TLS in a proxy/)
    }
  })

  it.each(runtimesThatDoNotTell)('accepts an authenticator that does not need them on %s', (_, become) => {
    become()
    for (const authenticator of [bearer, undescribed, union(bearer, undescribed)]) {
      expect(() => requirePeerCertificates(authenticator)).not.toThrow()
    }
  })

  const cloudflare = [cloudflareClientCertificate(), cloudflareCertificates(clientCertificate)]

  it.each(['Bun', 'Deno'])('refuses on %s what only Cloudflare tells', (name) => {
    vi.stubGlobal(name, {})
    for (const authenticator of [...cloudflare, union(bearer, cloudflareClientCertificate())]) {
      expect(() => requirePeerCertificates(authenticator)).toThrow(ConfigurationError)
      expect(() => requirePeerCertificates(authenticator)).toThrow(/not Cloudflare: terminate TLS in a proxy/)
    }
  })

  it('accepts it on a Worker, and on Node, where Workers are tested', () => {
    for (const become of [() => undefined, () => vi.stubGlobal('WebSocketPair', {})]) {
      become()
      for (const authenticator of cloudflare) {
        expect(() => requirePeerCertificates(authenticator)).not.toThrow()
      }
    }
  })
})
