import { ConfigurationError } from '@kube-authn/core'
import { createPki } from '@kube-authn/testing'
import { constants } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { tlsServerOptions, type TlsServerOptions } from './tls-server-options.ts'

const pki = await createPki()
const issued = await pki.issueServer({ hosts: ['localhost'] })
const other = await pki.issueServer({ hosts: ['localhost'] })
const cert = issued.chainPem
const key = issued.privateKeyPem

function problemsWith(options: object): ConfigurationError {
  try {
    tlsServerOptions(options as TlsServerOptions)
  } catch (error) {
    if (error instanceof ConfigurationError) return error
    throw error
  }
  throw new Error('the options were accepted')
}

describe('tlsServerOptions', () => {
  it('requests certificates, refuses no client, trusts no CA, resumes nothing and does not renegotiate', () => {
    expect(tlsServerOptions({ cert, key })).toEqual({
      cert,
      key,
      requestCert: true,
      rejectUnauthorized: false,
      ca: [],
      secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
      strictFieldWhitespaceValidation: false,
      Http2ServerRequest: expect.any(Function),
    })
  })

  it('hands on what else a server takes, and adds to its secureOptions', () => {
    const options = tlsServerOptions({
      cert: Buffer.from(cert),
      key: [{ pem: key }],
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['h2'],
      secureOptions: constants.SSL_OP_NO_COMPRESSION,
    })
    expect(options).toMatchObject({ minVersion: 'TLSv1.3', ALPNProtocols: ['h2'] })
    expect(options.secureOptions & constants.SSL_OP_NO_COMPRESSION).not.toBe(0)
    expect(options.secureOptions & constants.SSL_OP_NO_TICKET).not.toBe(0)
  })

  it.each([
    ['ca', pki.caPem],
    ['ca', []],
    ['crl', 'x'],
    ['pfx', Buffer.alloc(1)],
    ['requestCert', false],
    ['rejectUnauthorized', true],
    ['strictFieldWhitespaceValidation', true],
    ['cleanHttp2Fields', 'true'],
  ])('refuses %s, which it decides itself', (name, value) => {
    expect(problemsWith({ cert, key, [name]: value }).problems.map(({ path }) => path)).toEqual([name])
  })

  it.each([
    ['nothing', {}, ['cert', 'key']],
    ['no key', { cert }, ['key']],
    ['no certificate', { cert: '', key }, ['cert']],
    ['no certificate in the list', { cert: [], key }, ['cert']],
    ['the key of another certificate', { cert, key: other.privateKeyPem }, ['cert']],
    ['a certificate that is none', { cert: 'verysecret', key }, ['cert']],
    ['a key that is none', { cert, key: 'verysecret' }, ['cert']],
    ['a key in the place of the certificate', { cert: key, key }, ['cert']],
    ['null', null as never, ['options']],
    ['nothing at all', undefined as never, ['options']],
    ['a list', [], ['options']],
    ['a promise', Promise.resolve({ cert, key }), ['options']],
    ['several mistakes', { cert, ca: pki.caPem, requestCert: true }, ['ca', 'requestCert', 'key']],
  ])('refuses %s at construction, without a byte of it', (_, options, paths) => {
    const error = problemsWith(options)
    expect(error.problems.map(({ path }) => path)).toEqual(paths)
    expect(error.message).not.toMatch(/verysecret|BEGIN|MII/)
  })
})
