import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signClusterInfo, verifyClusterInfo } from './signature.ts'

const KUBECONFIG = 'apiVersion: v1\nkind: Config\n'
const TOKEN = { id: 'abcdef', secret: '0123456789abcdef' }
const SIGNATURE = 'eyJhbGciOiJIUzI1NiIsImtpZCI6ImFiY2RlZiJ9..vH_kT4yiol-nrAWgjfCYqvum5wsKETXe0S7OOp1VgnE'

/** With `node:crypto`, by the RFC. */
function reference(kubeconfig: string, { id, secret }: typeof TOKEN): string {
  const header = Buffer.from(`{"alg":"HS256","kid":"${id}"}`).toString('base64url')
  const payload = Buffer.from(kubeconfig).toString('base64url')
  return `${header}..${createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url')}`
}

describe('the signature of cluster-info', () => {
  it('is a JWS without its payload', () => {
    expect(signClusterInfo(KUBECONFIG, TOKEN)).toBe(SIGNATURE)
  })

  it('is that of RFC 7515, whatever is signed', () => {
    const unit = fc.constantFrom('a', '\0', '\n', 'é', '\ufeff', '\ufffd', '😀')
    const secret = fc.string({ minLength: 1, maxLength: 80 })
    const id = fc.string({ unit: fc.constantFrom('a', 'z', '0', '9'), minLength: 6, maxLength: 6 })
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 300 }), fc.record({ id, secret }), (kubeconfig, token) => {
        const signature = signClusterInfo(kubeconfig, token)
        expect(signature).toBe(reference(kubeconfig, token))
        expect(verifyClusterInfo(kubeconfig, signature, token)).toBe(true)
      }),
    )
  })

  it('is that of a large kubeconfig, too', () => {
    const large = 'x'.repeat(1_000_000)
    expect(signClusterInfo(large, TOKEN)).toBe(reference(large, TOKEN))
  })

  it.each([
    ['another kubeconfig', `${KUBECONFIG} `, SIGNATURE, TOKEN],
    ['no kubeconfig', '', SIGNATURE, TOKEN],
    ['the same kubeconfig with other line ends', KUBECONFIG.replaceAll('\n', '\r\n'), SIGNATURE, TOKEN],
    ['another token with the same id', KUBECONFIG, SIGNATURE, { ...TOKEN, secret: '0123456789abcdeg' }],
    ['a token with another id', KUBECONFIG, SIGNATURE, { ...TOKEN, id: 'abcdeg' }],
    ['no signature', KUBECONFIG, '', TOKEN],
    ['more than the signature', KUBECONFIG, `${SIGNATURE}=`, TOKEN],
    ['a part of the signature', KUBECONFIG, SIGNATURE.slice(0, -1), TOKEN],
    ['the signature with unused bits', KUBECONFIG, `${SIGNATURE.slice(0, -1)}F`, TOKEN],
    [
      'a payload inside',
      KUBECONFIG,
      SIGNATURE.replace('..', `.${Buffer.from(KUBECONFIG).toString('base64url')}.`),
      TOKEN,
    ],
    [
      'another algorithm',
      KUBECONFIG,
      `${Buffer.from('{"alg":"none","kid":"abcdef"}').toString('base64url')}..`,
      TOKEN,
    ],
  ])('is not that of %s', (_, kubeconfig, signature, token) => {
    expect(verifyClusterInfo(kubeconfig, signature, token)).toBe(false)
  })

  it('is of no use for a text that another text is signed like', () => {
    expect(signClusterInfo('\ud800', TOKEN)).toBe(signClusterInfo('\ufffd', TOKEN))
    expect(verifyClusterInfo('\ufffd', signClusterInfo('\ufffd', TOKEN), TOKEN)).toBe(true)
    expect(verifyClusterInfo('\ud800', signClusterInfo('\ud800', TOKEN), TOKEN)).toBe(false)
  })
})
