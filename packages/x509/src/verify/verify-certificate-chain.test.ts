import { describe, expect, it } from 'vitest'
import { cpuSecondsUntil } from '../../../../test/cpu-seconds.ts'
import {
  authorityKeyIdentifier,
  issueCa,
  issueClient,
  type Issued,
  keyPair,
  type KeyAlgorithmName,
  nameConstraints,
  SERVER_AUTH,
  subjectAltName,
  subjectKeyIdentifier,
} from '../../test/certificates.ts'
import { type Question, refusalOf, verdictOn } from '../../test/chains.ts'
import { hex } from '../../test/der.ts'
import { type Certificate, certificatePoolOf, parseCertificate, verifyCertificateChain } from '../index.ts'

const root = await issueCa({ subject: 'root' })
const intermediate = await issueCa({ subject: 'intermediate', issuer: root })
const client = await issueClient({ subject: 'jane', issuer: root })
const below = await issueClient({ subject: 'jane', issuer: intermediate })

const verify = (leaf: Issued | Certificate, question: Partial<Question> = {}) =>
  verdictOn(leaf, { roots: [root], ...question })

const refusal = (leaf: Issued | Certificate, question: Partial<Question> = {}) =>
  refusalOf(leaf, { roots: [root], ...question })

const UNKNOWN_AUTHORITY = 'x509: certificate signed by unknown authority'
const because = (why: string, issuer: string): string =>
  `${UNKNOWN_AUTHORITY} (possibly because of "${why}" while trying to verify candidate authority certificate "${issuer}")`

describe('a chain', () => {
  it('leads from a leaf to a root', async () => {
    expect(await verify(client)).toEqual(['jane', 'root'])
  })

  it('leads over the intermediates that were presented, in any order and among others', async () => {
    const other = await issueCa({ subject: 'other' })
    const middle = await issueCa({ subject: 'middle', issuer: intermediate })
    const leaf = await issueClient({ issuer: middle })
    const intermediates = [other, intermediate, leaf, middle]
    expect(await verify(leaf, { intermediates })).toEqual(['somebody', 'middle', 'intermediate', 'root'])
  })

  it('does not lead over an intermediate that was not presented', async () => {
    expect(await refusal(below)).toMatchObject({ code: 'unknownAuthority', message: UNKNOWN_AUTHORITY })
  })

  it('is verified as it was asked for: what the caller changes afterwards does not count', async () => {
    const options = {
      leaf: parseCertificate(client.der),
      intermediates: certificatePoolOf([]),
      roots: certificatePoolOf([]),
      nowMs: Date.now(),
    }
    const verdict = verifyCertificateChain(options)
    options.roots = certificatePoolOf([parseCertificate(root.der)])
    await expect(verdict).rejects.toMatchObject({ code: 'unknownAuthority' })
  })

  it('ends at an intermediate that is trusted itself', async () => {
    expect(await verify(below, { roots: [intermediate] })).toEqual(['jane', 'intermediate'])
  })

  it('is a leaf alone that is trusted itself, a CA or not', async () => {
    expect(await verify(client, { roots: [client] })).toEqual(['jane'])
    expect((await refusal(client, { roots: [client], keyUsages: [SERVER_AUTH] })).code).toBe('keyUsage')
  })

  it('does not end at a self-signed certificate that was only presented', async () => {
    const self = await issueCa({ subject: 'self' })
    const leaf = await issueClient({ issuer: self })
    expect((await refusal(leaf, { intermediates: [self] })).code).toBe('unknownAuthority')
    expect((await refusal(self, { intermediates: [self] })).code).toBe('unknownAuthority')
  })

  it.each<KeyAlgorithmName>(['P-256', 'P-384', 'P-521', 'RSA', 'RSA-PSS', 'Ed25519'])(
    'may be signed with %s',
    async (algorithm) => {
      const issuer = await issueCa({ subject: 'CA', algorithm })
      const leaf = await issueClient({ issuer })
      expect(await verify(leaf, { roots: [issuer] })).toEqual(['somebody', 'CA'])
    },
  )

  it('is not signed with SHA-1', async () => {
    const issuer = await issueCa({ subject: 'CA', algorithm: 'RSA-SHA-1' })
    const leaf = await issueClient({ issuer })
    const why = 'x509: cannot verify signature: insecure or unsupported algorithm'
    expect((await refusal(leaf, { roots: [issuer] })).message).toBe(because(why, 'CA'))
  })

  it('is not signed by a key of another kind, or by another key of the same kind', async () => {
    const ed25519 = await issueCa({ subject: 'CA', algorithm: 'Ed25519' })
    const forged = await issueClient({ issuer: ed25519, signedWith: root.keys })
    expect((await refusal(forged, { roots: [ed25519] })).message).toBe(
      because('x509: cannot verify signature: algorithm does not fit the public key', 'CA'),
    )
    const alike = await issueClient({ issuer: root, signedWith: await keyPair() })
    expect((await refusal(alike)).message).toBe(because('x509: ECDSA verification failure', 'root'))
  })

  it('has no byte that was changed after it was signed', async () => {
    const place = client.der.findIndex(
      (_, index) => client.der.subarray(index, index + 4).join() === '106,97,110,101',
    )
    const forged = client.der.slice()
    forged.set(new TextEncoder().encode('root'), place)
    const leaf = parseCertificate(forged)
    expect(leaf.subject.attributes[0]?.value).toBe('root')
    expect((await refusal(leaf)).message).toBe(because('x509: ECDSA verification failure', 'root'))
  })

  it('names no attribute of a candidate in an error without making it harmless', async () => {
    const impostor = await issueCa({ subject: 'root', keys: await keyPair() })
    const evil = await issueCa({ subject: 'evil\n\u202E"', issuer: root })
    const leaf = await issueClient({ issuer: { ...evil, keys: impostor.keys } })
    const { message } = await refusal(leaf, { intermediates: [evil] })
    expect(message).toContain(String.raw`"evil\u{a}\u{202e}"`)
    expect(message).not.toMatch(/[\n\u202E]/)
  })
})

describe('the search', () => {
  it('tries the issuer first whose key identifier fits', async () => {
    const keys = await keyPair()
    const named = (identifier: string, subject: string) =>
      issueCa({
        subject,
        ...(identifier === '' ? {} : { extensions: [subjectKeyIdentifier(hex(identifier))] }),
      })
    const right = await named('01', 'CA')
    const others = await Promise.all(Array.from({ length: 120 }, () => named('02', 'CA')))
    const leaf = await issueClient({ issuer: right, keys, extensions: [authorityKeyIdentifier(hex('01'))] })
    expect(await verify(leaf, { roots: [...others, right] })).toEqual(['somebody', 'CA'])
  })

  it('gives up after 100 signatures', async () => {
    const { keys } = await issueCa({ subject: 'CA' })
    const right = await issueCa({ subject: 'CA', keys })
    const others = await Promise.all(Array.from({ length: 100 }, () => issueCa({ subject: 'CA' })))
    const leaf = await issueClient({ issuer: right })
    expect(await verify(leaf, { roots: [...others.slice(1), right] })).toHaveLength(2)
    expect(await refusal(leaf, { roots: [...others, right] })).toMatchObject({
      code: 'limit',
      message: 'x509: signature check attempts limit reached while verifying certificate chain',
    })
  })

  it('ends where CAs sign each other', async () => {
    const [a, b] = [await keyPair(), await keyPair()]
    const selfA = await issueCa({ subject: 'a', keys: a })
    const selfB = await issueCa({ subject: 'b', keys: b })
    const aByB = await issueCa({ subject: 'a', keys: a, issuer: selfB })
    const bByA = await issueCa({ subject: 'b', keys: b, issuer: selfA })
    const leaf = await issueClient({ issuer: selfA })
    const intermediates = [selfA, selfB, aByB, bByA]
    expect((await refusal(leaf, { intermediates })).code).toBe('unknownAuthority')
    const byRoot = await issueCa({ subject: 'b', keys: b, issuer: root })
    expect(await verify(leaf, { intermediates: [...intermediates, byRoot] })).toEqual([
      'somebody',
      'a',
      'b',
      'root',
    ])
  })

  it('takes another way when the first leads nowhere', async () => {
    const keys = await keyPair()
    const astray = await issueCa({ subject: 'stranger' })
    const cross = await issueCa({ subject: 'cross', keys, issuer: astray })
    const good = await issueCa({ subject: 'cross', keys, issuer: root })
    const leaf = await issueClient({ issuer: good })
    expect(await verify(leaf, { intermediates: [cross, astray, good] })).toEqual([
      'somebody',
      'cross',
      'root',
    ])
  })

  it('is over soon, whatever was presented', async () => {
    const keys = await keyPair()
    const hosts = Array.from({ length: 3000 }, (_, number) => `dns:${number}.example.com`)
    const constrained = await Promise.all(
      Array.from({ length: 9 }, (_, number) =>
        issueCa({
          subject: 'CA',
          keys,
          issuer: { ...root, keys, subject: root.subject },
          serialNumber: `0${number + 1}`,
          extensions: [
            nameConstraints({
              permitted: Array.from({ length: 200 }, (_each, at) => `dns:a${at}.${number}`),
            }),
          ],
        }),
      ),
    )
    const [first] = constrained
    const leaf = await issueClient({ issuer: first ?? root, extensions: [subjectAltName(...hosts)] })
    expect(await cpuSecondsUntil(() => refusal(leaf, { intermediates: constrained }))).toBeLessThan(2)
  })
})

describe('the key of a leaf', () => {
  it('is a point on its curve', async () => {
    const place = client.der.findIndex(
      (_, index) => client.der.subarray(index, index + 4).join() === '3,66,0,4',
    )
    const off = client.der.slice()
    off[place + 10] = (off[place + 10] ?? 0) ^ 1
    const leaf = parseCertificate(off)
    expect(leaf.publicKey.kind).toBe('EC')
    expect((await refusal(leaf)).message).toBe(
      'x509: malformed subjectPublicKeyInfo: elliptic curve point is not on the curve',
    )
  })
})

describe('a time that is none', () => {
  it.each([undefined, Number.NaN, Infinity, -Infinity, null, '0', new Date(0)])(
    'is refused, since nothing would be expired then: %s',
    async (nowMs) => {
      const { certificate: leaf } = client
      const options = {
        leaf,
        intermediates: certificatePoolOf([]),
        roots: certificatePoolOf([root.certificate]),
        nowMs,
      }
      await expect(verifyCertificateChain(options as never)).rejects.toThrow(
        'nowMs: must be a number of milliseconds',
      )
    },
  )
})
