import { describe, expect, it } from 'vitest'
import { request } from '../../test/fakes.ts'
import { failedAuthenticationMessage } from './attempted.ts'

const certificate = { peerCertificates: () => [new Uint8Array([0x30])] }
const basicCredentials = `Basic ${btoa('jane:secret')}`

describe('failedAuthenticationMessage', () => {
  it.each([
    ['nothing', {}, undefined],
    ['an empty header', { headers: [['authorization', '']] as const }, undefined],
    ['Basic', { headers: [['authorization', basicCredentials]] as const }, 'basic'],
    ['Basic that is none', { headers: [['authorization', 'Basic !']] as const }, undefined],
    ['Bearer', { headers: [['authorization', ' bearer t']] as const }, 'bearer'],
    ['Bearer with too much space', { headers: [['authorization', 'Bearer  t']] as const }, 'bearer'],
    ['Bearer without a token', { headers: [['authorization', 'Bearer']] as const }, undefined],
    ['a token in the query', { url: '/?access_token=t' }, 'access_token'],
    ['a blank token in the query', { url: '/?access_token=%20' }, undefined],
    ['a certificate', certificate, 'x509'],
    ['no certificate', { peerCertificates: () => [] }, undefined],
    [
      'several',
      { ...certificate, url: '/?access_token=t', headers: [['authorization', 'Bearer t']] as const },
      'bearer, access_token, x509',
    ],
  ])('sees %s', (_, init, methods) => {
    expect(failedAuthenticationMessage(request(init))).toBe(
      methods === undefined
        ? 'Authentication failed, no credentials provided'
        : `Authentication failed, attempted: ${methods}`,
    )
  })

  it('never repeats a credential', () => {
    const message = failedAuthenticationMessage(
      request({ url: '/?access_token=secret', headers: [['authorization', 'Bearer secret']] }),
    )
    expect(message).not.toContain('secret')
  })
})
